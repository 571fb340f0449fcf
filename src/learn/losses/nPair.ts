import { add, mul, square, sub, sum, type Tensor } from "../../autodiff/index.ts";
import {
  dots,
  logOnePlusSumExp,
  mask,
  nothing,
  pairedShape,
  type Reduction,
  reduceTerms,
  unitRows,
} from "./batch.ts";
import { diagonal } from "./diagonal.ts";
import { lossOptions } from "./options.ts";
import { type BatchLabels, codesOf } from "./tuples.ts";

export interface NPairOptions {
  /** Whether rows are scaled to unit length first; default false. */
  unit?: boolean;
  /** Multiplies the dot products, default 1: with unit rows, dot products alone span too little. */
  scale?: number;
  /** Weight of the mean squared length of the rows, default 0: holds rows in check that are not unit length. */
  l2?: number;
  /** Class of each pair: other pairs of the same class are not taken for negatives. Default all differ. */
  labels?: BatchLabels;
  /** Default `mean`. */
  reduction?: Reduction;
}

export const N_PAIR_DEFAULTS: Required<Omit<NPairOptions, "labels">> & NPairOptions = {
  unit: false,
  scale: 1,
  l2: 0,
  labels: undefined as never,
  reduction: "mean",
};

/**
 * N-pair loss: row i of `a` should be nearer to row i of `b` than to any other row of `b`; log(1 + Σ exp(a_i·b_k − a_i·b_i)),
 * which is softmax cross-entropy over a_i·b_k with class i.
 *
 * @param a shape n × d
 * @param b shape n × d, row i of the same class as row i of `a`
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, NeurIPS 2016
 */
export function nPair(a: Tensor, b: Tensor, given: NPairOptions = {}): Tensor {
  const { unit, scale, l2, labels, reduction } = lossOptions(N_PAIR_DEFAULTS, given);
  const [rows] = pairedShape("pairs", a, b);
  const codes = labels === undefined ? undefined : codesOf(labels, rows);
  if (rows === 0) return add(nothing(a), nothing(b));
  const [left, right] = unit ? [unitRows(a), unitRows(b)] : [a, b];
  const products = dots(left, right);
  const scores = scale === 1 ? products : mul(products, scale);
  const others = mask(a.tape, rows, rows, (i, k) => (codes === undefined ? i !== k : codes[i] !== codes[k]));
  const own = diagonal(scores, true);
  const loss = reduceTerms(logOnePlusSumExp(add(sub(scores, own), others)), reduction, a);
  if (l2 === 0) return loss;
  return add(loss, mul(add(sum(square(a)), sum(square(b))), l2 / rows));
}
