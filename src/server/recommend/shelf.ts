import type { Matrix } from "../../core/index.ts";
import { create, type Index } from "../../indexes/index.ts";
import type { ShelfDetails, ShelfSpace, ShelfSummary, SimilarItem } from "../protocol.ts";
import type { SetOptions } from "../sets/dataSet.ts";

/** Things of which one may be recommended for another: one entry of {@link SHELVES}. */
export interface Shelf extends Pick<ShelfSummary, "name" | "title" | "thing"> {
  /** Throws DATASET_MISSING where it is not at hand. */
  find(options: Pick<SetOptions, "dataDir">): Promise<void>;
  /** Reads and learns what is needed; may take a minute. */
  load(options: SetOptions): Promise<LoadedShelf>;
}

/** A shelf that can be asked. */
export interface LoadedShelf extends Pick<ShelfDetails, "note" | "titles" | "properties" | "credits"> {
  readonly spaces: readonly LoadedSpace[];
  /** What two things have in common. */
  shared(a: number, b: number): readonly string[];
}

/** A way to be near. */
export interface LoadedSpace extends Omit<ShelfSpace, "map"> {
  /** Rows of things, where there are such; they make a map. */
  readonly vectors?: Matrix<Float32Array>;
  /** The k nearest things, nearest first, without the thing itself. */
  nearest(item: number, k: number): readonly Pick<SimilarItem, "item" | "score">[];
}

/** Nearness by the cosine of rows, by looking at all. */
export function vectorSpace(facts: Omit<ShelfSpace, "map">, vectors: Matrix<Float32Array>): LoadedSpace {
  let index: Index<number> | undefined;
  return {
    ...facts,
    vectors,
    nearest(item, k) {
      if (index === undefined) {
        index = create<number>("Flat", { dimension: vectors.cols, metric: "cosine" });
        index.add(vectors);
      }
      const found = index.search(index.get(item), { k: Math.min(k + 1, vectors.rows) }).items();
      return found
        .filter(({ key }) => key !== item)
        .slice(0, k)
        .map(({ key, distance }) => ({ item: key, score: 1 - distance }));
    },
  };
}
