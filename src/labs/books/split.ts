import { createRng, permutation } from "../../core/index.ts";
import type { BookSet, Pair } from "./data.ts";

/** Pairs to learn from and pairs held out. */
export interface Split {
  readonly train: readonly Pair[];
  readonly held: readonly Pair[];
}

/** A book keeps so many links, a link so many books, when one of theirs is held out. */
const [LEAST_LINKS, LEAST_BOOKS] = [3, 2];
const HELD_SHARE = 0.1;

/** A tenth of the pairs, drawn by the seed, whose book and link keep enough others. */
export function holdOut(pairs: readonly Pair[], { titles, links }: BookSet, seed: number): Split {
  const ofBook = new Uint32Array(titles.length);
  const ofLink = new Uint32Array(links.length);
  for (const { book, link } of pairs) {
    ofBook[book]!++;
    ofLink[link]!++;
  }
  const wanted = Math.round(pairs.length * HELD_SHARE);
  const out = new Set<number>();
  for (const p of permutation(pairs.length, createRng(seed, "books held out"))) {
    if (out.size === wanted) break;
    const { book, link } = pairs[p]!;
    if (ofBook[book]! <= LEAST_LINKS || ofLink[link]! <= LEAST_BOOKS) continue;
    ofBook[book]!--;
    ofLink[link]!--;
    out.add(p);
  }
  return {
    train: pairs.filter((_, p) => !out.has(p)),
    held: pairs.filter((_, p) => out.has(p)),
  };
}

/** Pairs as one number each. */
export class PairIndex {
  readonly #known: Set<number>;
  readonly #links: number;

  constructor(pairs: readonly Pair[], { links }: BookSet) {
    this.#links = links.length;
    this.#known = new Set(pairs.map(({ book, link }) => book * links.length + link));
  }

  has(book: number, link: number): boolean {
    return this.#known.has(book * this.#links + link);
  }
}
