import { add, mul, sub, type Tensor } from "../../autodiff/index.ts";
import { batchShape, dots, logOnePlusSumExp, mask, type Reduction, reduceTerms, unitRows } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { type BatchLabels, checkTuples, codesOf, pairsOf, type Tuples } from "./tuples.ts";

export interface MultiSimilarityOptions {
  /** Sharpness among rows of one class, default 2. */
  alpha?: number;
  /** Sharpness among rows of different classes, default 50. */
  beta?: number;
  /** Cosine between what counts as alike and not, default 0.5. */
  base?: number;
  /** Default `mean`, over all rows. */
  reduction?: Reduction;
  /** What to compare, such as `multiSimilarityPairs(z, labels)`; default all pairs. */
  tuples?: Tuples;
}

export const MULTI_SIMILARITY_DEFAULTS: Required<Omit<MultiSimilarityOptions, "tuples">> &
  MultiSimilarityOptions = { alpha: 2, beta: 50, base: 0.5, reduction: "mean", tuples: undefined as never };

/**
 * Multi-similarity loss: per row, a soft maximum over its positives' shortfall and one over its negatives' excess.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Wang et al., Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, CVPR 2019
 */
export function multiSimilarity(z: Tensor, labels: BatchLabels, given: MultiSimilarityOptions = {}): Tensor {
  const { alpha, beta, base, reduction, tuples } = lossOptions(MULTI_SIMILARITY_DEFAULTS, given);
  const [n] = batchShape("embeddings", z);
  const codes = codesOf(labels, n);
  if (tuples !== undefined) checkTuples(tuples, n);
  if (n === 0) return reduceTerms(undefined, reduction, z);
  const { same, different } = tuples === undefined ? byClass(codes) : byTuples(tuples, n);
  const unit = unitRows(z);
  const shifted = sub(dots(unit, unit), base);
  const pull = logOnePlusSumExp(add(mul(shifted, -alpha), mask(z.tape, n, n, same)));
  const push = logOnePlusSumExp(add(mul(shifted, beta), mask(z.tape, n, n, different)));
  return reduceTerms(add(mul(pull, 1 / alpha), mul(push, 1 / beta)), reduction, z);
}

/** Which rows stand against which. */
interface Relations {
  same(i: number, j: number): boolean;
  different(i: number, j: number): boolean;
}

const byClass = (codes: Uint32Array): Relations => ({
  same: (i, j) => i !== j && codes[i] === codes[j],
  different: (i, j) => codes[i] !== codes[j],
});

function byTuples(tuples: Tuples, n: number): Relations {
  const { positives, negatives } = pairsOf(tuples);
  const kinds = new Uint8Array(n * n);
  for (const [kind, list] of [positives, negatives].entries()) {
    for (let t = 0; t < list.length; t += 2) {
      kinds[list[t]! * n + list[t + 1]!] = kind + 1;
      kinds[list[t + 1]! * n + list[t]!] = kind + 1;
    }
  }
  return { same: (i, j) => kinds[i * n + j] === 1, different: (i, j) => kinds[i * n + j] === 2 };
}
