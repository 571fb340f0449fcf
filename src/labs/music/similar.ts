import { type FittableModel, Recommender } from "../../apply/index.ts";
import { type RunOptions, row } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import { rowOf, SkipGram } from "../../learn/index.ts";
import type { MusicSet } from "./sets.ts";

/** An item with the items nearest to it by cosine. */
export interface SimilarRow {
  readonly name: string;
  /** People who have it. */
  readonly users: number;
  readonly nearest: readonly { readonly name: string; readonly cosine: number }[];
}

export interface Similar {
  readonly rows: readonly SimilarRow[];
  /** Cosines among the rows shown, in their order. */
  readonly among: readonly (readonly number[])[];
}

/** What is recommended to someone with a few items, who was not there when fitting. */
export interface Offer {
  readonly person: readonly string[];
  readonly items: readonly { readonly name: string; readonly score: number }[];
}

const K = 10;

/** Items like those shown, and offers to persons. */
export function similarTo(
  model: FittableModel,
  set: MusicSet,
  seed: number,
): { similar: Similar; offers: Offer[] } {
  using recommender = new Recommender({ model, seed }).attach(set.x);
  const numbers = set.shown.map((name) => set.names.indexOf(name)).filter((i) => i >= 0);
  const counts = new Uint32Array(set.x.items);
  for (const item of set.x.indices) counts[item]!++;
  const shown = numbers.length > 0 ? numbers : mostPopular(counts, 4);
  const rows = shown.map((item) => ({
    name: set.names[item]!,
    users: counts[item]!,
    nearest: recommender
      .similarItems(item, { k: K })
      .map((near) => ({ name: set.names[near.item]!, cosine: near.similarity })),
  }));
  const vectors = shown.map((item) => row(model.itemVectors_, item));
  const among = vectors.map((a) => vectors.map((b) => cosine(a, b)));
  const offers: Offer[] = [];
  for (const person of set.persons) {
    const items = person.map((name) => set.names.indexOf(name));
    if (items.includes(-1)) continue;
    // Of a newcomer nothing is known but what, so each counts as much as the others.
    const found = recommender.recommendFor(items, { k: K });
    offers.push({ person, items: found.map(({ item, score }) => ({ name: set.names[item]!, score })) });
  }
  return { similar: { rows, among }, offers };
}

/** Items nearest to the same rows by skip-gram vectors, for which each person's items are a basket without order. */
export async function byBaskets(
  set: MusicSet,
  { rows }: Similar,
  seed: number,
  run: RunOptions,
): Promise<SimilarRow[]> {
  const baskets = Array.from({ length: set.x.users }, (_, u) => rowOf(set.x, u).items);
  const model = new SkipGram<number>({
    ...{ dimension: 64, window: Number.POSITIVE_INFINITY, epochs: 3, minCount: 1, seed },
  });
  await model.fitAsync(baskets, run);
  const index = create<number>("Flat", { dimension: 64, metric: "cosine", seed });
  try {
    index.add(model.vectors_, { keys: model.tokens_ });
    return rows.map(({ name, users }) => {
      const item = set.names.indexOf(name);
      const near = index.search(model.vector(item), { k: K + 1 }).items();
      const nearest = near
        .filter(({ key }) => key !== item)
        .map(({ key, distance }) => ({ name: set.names[key]!, cosine: 1 - distance }));
      return { name, users, nearest: nearest.slice(0, K) };
    });
  } finally {
    index.close();
  }
}

function mostPopular(counts: Uint32Array, n: number): number[] {
  return [...counts.keys()].sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, n);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!;
    aa += a[j]! ** 2;
    bb += b[j]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}
