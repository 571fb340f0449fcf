import type { Matrix, RunOptions } from "../../core/index.ts";
import { FlatIndex } from "../../indexes/index.ts";
import { type Vocabulary, vectorBlocks } from "./vocabulary.ts";

/** The nearest of all words to each query: row numbers, nearest first. */
export interface Exhaustive {
  readonly rows: readonly (readonly number[])[];
  readonly distances: readonly (readonly number[])[];
}

/**
 * Compares queries with every word, block by block, so that words need not fit in memory.
 *
 * @param queries shape q × d
 */
export async function exhaustive(
  vocabulary: Vocabulary,
  queries: Matrix<Float32Array>,
  k: number,
  { signal, onProgress }: RunOptions,
): Promise<Exhaustive> {
  const best = Array.from({ length: queries.rows }, (): { row: number; distance: number }[] => []);
  let start = 0;
  for await (const block of vectorBlocks(vocabulary, signal)) {
    const index = new FlatIndex<number>({ dimension: block.cols, metric: "cosine" });
    try {
      await index.addAsync(block, { signal });
      const found = await index.searchAsync(queries, { k, signal });
      for (let q = 0; q < queries.rows; q++) {
        const more = found.items(q).map(({ key, distance }) => ({ row: start + key, distance }));
        best[q] = [...best[q]!, ...more].sort((a, b) => a.distance - b.distance || a.row - b.row).slice(0, k);
      }
    } finally {
      index.close();
    }
    start += block.rows;
    onProgress?.({ phase: "exhaustive", done: start, total: vocabulary.words.length });
  }
  return {
    rows: best.map((list) => list.map(({ row }) => row)),
    distances: best.map((list) => list.map(({ distance }) => distance)),
  };
}
