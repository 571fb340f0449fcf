import type { Collector } from "./estimator.ts";
import type { Targets } from "./targets.ts";
import { type Weights, weigh } from "./votes.ts";

/**
 * Weighted means of the neighbours' values for several k from one search of the largest, as arrays of n × outputs
 * for each k; NaN where there is no neighbour.
 */
export function averageEach(
  { values, outputs }: Targets,
  weights: Weights,
  ks: readonly number[],
  n: number,
): Collector<Float64Array[]> {
  const out = ks.map(() => new Float64Array(n * outputs));
  let weight = new Float64Array(64);
  return {
    visit({ starts, rows, distances }, first) {
      for (let q = 0; q + 1 < starts.length; q++) {
        const from = starts[q]!;
        for (let j = 0; j < ks.length; j++) {
          const to = Math.min(starts[q + 1]!, from + ks[j]!);
          if (to - from > weight.length) weight = new Float64Array(2 * (to - from));
          weigh(weights, distances, from, to, weight);
          const means = out[j]!;
          const at = (first + q) * outputs;
          let total = 0;
          for (let i = from; i < to; i++) {
            const w = weight[i - from]!;
            total += w;
            for (let o = 0; o < outputs; o++) means[at + o]! += w * values[rows[i]! * outputs + o]!;
          }
          for (let o = 0; o < outputs; o++) means[at + o]! /= total;
        }
      }
    },
    finish: () => out,
  };
}
