import {
  add,
  concat,
  custom,
  exp,
  logSumExp,
  mean,
  mul,
  type Parameter,
  sub,
  type Tape,
  type Tensor,
  transpose,
} from "../../autodiff/index.ts";
import { resolveOptions, VicinalError } from "../../core/index.ts";
import { dots, nothing, pairedShape, unitRows } from "./batch.ts";
import { diagonal } from "./diagonal.ts";

export interface ClipOptions {
  /** Largest scale of the cosines, default 100. */
  maxScale?: number;
  /** More rows like `b` that belong to no row of `a`: rows of `a` must tell their own from these as well. */
  others?: Tensor;
}

export const CLIP_DEFAULTS: Required<Omit<ClipOptions, "others">> & Pick<ClipOptions, "others"> = {
  maxScale: 100,
  others: undefined as never,
};

/** A trained logarithm of the scale, as CLIP starts it: log(1 / 0.07) unless told otherwise. */
export const clipLogScale = (tape: Tape, temperature = 0.07): Parameter =>
  tape.parameter([], [Math.log(1 / temperature)]);

/**
 * Symmetric cross-entropy of matching rows of two sets by their cosines times a learned scale.
 *
 * @param a shape n × d, for instance embedded images
 * @param b shape n × d, for instance embedded texts; row i belongs to row i of `a`
 * @param logScale one number; beyond log maxScale the scale is maxScale, and only gradients that lower it pass
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021
 */
export function clip(a: Tensor, b: Tensor, logScale: Tensor, given: ClipOptions = {}): Tensor {
  const { maxScale, others } = resolveOptions(CLIP_DEFAULTS, given);
  const [rows] = pairedShape("pairs", a, b);
  if (logScale.size !== 1) {
    const got = `${logScale.size} numbers`;
    throw new VicinalError("BAD_INPUT", { what: "logScale", got, rule: "one number" });
  }
  if (rows === 0) return add(nothing(a), nothing(b));
  const scale = exp(noHigher(logScale, Math.log(maxScale)));
  const unit = unitRows(a);
  const scores = mul(dots(unit, unitRows(b)), scale);
  const own = diagonal(scores);
  const all =
    others === undefined || others.size === 0
      ? scores
      : concat([scores, mul(dots(unit, unitRows(others)), scale)], 1);
  const across = mean(sub(logSumExp(all), own));
  return mul(add(across, mean(sub(logSumExp(transpose(scores)), own))), 0.5);
}

/** min(x, high); above it, gradients pass that descent would follow downwards. */
function noHigher(x: Tensor, high: number): Tensor {
  return custom({
    inputs: [x],
    shape: [],
    forward: (out, value) => {
      out[0] = Math.min(value![0]!, high);
    },
    backward: ({ outputGradient, inputs, gradients }) => {
      const slope = outputGradient[0]!;
      if (gradients[0] !== undefined && (inputs[0]![0]! <= high || slope > 0)) gradients[0][0]! += slope;
    },
  });
}
