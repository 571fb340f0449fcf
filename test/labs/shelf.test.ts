import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Progress } from "../../src/core/index.ts";
import { runBooksLab } from "../../src/labs/books/lab.ts";
import { nearestRows } from "../../src/labs/books/nearest.ts";
import { loadShelf } from "../../src/labs/books/shelf.ts";

let folder = "";
let data = "";
let cacheDir = "";

/** 36 books of three kinds: a book has most links of its kind, an author, and a language where its number is even. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-shelf-"));
  [data, cacheDir] = [join(folder, "data"), join(folder, "cache")];
  await mkdir(join(data, "books", "wikipedia"), { recursive: true });
  const lines = Array.from({ length: 36 }, (_, b) => {
    const kind = b % 3;
    const own = Array.from({ length: 12 }, (_, l) => l).filter((l) => (l + b) % 4 !== 0);
    const links = [
      ...own.map((l) => `Page ${kind}.${l}`),
      `Writer ${kind}`,
      ...(b < 12 ? ["Everywhere"] : []),
    ];
    const facts = {
      author: `Writer ${kind}`,
      genre: `Genre ${kind}`,
      ...(b % 2 === 0 ? { language: "Latin" } : {}),
    };
    return JSON.stringify([`Book ${b}`, facts, links]);
  });
  lines.push(JSON.stringify(["Lonely", {}, ["Seldom"]]));
  await writeFile(join(data, "books", "wikipedia", "p15_books.ndjson"), lines.join("\n"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("both tables place each book beside one of its kind, and what is kept is what was trained", async () => {
  const seen: Progress[] = [];
  const first = await loadShelf({ data, cacheDir, onProgress: (progress) => seen.push(progress) });
  expect(new Set(seen.map(({ phase }) => phase)).size).toBe(2);
  for (const rows of [first.plain, first.neighbours]) {
    expect([rows.rows, rows.cols]).toEqual([36, 50]);
    expect(Array.from(nearestRows(rows, 1), (other, b) => other % 3 === b % 3)).not.toContain(false);
  }
  const again = await loadShelf({ data, cacheDir, onProgress: () => expect.unreachable("kept") });
  expect(again.plain.data).toEqual(first.plain.data);
  expect(again.neighbours.data).toEqual(first.neighbours.data);
});

test("kept rows that are damaged or of other books are trained anew to the same bytes", async () => {
  const first = await loadShelf({ data, cacheDir });
  const [file] = await readdir(cacheDir);
  const path = join(cacheDir, file!);
  const bytes = await readFile(path);
  for (const damage of [bytes.map((byte, i) => (i === 99 ? byte ^ 1 : byte)), bytes.subarray(1)]) {
    await writeFile(path, damage);
    const { neighbours } = await loadShelf({ data, cacheDir });
    expect(neighbours.data).toEqual(first.neighbours.data);
    expect(await readFile(path)).toEqual(bytes);
  }
});

test("two books share properties that both state, then links, those of few books first, each thing once", async () => {
  const { titles, properties, shared } = await loadShelf({ data, cacheDir });
  expect(titles[7]).toBe("Book 7");
  expect(properties["language"]!.slice(0, 2)).toEqual(["latin", undefined]);
  // Books 0 and 6 are of kind 0, both Latin; links l with l % 4 ≠ 0 and ≠ 2 are on both pages.
  const [author, genre, language, ...links] = shared(0, 6);
  expect([author, genre, language]).toEqual(["author: writer 0", "genre: genre 0", "language: latin"]);
  expect(links.slice(0, 6).sort()).toEqual([1, 11, 3, 5, 7, 9].map((l) => `page 0.${l}`));
  // Nine books have each of these, and twelve the last.
  expect(links.slice(6)).toEqual(["everywhere"]);
  expect(shared(0, 1)).toEqual(["everywhere"]);
});

test("an aborted call leaves nothing kept", async () => {
  const abort = new AbortController();
  const other = join(folder, "aborted");
  const onProgress = (): void => abort.abort(new Error("enough"));
  await expect(loadShelf({ data, cacheDir: other, signal: abort.signal, onProgress })).rejects.toThrow(
    "enough",
  );
  await expect(readdir(other)).rejects.toMatchObject({ code: "ENOENT" });
});

test("the lab looks for asked titles on the shelf, and says of others why they are not there", async () => {
  const lines: string[] = [];
  const log = (line: string): number => lines.push(line);
  const queries = ["BOOK 7", "lonely", "No Such Book"];
  const options = {
    dataDir: data,
    set: "wikipedia",
    cacheDir,
    out: join(folder, "out"),
    quick: true,
    queries,
    log,
  };
  const { results } = await runBooksLab(options);
  const { plain, titles } = await loadShelf({ data, cacheDir });
  const near = [...nearestRows(plain, 8).subarray(7 * 8, 8 * 8)].map((book) => titles[book]);
  expect(results.answers.map(({ title }) => title)).toEqual(["Book 7"]);
  expect(results.answers[0]!.nearest["A"]!.map(({ title }) => title)).toEqual(near);
  const said = lines.join("\n");
  expect(said).toContain('"Lonely" has too few links');
  expect(said).toContain('No book here is called "No Such Book"');
});
