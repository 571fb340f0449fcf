import { add, custom, logSumExp, mul, pick, reshape, sub, type Tensor } from "../../autodiff/index.ts";
import { dots, nothing, type Reduction, reduceTerms, unitRows } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { classRows } from "./proxies.ts";

export interface MarginSoftmaxOptions {
  /** ArcFace: added to the angle, in radians, default 0.5. CosFace: taken from the cosine, default 0.35. */
  margin?: number;
  /** Multiplies cosines, default 64. */
  scale?: number;
  /** Default `mean`. */
  reduction?: Reduction;
}

export const ARC_FACE_DEFAULTS: Required<MarginSoftmaxOptions> = {
  margin: 0.5,
  scale: 64,
  reduction: "mean",
};
export const COS_FACE_DEFAULTS: Required<MarginSoftmaxOptions> = {
  margin: 0.35,
  scale: 64,
  reduction: "mean",
};

/**
 * ArcFace: softmax over scaled cosines to one vector a class, the angle to the own class made larger by a margin.
 *
 * @param z shape n × d
 * @param labels row of `weights` for each row of z
 * @param weights a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Deng, Guo, Xue & Zafeiriou, ArcFace, CVPR 2019
 */
export function arcFace(
  z: Tensor,
  labels: ArrayLike<number>,
  weights: Tensor,
  given: MarginSoftmaxOptions = {},
): Tensor {
  const { margin, scale, reduction } = lossOptions(ARC_FACE_DEFAULTS, given);
  return marginSoftmax(z, labels, weights, scale, reduction, (cosines) => widened(cosines, margin));
}

/**
 * CosFace: softmax over scaled cosines to one vector a class, the cosine to the own class made smaller by a margin.
 *
 * @param z shape n × d
 * @param labels row of `weights` for each row of z
 * @param weights a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Wang et al., CosFace, CVPR 2018
 */
export function cosFace(
  z: Tensor,
  labels: ArrayLike<number>,
  weights: Tensor,
  given: MarginSoftmaxOptions = {},
): Tensor {
  const { margin, scale, reduction } = lossOptions(COS_FACE_DEFAULTS, given);
  return marginSoftmax(z, labels, weights, scale, reduction, (cosines) => sub(cosines, margin));
}

export interface NormalisedSoftmaxOptions {
  /** Divides the cosines, default 0.05. */
  temperature?: number;
  /** Default `mean`. */
  reduction?: Reduction;
}

export const NORMALISED_SOFTMAX_DEFAULTS: Required<NormalisedSoftmaxOptions> = {
  temperature: 0.05,
  reduction: "mean",
};

/**
 * Softmax over cosines to one vector a class, over a temperature.
 *
 * @param z shape n × d
 * @param labels row of `weights` for each row of z
 * @param weights a parameter of shape classes × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @see Zhai & Wu, Classification is a Strong Baseline for Deep Metric Learning, BMVC 2019
 */
export function normalisedSoftmax(
  z: Tensor,
  labels: ArrayLike<number>,
  weights: Tensor,
  given: NormalisedSoftmaxOptions = {},
): Tensor {
  const { temperature, reduction } = lossOptions(NORMALISED_SOFTMAX_DEFAULTS, given);
  return marginSoftmax(z, labels, weights, 1 / temperature, reduction, (cosines) => cosines);
}

/** Cross-entropy over scale · cosine, where `handicap` makes the own class's cosine harder. */
function marginSoftmax(
  z: Tensor,
  labels: ArrayLike<number>,
  weights: Tensor,
  scale: number,
  reduction: Reduction,
  handicap: (cosines: Tensor) => Tensor,
): Tensor {
  const own = classRows(z, labels, weights);
  if (own.length === 0) return add(nothing(z), nothing(weights));
  const classes = weights.shape[0]!;
  const cosines = dots(unitRows(z), unitRows(weights));
  const target = handicap(pick(cosines, own));
  // The other classes' scores stay; the own class's becomes the target.
  const at = new Float64Array(own.length * classes);
  for (const [i, c] of own.entries()) at[i * classes + c] = 1;
  const here = z.tape.tensor(at, [own.length, classes]);
  const change = reshape(sub(target, pick(cosines, own)), [own.length, 1]);
  const scores = mul(add(cosines, mul(here, change)), scale);
  return reduceTerms(sub(logSumExp(scores), mul(target, scale)), reduction, z);
}

/** Smallest sine that a gradient divides by: near an angle of 0 it grows without bound. */
const LEAST_SINE = 1e-4;

/**
 * cos(θ + margin) from cos θ. Beyond θ = π − margin, where that would rise again, cos θ − margin · sin margin, as in the
 * authors' program.
 */
function widened(cosines: Tensor, margin: number): Tensor {
  const [cosMargin, sinMargin] = [Math.cos(margin), Math.sin(margin)];
  const sine = (cosine: number): number => Math.sqrt(Math.max(0, (1 - cosine) * (1 + cosine)));
  return custom({
    inputs: [cosines],
    shape: cosines.shape,
    forward(out, given) {
      for (const [i, c] of given!.entries()) {
        out[i] = c > -cosMargin ? c * cosMargin - sine(c) * sinMargin : c - margin * sinMargin;
      }
    },
    backward({ outputGradient, inputs, gradients }) {
      const [into] = gradients;
      if (into === undefined) return;
      for (const [i, c] of inputs[0]!.entries()) {
        const slope = c > -cosMargin ? cosMargin + (c * sinMargin) / Math.max(LEAST_SINE, sine(c)) : 1;
        into[i]! += slope * outputGradient[i]!;
      }
    },
  });
}
