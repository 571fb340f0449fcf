import { add, gather, logSumExp, mul, sub, sum, type Tensor } from "../../autodiff/index.ts";
import { batchShape, dots, mask, reduceTerms, unitRows } from "./batch.ts";
import { withPartner } from "./nca.ts";
import { lossOptions } from "./options.ts";
import { type BatchLabels, codesOf } from "./tuples.ts";

export interface SupervisedContrastiveOptions {
  /** Divides the cosines, default 0.1. */
  temperature?: number;
  /** Default `mean`, over the rows that have another of their class. */
  reduction?: "mean" | "sum";
}

export const SUPERVISED_CONTRASTIVE_DEFAULTS: Required<SupervisedContrastiveOptions> = {
  temperature: 0.1,
  reduction: "mean",
};

/**
 * Supervised contrastive loss: of each row, minus the mean over the others of its class of their log-softmax among all
 * others ("out" form).
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, eq. 2
 */
export function supervisedContrastive(
  z: Tensor,
  labels: BatchLabels,
  given: SupervisedContrastiveOptions = {},
): Tensor {
  const { temperature, reduction } = lossOptions(SUPERVISED_CONTRASTIVE_DEFAULTS, given);
  const [n] = batchShape("embeddings", z);
  const codes = codesOf(labels, n);
  const anchors = withPartner(codes);
  if (anchors.length === 0) return reduceTerms(undefined, reduction, z);
  const unit = unitRows(z);
  const scores = mul(dots(gather(unit, anchors), unit), 1 / temperature);
  const others = mask(z.tape, anchors.length, n, (i, j) => anchors[i] !== j);
  const mine = sum(mul(scores, z.tape.tensor(shares(codes, anchors), [anchors.length, n])), { axes: [1] });
  return reduceTerms(sub(logSumExp(add(scores, others)), mine), reduction, z);
}

/** Row by row of the anchors: 1 / number of partners at each partner, else 0. */
function shares(codes: Uint32Array, anchors: readonly number[]): Float64Array {
  const n = codes.length;
  const out = new Float64Array(anchors.length * n);
  for (const [r, i] of anchors.entries()) {
    const partners = Array.from(codes.keys()).filter((j) => j !== i && codes[j] === codes[i]);
    for (const j of partners) out[r * n + j] = 1 / partners.length;
  }
  return out;
}
