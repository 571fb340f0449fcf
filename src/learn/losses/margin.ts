import { add, concat, mul, relu, sub, type Tensor } from "../../autodiff/index.ts";
import { batchShape, pairDistances, type Reduction, reduceTerms } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { allPairs, type BatchLabels, checkTuples, codesOf, pairsOf, type Tuples } from "./tuples.ts";

export interface MarginOptions {
  /** Half the gap between both kinds of pairs, default 0.2. */
  margin?: number;
  /** Distance between them, default 1.2; one number on the tape is trained. */
  beta?: number | Tensor;
  /** Default `meanActive`. */
  reduction?: Reduction;
  /** What to compare, such as `distanceWeighted(z, labels)`; default all pairs. */
  tuples?: Tuples;
}

export const MARGIN_DEFAULTS: Required<Omit<MarginOptions, "tuples">> & MarginOptions = {
  margin: 0.2,
  beta: 1.2,
  reduction: "meanActive",
  tuples: undefined as never,
};

/**
 * Margin loss: max(0, margin + d − β) of pairs of one class, max(0, margin + β − d) of others; meant for unit rows and
 * distance-weighted sampling.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Wu, Manmatha, Smola & Krähenbühl, Sampling Matters in Deep Embedding Learning, ICCV 2017
 */
export function marginLoss(z: Tensor, labels: BatchLabels, given: MarginOptions = {}): Tensor {
  const { margin, beta, reduction, tuples } = lossOptions(MARGIN_DEFAULTS, given, {}, "beta");
  const [rows] = batchShape("embeddings", z);
  codesOf(labels, rows);
  if (tuples !== undefined) checkTuples(tuples, rows);
  const { positives, negatives } = tuples === undefined ? allPairs(labels) : pairsOf(tuples);
  const terms: Tensor[] = [];
  const of = (pairs: Int32Array, sign: number): void => {
    if (pairs.length === 0) return;
    terms.push(relu(add(mul(sub(pairDistances(z, pairs, false), beta), sign), margin)));
  };
  of(positives, 1);
  of(negatives, -1);
  return reduceTerms(terms.length === 0 ? undefined : concat(terms), reduction, z);
}
