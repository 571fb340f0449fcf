import {
  add,
  concat,
  gather,
  logSumExp,
  mul,
  neg,
  relu,
  reshape,
  square,
  type Tensor,
} from "../../autodiff/index.ts";
import { allDistances, batchShape, mask, type Reduction, reduceTerms } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { allPairs, type BatchLabels, codesOf } from "./tuples.ts";

export interface LiftedStructureOptions {
  /** How far apart rows of different classes should be, default 1. */
  margin?: number;
  /** Default `mean`, over pairs of one class. */
  reduction?: Reduction;
}

export const LIFTED_STRUCTURE_DEFAULTS: Required<LiftedStructureOptions> = { margin: 1, reduction: "mean" };

/**
 * Lifted structured loss: each pair of one class against all negatives of both its rows at once; half the square of
 * max(0, log(Σ exp(margin − d_ik) + Σ exp(margin − d_jl)) + d_ij).
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Oh Song, Xiang, Jegelka & Savarese, Deep Metric Learning via Lifted Structured Feature Embedding, CVPR 2016, eq. 4
 */
export function liftedStructure(z: Tensor, labels: BatchLabels, given: LiftedStructureOptions = {}): Tensor {
  const { margin, reduction } = lossOptions(LIFTED_STRUCTURE_DEFAULTS, given);
  const [n] = batchShape("embeddings", z);
  const codes = codesOf(labels, n);
  const { positives, negatives } = allPairs(labels);
  if (positives.length === 0 || negatives.length === 0) return reduceTerms(undefined, reduction, z);
  const far = allDistances(z);
  const others = mask(z.tape, n, n, (i, j) => codes[i] !== codes[j]);
  const pushes = logSumExp(add(add(neg(far), margin), others));
  const count = positives.length / 2;
  const first = positives.filter((_, t) => t % 2 === 0);
  const second = positives.filter((_, t) => t % 2 === 1);
  const column = (rows: Int32Array): Tensor => reshape(gather(pushes, rows), [count, 1]);
  const both = logSumExp(concat([column(first), column(second)], 1));
  const apart = gather(
    reshape(far, [-1]),
    Float64Array.from(first, (i, t) => i * n + second[t]!),
  );
  return reduceTerms(mul(square(relu(add(both, apart))), 0.5), reduction, z);
}
