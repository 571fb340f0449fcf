import {
  add,
  exp,
  gather,
  logSumExp,
  mul,
  neg,
  squaredDistances,
  sub,
  type Tensor,
} from "../../autodiff/index.ts";
import { batchShape, mask, reduceTerms } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { type BatchLabels, codesOf } from "./tuples.ts";

export interface NcaLossOptions {
  /**
   * With p_i the chance that a neighbour drawn by softmax of −d² shares the class of row i: `logProbability` (default)
   * is −log p_i, `expectedAccuracy` is −p_i.
   */
  form?: "logProbability" | "expectedAccuracy";
  /** Multiplies d², default 1. */
  scale?: number;
  /** Default `mean`, over the rows that have another of their class. */
  reduction?: "mean" | "sum";
}

export const NCA_LOSS_DEFAULTS: Required<NcaLossOptions> = {
  form: "logProbability",
  scale: 1,
  reduction: "mean",
};

/**
 * Neighbourhood components analysis as a loss: each row's neighbours, drawn by a softmax over −d², should be of its class.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Goldberger, Roweis, Hinton & Salakhutdinov, Neighbourhood Components Analysis, NeurIPS 2004
 */
export function ncaLoss(z: Tensor, labels: BatchLabels, given: NcaLossOptions = {}): Tensor {
  const { form, scale, reduction } = lossOptions(NCA_LOSS_DEFAULTS, given, {
    form: ["logProbability", "expectedAccuracy"],
  });
  const [n] = batchShape("embeddings", z);
  const codes = codesOf(labels, n);
  const anchors = withPartner(codes);
  if (anchors.length === 0) return reduceTerms(undefined, reduction, z);
  const near = mul(squaredDistances(gather(z, anchors), z), -scale);
  const all = mask(z.tape, anchors.length, n, (i, j) => anchors[i] !== j);
  const same = mask(z.tape, anchors.length, n, (i, j) => anchors[i] !== j && codes[anchors[i]!] === codes[j]);
  const logs = sub(logSumExp(add(near, same)), logSumExp(add(near, all)));
  return reduceTerms(neg(form === "logProbability" ? logs : exp(logs)), reduction, z);
}

/** Rows that have another row of their class. */
export function withPartner(codes: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Array.from(codes.keys()).filter((i) => counts.get(codes[i]!)! > 1);
}
