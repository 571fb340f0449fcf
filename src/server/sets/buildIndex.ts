import type { Metric, RunOptions } from "../../core/index.ts";
import type { Index } from "../../indexes/contract.ts";
import { build, create } from "../../indexes/index.ts";
import { workThreads } from "../../labs/machine.ts";
import type { Vectors } from "./dataSet.ts";

/** An index over all rows of a feature, under their row numbers. */
export interface BuiltIndex {
  readonly index: Index<number>;
  readonly seconds: number;
}

const SEED = 1;

/** Builds the index of a canonical specification; "Auto" chooses and tunes one. */
export async function buildIndex(
  vectors: Vectors,
  metric: Metric,
  spec: string,
  run: RunOptions,
): Promise<BuiltIndex> {
  const start = performance.now();
  const threads = workThreads();
  const seconds = (): number => (performance.now() - start) / 1000;
  if (spec === "Auto") {
    const index = (await build(vectors, {
      metric,
      dtype: "f32",
      threads,
      seed: SEED,
      ...run,
    })) as Index<number>;
    return { index, seconds: seconds() };
  }
  const index = create<number>(spec, { dimension: vectors.cols, metric, seed: SEED });
  try {
    await index.addAsync(vectors, { threads, ...run });
    return { index, seconds: seconds() };
  } catch (error) {
    index.close();
    throw error;
  }
}
