import type { Matrix } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import type { ClipEmoji } from "./pairs.ts";

export const KS: readonly number[] = [1, 5, 10];

/** How often what belongs to a query is among its k nearest, for each of {@link KS}. */
export interface Recalls {
  readonly queries: number;
  readonly gallery: number;
  readonly recall: Readonly<Record<number, number>>;
}

/** Recall of row i of the gallery for query i, by cosine, exactly. */
export function recallOf(queries: Matrix, gallery: Matrix): Recalls {
  const index = create("Flat", { dimension: gallery.cols, metric: "cosine" });
  index.add(gallery);
  const most = Math.min(KS.at(-1)!, gallery.rows);
  const found = index.search(queries, { k: most });
  const places = Array.from({ length: queries.rows }, (_, i) => [...found.keys(i)].indexOf(i));
  index.close();
  const recall = KS.map((k) => [
    k,
    places.filter((place) => place >= 0 && place < k).length / Math.max(1, queries.rows),
  ]);
  return { queries: queries.rows, gallery: gallery.rows, recall: Object.fromEntries(recall) };
}

/** What guessing at random reaches with one right answer among `gallery`. */
export const chanceOf = (k: number, gallery: number): number => Math.min(1, k / gallery);

/** What knowing the group and nothing else would reach: the right group first, in any order. */
export function groupAlone(emoji: readonly ClipEmoji[], k: number): number {
  const sizes = new Map<string, number>();
  for (const { group } of emoji) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return emoji.reduce((sum, { group }) => sum + Math.min(1, k / sizes.get(group)!), 0) / emoji.length;
}
