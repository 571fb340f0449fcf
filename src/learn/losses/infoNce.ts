import { add, concat, logSumExp, mul, sub, type Tensor, transpose } from "../../autodiff/index.ts";
import { dots, mask, nothing, pairedShape, type Reduction, reduceTerms, unitRows } from "./batch.ts";
import { diagonal } from "./diagonal.ts";
import { lossOptions } from "./options.ts";
import { type BatchLabels, codesOf } from "./tuples.ts";

export interface InfoNceOptions {
  /** Divides the cosines, default 0.1. */
  temperature?: number;
  /** Whether `b` also looks for its partners in `a`, the two averaged; default false. */
  symmetric?: boolean;
  /** Class of each pair: other pairs of the same class are not taken for negatives. Default all differ. */
  labels?: BatchLabels;
  /** Default `mean`. */
  reduction?: Reduction;
}

export const INFO_NCE_DEFAULTS: Required<Omit<InfoNceOptions, "labels">> & InfoNceOptions = {
  temperature: 0.1,
  symmetric: false,
  labels: undefined as never,
  reduction: "mean",
};

/**
 * InfoNCE: cross-entropy of finding row i of `b` from row i of `a` by their cosines over a temperature.
 *
 * @param a shape n × d
 * @param b shape n × d, row i the partner of row i of `a`
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see van den Oord, Li & Vinyals, Representation Learning with Contrastive Predictive Coding, 2018
 */
export function infoNce(a: Tensor, b: Tensor, given: InfoNceOptions = {}): Tensor {
  const { temperature, symmetric, labels, reduction } = lossOptions(INFO_NCE_DEFAULTS, given);
  const [rows] = pairedShape("pairs", a, b);
  const codes = labels === undefined ? undefined : codesOf(labels, rows);
  if (rows === 0) return add(nothing(a), nothing(b));
  const scores = mul(dots(unitRows(a), unitRows(b)), 1 / temperature);
  const shown =
    codes === undefined
      ? scores
      : add(
          scores,
          mask(a.tape, rows, rows, (i, k) => i === k || codes[i] !== codes[k]),
        );
  const own = diagonal(scores);
  const across = sub(logSumExp(shown), own);
  if (!symmetric) return reduceTerms(across, reduction, a);
  return mul(
    reduceTerms(concat([across, sub(logSumExp(transpose(shown)), own)]), reduction, a),
    reduction === "sum" ? 0.5 : 1,
  );
}

export interface NtXentOptions {
  /** Divides the cosines, default 0.5. */
  temperature?: number;
  /** Default `mean`. */
  reduction?: Reduction;
}

export const NT_XENT_DEFAULTS: Required<NtXentOptions> = { temperature: 0.5, reduction: "mean" };

/**
 * NT-Xent: two views of n things as 2n rows, each to find its partner among all the others; averaged over the 2n.
 *
 * @param a shape n × d
 * @param b shape n × d, the other view of the same things
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Chen, Kornblith, Norouzi & Hinton, A Simple Framework for Contrastive Learning, ICML 2020
 */
export function ntXent(a: Tensor, b: Tensor, given: NtXentOptions = {}): Tensor {
  const { temperature, reduction } = lossOptions(NT_XENT_DEFAULTS, given);
  const [rows] = pairedShape("views", a, b);
  if (rows === 0) return add(nothing(a), nothing(b));
  const [left, right] = [unitRows(a), unitRows(b)];
  const both = concat([left, right]);
  const scores = mul(dots(both, both), 1 / temperature);
  const others = add(
    scores,
    mask(a.tape, 2 * rows, 2 * rows, (i, k) => i !== k),
  );
  const own = mul(diagonal(dots(left, right)), 1 / temperature);
  return reduceTerms(sub(logSumExp(others), concat([own, own])), reduction, a);
}
