import { join } from "node:path";
import { cacheFolder } from "#platform";
import {
  type Matrix,
  matrix,
  type RunOptions,
  resolveOptions,
  runAsync,
  wholeNumber,
} from "../../core/index.ts";
import { digest, keepChecked, readChecked } from "../kept.ts";
import { type BookSet, bookSet, loadArticles, normal, PROPERTIES } from "./data.ts";
import { DIMENSION } from "./layer.ts";
import { type TrainOptions, train } from "./train.ts";

export interface ShelfOptions extends RunOptions {
  /** Folder with data sets; default as for every data set by name. */
  data?: string;
  /** Folder in which the trained rows are kept; default the user's cache folder. */
  cacheDir?: string;
  /** Whole number, default 1. */
  seed?: number;
}

/** Books of Wikipedia placed by the pages that they link to, all lists by book. */
export interface Shelf {
  readonly titles: string[];
  /** Of each property, in lower case; undefined where the book's page does not say. */
  readonly properties: Record<string, (string | undefined)[]>;
  /** Unit rows learned without neighbours (arm A of the lab). */
  readonly plain: Matrix<Float32Array>;
  /** Unit rows refined by relaxed neighbours (arm E). */
  readonly neighbours: Matrix<Float32Array>;
  /** What two books have in common: properties as "author: …", then links of both pages, those of few books first. */
  shared(a: number, b: number): string[];
}

const DEFAULTS: ShelfOptions = {
  data: undefined,
  cacheDir: undefined,
  seed: 1,
  signal: undefined,
  onProgress: undefined,
};

/** As the lab trains them; raise the version with whatever else changes the rows. */
const TRAINING: Omit<TrainOptions, "seed" | "phase"> = { epochs: 60, learningRate: 0.01 };
const VERSION = 1;

/**
 * Reads the books of Wikipedia and their rows with and without neighbours, trained on all links when they are not kept
 * from an earlier call: less than a minute.
 *
 * @throws VicinalError DATASET_MISSING, FORMAT, OPTION_RANGE, OPTION_UNKNOWN; the abort's reason
 */
export async function loadShelf(options: ShelfOptions = {}): Promise<Shelf> {
  const o = resolveOptions(DEFAULTS, options);
  const seed = wholeNumber("seed", o.seed, 0, Number.MAX_SAFE_INTEGER);
  const set = bookSet(await loadArticles(o.data), "all");
  const key = keyOf(set, seed);
  const folder = o.cacheDir ?? cacheFolder("books");
  const path = folder === undefined ? undefined : join(folder, `wikipedia-seed${seed}.rows`);
  const kept = path === undefined ? undefined : await readChecked(path, key);
  let rows = kept && decodeRows(kept, set.titles.length);
  if (rows === undefined) {
    rows = await trainRows(set, seed, { signal: o.signal, onProgress: o.onProgress });
    if (path !== undefined) await keepChecked(path, key, encodeRows(rows));
  }
  return { titles: [...set.titles], properties: statedProperties(set), ...rows, shared: sharing(set) };
}

interface ShelfRows {
  readonly plain: Matrix<Float32Array>;
  readonly neighbours: Matrix<Float32Array>;
}

async function trainRows(set: BookSet, seed: number, run: RunOptions): Promise<ShelfRows> {
  const rows = async (arm: "A" | "E", phase: string): Promise<Matrix<Float32Array>> => {
    const job = train(arm, set, set.pairs, { ...TRAINING, seed, phase });
    return (await runAsync(job, run)).books;
  };
  const plain = await rows("A", "training without neighbours");
  return { plain, neighbours: await rows("E", "training with neighbours") };
}

/** Tells all that decides the rows. */
function keyOf(set: BookSet, seed: number): Uint8Array {
  const told = JSON.stringify([VERSION, TRAINING, seed, set.titles, set.links, set.pairs]);
  return digest(new TextEncoder().encode(told));
}

/** Both tables as float32. */
function encodeRows({ plain, neighbours }: ShelfRows): Uint8Array {
  const cells = plain.data.length;
  const body = new Float32Array(2 * cells);
  body.set(plain.data);
  body.set(neighbours.data, cells);
  return new Uint8Array(body.buffer);
}

/** The tables of these bytes, or undefined when they are of other books. */
function decodeRows(bytes: Uint8Array<ArrayBuffer>, books: number): ShelfRows | undefined {
  const cells = books * DIMENSION;
  if (bytes.length !== 2 * cells * Float32Array.BYTES_PER_ELEMENT) return undefined;
  const values = new Float32Array(bytes.buffer);
  return {
    plain: matrix(values.slice(0, cells), DIMENSION),
    neighbours: matrix(values.slice(cells), DIMENSION),
  };
}

function statedProperties(set: BookSet): Shelf["properties"] {
  const stated = (values: readonly string[]): (string | undefined)[] =>
    values.map((value) => (value === "" ? undefined : value));
  return Object.fromEntries(PROPERTIES.map((name) => [name, stated(set.properties[name])]));
}

/** What is asked of pairs of books, with the links of each at hand. */
function sharing({ titles, links, pairs, properties }: BookSet): Shelf["shared"] {
  const linksOf: Set<number>[] = titles.map(() => new Set());
  const booksOf = new Uint32Array(links.length);
  for (const { book, link } of pairs) {
    linksOf[book]!.add(link);
    booksOf[link]!++;
  }
  return (a, b) => {
    const alike = PROPERTIES.filter((name) => properties[name][a] === properties[name][b]).filter(
      (name) => properties[name][a] !== "",
    );
    const said = new Set(alike.map((name) => properties[name][a]!));
    const both = [...linksOf[a]!].filter((link) => linksOf[b]!.has(link) && !said.has(normal(links[link]!)));
    both.sort((x, y) => booksOf[x]! - booksOf[y]! || x - y);
    return [...alike.map((name) => `${name}: ${properties[name][a]}`), ...both.map((link) => links[link]!)];
  };
}
