import { VicinalError } from "../../core/index.ts";
import { findTexts, readTexts, type TextSet } from "../textFiles.ts";

/** What a book's box of facts may say of it. */
export const PROPERTIES = ["author", "genre", "country", "publisher", "language"] as const;
export type Property = (typeof PROPERTIES)[number];

/** An article on a book as the file has it. */
export interface Article {
  readonly title: string;
  /** Normalised; "" where the box says nothing. */
  readonly facts: Readonly<Record<Property, string>>;
  /** Lower case, in reading order with repeats. */
  readonly links: readonly string[];
}

/** Books and what they are linked with: pages that theirs links to, or readers. */
export interface BookSet {
  readonly name: SetName;
  readonly condition: Condition;
  readonly titles: readonly string[];
  readonly links: readonly string[];
  /** Each book and link that occur together, once, by book and then by link. */
  readonly pairs: readonly Pair[];
  /** One value a book, "" where none is known. */
  readonly properties: Readonly<Record<Property, readonly string[]>>;
}

export const SET_NAMES = ["wikipedia", "goodbooks"] as const;
export type SetName = (typeof SET_NAMES)[number];

export interface Pair {
  readonly book: number;
  readonly link: number;
  /** How often the book's page has the link; 1 of a reader. */
  readonly times: number;
}

/** "all": every link; "unlabelled": without links that say what a property says, and without categories. */
export type Condition = "all" | "unlabelled";

const FILE = "p15_books.ndjson";

/** On nearly every page, and so of no page. */
const BOILERPLATE = new Set([
  "hardcover",
  "paperback",
  "wikipedia:wikiproject books",
  "wikipedia:wikiproject novels",
]);

/** Links mentioned less often are left out: few books, so fewer than the 5 of the original study. */
const LEAST_MENTIONS = 3;

/** Text as labels are compared: trimmed, in lower case, Unicode NFC, with single spaces. */
export const normal = (text: string): string =>
  text.normalize("NFC").toLowerCase().trim().replace(/\s+/gu, " ");

const SET: TextSet = {
  name: "wikipedia books",
  folders: ["books/wikipedia", "wikipedia-books", "wikipedia"],
  files: [FILE],
  fix: `put ${FILE} of https://github.com/WillKoehrsen/wikipedia-data-science there`,
};

/** The folder of the articles. @throws VicinalError DATASET_MISSING */
export const findArticles = (dataDir?: string): Promise<string> => findTexts(SET, dataDir);

/** @throws VicinalError DATASET_MISSING, FORMAT */
export async function loadArticles(dataDir?: string): Promise<Article[]> {
  const [text] = await readTexts(SET, dataDir);
  return parseArticles(text!);
}

/** Articles from lines of JSON: [title, box of facts, links, …]. Pages about Wikipedia itself are left out. */
export function parseArticles(text: string): Article[] {
  const articles: Article[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const { title, box, links } = parseLine(line, i + 1);
    if (title.includes("Wikipedia:")) continue;
    const facts = {} as Record<Property, string>;
    for (const property of PROPERTIES) {
      const value = box[property];
      facts[property] = typeof value === "string" ? normal(value) : "";
    }
    articles.push({ title, facts, links: links.map((link) => link.toLowerCase()) });
  }
  return articles;
}

function parseLine(
  line: string,
  number: number,
): { title: string; box: Record<string, unknown>; links: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new VicinalError("FORMAT", { what: `${FILE} line ${number}`, rule: "JSON" }, { cause: error });
  }
  const [title, box, links] = Array.isArray(value) ? (value as unknown[]) : [];
  const isBox = typeof box === "object" && box !== null;
  if (
    typeof title === "string" &&
    isBox &&
    Array.isArray(links) &&
    links.every((l) => typeof l === "string")
  ) {
    return { title, box: box as Record<string, unknown>, links };
  }
  const rule = "an array of a title, an object and an array of links";
  throw new VicinalError("FORMAT", { what: `${FILE} line ${number}`, rule });
}

/** The books that keep at least one link, and these links. @throws VicinalError FORMAT when none does */
export function bookSet(articles: readonly Article[], condition: Condition): BookSet {
  const labels = new Set(articles.flatMap(({ facts }) => PROPERTIES.map((property) => facts[property])));
  const mentions = new Map<string, number>();
  for (const { links } of articles) {
    for (const link of links) mentions.set(link, (mentions.get(link) ?? 0) + 1);
  }
  const says = (link: string): boolean => link.startsWith("category:") || labels.has(normal(link));
  const links = [...mentions]
    .filter(([link, times]) => times >= LEAST_MENTIONS && !BOILERPLATE.has(link))
    .map(([link]) => link)
    .filter((link) => condition === "all" || !says(link));
  const numbers = new Map(links.map((link, i) => [link, i]));
  const kept = articles.filter((article) => article.links.some((link) => numbers.has(link)));
  if (kept.length === 0) {
    throw new VicinalError("FORMAT", { what: FILE, rule: `links mentioned ${LEAST_MENTIONS} times or more` });
  }
  const properties = {} as Record<Property, string[]>;
  for (const property of PROPERTIES) properties[property] = kept.map(({ facts }) => facts[property]);
  const pairs = kept.flatMap(({ links: own }, book) => {
    const times = new Map<number, number>();
    for (const link of own) {
      const at = numbers.get(link);
      if (at !== undefined) times.set(at, (times.get(at) ?? 0) + 1);
    }
    return [...times].sort(([a], [b]) => a - b).map(([link, n]): Pair => ({ book, link, times: n }));
  });
  const titles = kept.map(({ title }) => title);
  return { name: "wikipedia", condition, titles, links, pairs, properties };
}
