import { findArticles } from "../../labs/books/data.ts";
import { loadShelf } from "../../labs/books/shelf.ts";
import { runHeavy } from "../heavy/run.ts";
import { propertyOf, type SetOptions } from "../sets/dataSet.ts";
import { type LoadedShelf, type Shelf, vectorSpace } from "./shelf.ts";

export const BOOKS: Shelf = {
  name: "wikipedia-books",
  title: "Books of Wikipedia",
  thing: "book",
  find: async ({ dataDir }) => void (await findArticles(dataDir)),
  load,
};

async function load({ dataDir, cacheDir, signal, onProgress }: SetOptions): Promise<LoadedShelf> {
  const run = { signal, onProgress };
  await runHeavy("learnBooks", { dataDir, cacheDir }, run);
  const { titles, properties, plain, neighbours, shared } = await loadShelf({
    data: dataDir,
    cacheDir,
    ...run,
  });
  return {
    titles,
    shared,
    note: "Learned from the pages that a book's article links to: books near each other link to the same pages.",
    properties: Object.entries(properties).map(([name, values]) => propertyOf(name, values)),
    credits: ["Wikipedia articles on books (CC BY-SA), collected by Will Koehrsen"],
    spaces: [
      vectorSpace(
        {
          name: "layer",
          title: "With the neighbour layer",
          note: "Cosine of 50 numbers a book, refined by the books that are softly nearest to it.",
        },
        neighbours,
      ),
      vectorSpace(
        {
          name: "plain",
          title: "Without neighbours",
          note: "Cosine of 50 numbers a book, learned from its links alone.",
        },
        plain,
      ),
    ],
  };
}
