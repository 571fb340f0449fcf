import { createRng, type Matrix } from "../../core/index.ts";
import { type ClusterRatios, clusterRatio } from "../../evaluate/index.ts";
import { type BookSet, type Pair, PROPERTIES, type Property } from "./data.ts";
import type { Split } from "./split.ts";

/** Values with fewer books are left out, as in the ratio. */
const LEAST_BOOKS_OF_VALUE = 5;
const NEIGHBOURS_ASKED = 5;
const NEGATIVES_OF_PAIR = 50;
const FIRST = 10;

type Rows = Matrix<Float32Array>;

/** How well held-out links are told from others. */
export interface LinkScores {
  /** Chance that a held-out link scores above one that does not occur: 50 drawn for each pair. */
  readonly auc: number;
  /** Share of held-out links among the first 10 of all links not known of the book. */
  readonly hitRate: number;
}

/** What is measured of a model on one split. */
export interface Scores extends LinkScores {
  /** Geometric mean over properties of the macro cluster ratio. */
  readonly ratio: number;
  /** The same of each property. */
  readonly ratios: Partial<Record<Property, number>>;
  /** Mean distance of books with different values, over properties: near 0 the rows have collapsed. */
  readonly different: number;
  readonly effectiveDimension: number;
  /** Leave-one-out 5-NN accuracy of each property, values alike, and its mean. */
  readonly accuracies: Partial<Record<Property, number>>;
  readonly accuracy: number;
}

/** Scores of unit rows of books and links. */
export function scoresOf(books: Rows, links: Rows, set: BookSet, split: Split, seed: number): Scores {
  const ratios = ratiosOf(books, set, { permutations: 0, bootstrap: 0 });
  const names = Object.keys(ratios.properties) as Property[];
  const accuracies: Partial<Record<Property, number>> = {};
  for (const name of names) accuracies[name] = neighbourAccuracy(books, set.properties[name]);
  const mean = (of: (name: Property) => number): number =>
    names.reduce((sum, name) => sum + of(name), 0) / names.length;
  return {
    ...linkScores(books, links, set, split, seed),
    ratio: ratios.macro.geometric,
    ratios: Object.fromEntries(names.map((name) => [name, ratios.properties[name].macro.ratio])),
    different: mean((name) => ratios.properties[name].macro.different),
    effectiveDimension: ratios.effectiveDimension,
    accuracies,
    accuracy: mean((name) => accuracies[name]!),
  };
}

/** Cluster ratios of the properties that can be used: two values with enough books. */
export function ratiosOf(
  books: Rows,
  { properties }: BookSet,
  options: { permutations: number; bootstrap: number },
): ClusterRatios<Property> {
  const usable = PROPERTIES.filter((name) => valuesOf(properties[name]).size > 1);
  const given = Object.fromEntries(usable.map((name) => [name, properties[name]])) as Record<
    Property,
    readonly string[]
  >;
  return clusterRatio(books, given, { minimum: LEAST_BOOKS_OF_VALUE, ...options });
}

/** Books of each value that has enough of them. */
function valuesOf(values: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [i, value] of values.entries()) {
    if (value !== "") groups.set(value, [...(groups.get(value) ?? []), i]);
  }
  for (const [value, group] of groups) if (group.length < LEAST_BOOKS_OF_VALUE) groups.delete(value);
  return groups;
}

/** AUC and hit rate of the held-out pairs; equal scores count half. */
export function linkScores(books: Rows, links: Rows, set: BookSet, split: Split, seed: number): LinkScores {
  const known = byBook(split.train, set);
  const occurring = byBook(set.pairs, set);
  const rng = createRng(seed, "books judged against");
  const n = set.links.length;
  const scores = new Float64Array(n);
  let scored = -1;
  let [above, compared, hits] = [0, 0, 0];
  for (const { book, link } of split.held) {
    if (book !== scored) {
      for (let other = 0; other < n; other++) scores[other] = dot(books, book, links, other);
      scored = book;
    }
    const score = scores[link]!;
    const half = (other: number): number => (scores[other]! < score ? 1 : scores[other] === score ? 0.5 : 0);
    for (let t = 0; t < NEGATIVES_OF_PAIR; t++) {
      const other = rng.below(n);
      if (occurring[book]!.has(other)) continue;
      above += half(other);
      compared++;
    }
    // The link itself is half ahead of itself, and what is known of the book is not asked for.
    let ahead = -0.5;
    for (let other = 0; other < n; other++) ahead += 1 - half(other);
    for (const other of known[book]!) ahead -= 1 - half(other);
    if (ahead < FIRST) hits++;
  }
  return { auc: above / compared, hitRate: hits / split.held.length };
}

/** Links of each book. */
function byBook(pairs: readonly Pair[], { titles }: BookSet): Set<number>[] {
  const links = titles.map(() => new Set<number>());
  for (const { book, link } of pairs) links[book]!.add(link);
  return links;
}

function dot(a: Rows, i: number, b: Rows, j: number): number {
  const d = a.cols;
  let sum = 0;
  for (let c = 0; c < d; c++) sum += a.data[i * d + c]! * b.data[j * d + c]!;
  return sum;
}

/**
 * Leave-one-out accuracy of the majority among the 5 nearest by cosine, ties to the value that comes first, averaged over
 * values. Books without a usable value take no part.
 */
export function neighbourAccuracy(books: Rows, values: readonly string[]): number {
  const groups = valuesOf(values);
  const all = [...groups.values()].flat();
  let sum = 0;
  for (const [value, group] of groups) {
    const right = group.filter((q) => majority(books, q, all, values) === value).length;
    sum += right / group.length;
  }
  return sum / groups.size;
}

function majority(books: Rows, q: number, all: readonly number[], values: readonly string[]): string {
  const near: { at: number; score: number }[] = [];
  for (const at of all) {
    if (at === q) continue;
    const score = dot(books, q, books, at);
    if (near.length === NEIGHBOURS_ASKED && score <= near.at(-1)!.score) continue;
    let place = near.length;
    while (place > 0 && near[place - 1]!.score < score) place--;
    near.splice(place, 0, { at, score });
    if (near.length > NEIGHBOURS_ASKED) near.pop();
  }
  const votes = new Map<string, number>();
  for (const { at } of near) votes.set(values[at]!, (votes.get(values[at]!) ?? 0) + 1);
  // A map keeps the order of first appearance: the nearest value comes first among equals.
  return [...votes].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
