import { concat, maximum, relu, square, sub, type Tensor } from "../../autodiff/index.ts";
import { batchShape, pairDistances, type Reduction, reduceTerms } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { allPairs, type BatchLabels, checkTuples, codesOf, pairsOf, type Tuples } from "./tuples.ts";

export interface ContrastiveOptions {
  /** How far apart different rows should be, default 1: squared for the squared form, else plain. */
  margin?: number;
  /** Pairs of one class closer than this (in the same unit) cost nothing; default 0. */
  positiveMargin?: number;
  /** `squared` (default): d² and max(0, margin − d²). `hadsell`: d² and max(0, margin − d)². */
  form?: "squared" | "hadsell";
  /** Default `mean`. */
  reduction?: Reduction;
  /** What to compare; default all pairs. */
  tuples?: Tuples;
}

export const CONTRASTIVE_DEFAULTS: Required<Omit<ContrastiveOptions, "tuples">> & ContrastiveOptions = {
  margin: 1,
  positiveMargin: 0,
  form: "squared",
  reduction: "mean",
  tuples: undefined as never,
};

/**
 * Contrastive loss: rows of one class are pulled together, others pushed apart until they are `margin` away.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @remarks n²·d / 2 multiplications for all pairs
 * @see Hadsell, Chopra & LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006 (with ½ before each term there)
 */
export function contrastive(z: Tensor, labels: BatchLabels, given: ContrastiveOptions = {}): Tensor {
  const { margin, positiveMargin, form, reduction, tuples } = lossOptions(CONTRASTIVE_DEFAULTS, given, {
    form: ["squared", "hadsell"],
  });
  const [rows] = batchShape("embeddings", z);
  codesOf(labels, rows);
  if (tuples !== undefined) checkTuples(tuples, rows);
  const { positives, negatives } = tuples === undefined ? allPairs(labels) : pairsOf(tuples);
  const terms: Tensor[] = [];
  const squared = form === "squared";
  if (positives.length > 0) {
    const far = pairDistances(z, positives, squared || positiveMargin === 0);
    const beyond = positiveMargin === 0 ? far : relu(sub(far, positiveMargin));
    terms.push(squared || positiveMargin === 0 ? beyond : square(beyond));
  }
  if (negatives.length > 0) {
    const short = maximum(sub(margin, pairDistances(z, negatives, squared)), 0);
    terms.push(squared ? short : square(short));
  }
  return reduceTerms(terms.length === 0 ? undefined : concat(terms), reduction, z);
}
