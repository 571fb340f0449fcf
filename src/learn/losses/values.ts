import {
  abs,
  add,
  logSumExp,
  minimum,
  mul,
  neg,
  pick,
  softplus,
  square,
  sub,
  sum,
  Tensor,
} from "../../autodiff/index.ts";
import { sameShape, shapeError, shapeText } from "../../autodiff/shape.ts";
import { VicinalError } from "../../core/index.ts";
import { batchShape, nothing, type Reduction, reduceTerms } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { classNumbers } from "./proxies.ts";

/** What a prediction should be: a tensor of its shape, or its values. */
export type Targets = Tensor | ArrayLike<number>;

export interface ValueOptions {
  /** Default `mean`, over all values. */
  reduction?: Reduction;
}

const VALUE_DEFAULTS: Required<ValueOptions> = { reduction: "mean" };

function targetOf(x: Tensor, target: Targets): Tensor {
  if (!(target instanceof Tensor)) return x.tape.tensor(target, x.shape);
  if (sameShape(x.shape, target.shape)) return target;
  throw shapeError("target", shapeText(target.shape), `of the prediction's shape ${shapeText(x.shape)}`);
}

export interface CrossEntropyOptions {
  /** Share of the target spread evenly over all classes, default 0. */
  labelSmoothing?: number;
  /** Default `mean`, over rows. */
  reduction?: Reduction;
}

export const CROSS_ENTROPY_DEFAULTS: Required<CrossEntropyOptions> = { labelSmoothing: 0, reduction: "mean" };

/**
 * Softmax cross-entropy of scores before the softmax.
 *
 * @param logits shape n × classes
 * @param labels column of the right class for each row
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 */
export function crossEntropy(
  logits: Tensor,
  labels: ArrayLike<number>,
  given: CrossEntropyOptions = {},
): Tensor {
  const { labelSmoothing, reduction } = lossOptions(CROSS_ENTROPY_DEFAULTS, given);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    const rule = "at least 0 and below 1";
    throw new VicinalError("OPTION_RANGE", { option: "labelSmoothing", got: labelSmoothing, rule });
  }
  const [rows, classes] = batchShape("logits", logits);
  const own = classNumbers(labels, rows, classes);
  if (rows === 0) return nothing(logits);
  const right = mul(pick(logits, own), 1 - labelSmoothing);
  const evenly = mul(sum(logits, { axes: [1] }), labelSmoothing / classes);
  const target = labelSmoothing === 0 ? right : add(right, evenly);
  return reduceTerms(sub(logSumExp(logits), target), reduction, logits);
}

export interface BinaryCrossEntropyOptions extends ValueOptions {
  /** Weight of targets that are 1, default 1. */
  positiveWeight?: number;
}

export const BINARY_CROSS_ENTROPY_DEFAULTS: Required<BinaryCrossEntropyOptions> = {
  ...VALUE_DEFAULTS,
  positiveWeight: 1,
};

/**
 * Binary cross-entropy of scores before the sigmoid: weight · t · log(1 + e⁻ˣ) + (1 − t) · log(1 + eˣ).
 *
 * @param logits any shape
 * @param targets as many numbers from 0 to 1
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 */
export function binaryCrossEntropy(
  logits: Tensor,
  targets: Targets,
  given: BinaryCrossEntropyOptions = {},
): Tensor {
  const { positiveWeight, reduction } = lossOptions(BINARY_CROSS_ENTROPY_DEFAULTS, given);
  const target = targetOf(logits, targets);
  const yes = mul(mul(target, positiveWeight), softplus(neg(logits)));
  return reduceTerms(add(yes, mul(sub(1, target), softplus(logits))), reduction, logits);
}

/** Squared error, mean over all values unless told otherwise. Throws BAD_INPUT unless shapes are equal. */
export function meanSquaredError(x: Tensor, target: Targets, given: ValueOptions = {}): Tensor {
  const { reduction } = lossOptions(VALUE_DEFAULTS, given);
  return reduceTerms(square(sub(x, targetOf(x, target))), reduction, x);
}

export interface HuberOptions extends ValueOptions {
  /** Error from which on the loss grows in a line, default 1. */
  delta?: number;
}

export const HUBER_DEFAULTS: Required<HuberOptions> = { ...VALUE_DEFAULTS, delta: 1 };

/** Huber loss: ½ e² up to |e| = delta, then delta · (|e| − ½ delta). Throws BAD_INPUT unless shapes are equal. */
export function huber(x: Tensor, target: Targets, given: HuberOptions = {}): Tensor {
  const { delta, reduction } = lossOptions(HUBER_DEFAULTS, given);
  const error = abs(sub(x, targetOf(x, target)));
  // With c = min(|e|, delta), both branches are c · (|e| − ½ c).
  const core = minimum(error, delta);
  return reduceTerms(mul(core, sub(error, mul(core, 0.5))), reduction, x);
}
