import { add, gather, logSumExp, mul, softplus, sub, type Tensor } from "../../autodiff/index.ts";
import { batchShape, dots, mask, type Reduction, reduceTerms, unitRows } from "./batch.ts";
import { withPartner } from "./nca.ts";
import { lossOptions } from "./options.ts";
import { type BatchLabels, codesOf } from "./tuples.ts";

export interface CircleOptions {
  /** How relaxed the optima are: cosines of 1 − margin within a class and margin across; default 0.4. */
  margin?: number;
  /** Multiplies cosines, default 80. */
  gamma?: number;
  /** Default `mean`, over rows that have both another of their class and one of another. */
  reduction?: Reduction;
}

export const CIRCLE_DEFAULTS: Required<CircleOptions> = { margin: 0.4, gamma: 80, reduction: "mean" };

/**
 * Circle loss: cosines weighted by how far each is from its optimum; the weights count as constants in gradients.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Sun et al., Circle Loss: A Unified Perspective of Pair Similarity Optimization, CVPR 2020
 */
export function circle(z: Tensor, labels: BatchLabels, given: CircleOptions = {}): Tensor {
  const { margin, gamma, reduction } = lossOptions(CIRCLE_DEFAULTS, given);
  const [n] = batchShape("embeddings", z);
  const codes = codesOf(labels, n);
  const anchors = new Set(codes).size < 2 ? [] : withPartner(codes);
  if (anchors.length === 0) return reduceTerms(undefined, reduction, z);
  const unit = unitRows(z);
  const cosines = dots(gather(unit, anchors), unit);
  const shape = cosines.shape;
  const weights = (of: (cosine: number) => number): Tensor => z.tape.tensor(cosines.values().map(of), shape);
  const pull = mul(
    sub(cosines, 1 - margin),
    weights((s) => -gamma * Math.max(0, 1 + margin - s)),
  );
  const push = mul(
    sub(cosines, margin),
    weights((s) => gamma * Math.max(0, s + margin)),
  );
  const same = mask(z.tape, anchors.length, n, (i, j) => anchors[i] !== j && codes[anchors[i]!] === codes[j]);
  const different = mask(z.tape, anchors.length, n, (i, j) => codes[anchors[i]!] !== codes[j]);
  const excess = add(logSumExp(add(pull, same)), logSumExp(add(push, different)));
  return reduceTerms(softplus(excess), reduction, z);
}
