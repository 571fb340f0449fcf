import { VicinalError } from "../../core/index.ts";
import type { NamedParameters } from "../layers/layer.ts";
import type { Parameter } from "../tensor.ts";

/** How far gradients may go: their common length, or each value. */
export type Clip = { readonly norm: number } | { readonly value: number };

const graded = (parameters: NamedParameters): Parameter[] =>
  Object.values(parameters).filter(({ slot, trained }) => trained && slot.graded);

/** √ Σ g² over the gradients of all trained parameters; NaN or infinite when one of them is. */
export function gradientNorm(parameters: NamedParameters): number {
  let squares = 0;
  for (const { tape, slot } of graded(parameters))
    squares += tape.kernels.sumOfSquares(slot.gradient, slot.size);
  return Math.sqrt(squares);
}

/**
 * Makes gradients smaller where they are too large: all of them by one factor so that their length is at most
 * `norm`, or each value into ± `value`. Gradients that are not finite stay, for the optimiser to refuse.
 *
 * @returns the length before
 */
export function clipGradients(parameters: NamedParameters, clip: Clip): number {
  if (typeof clip !== "object" || clip === null) {
    throw new VicinalError("OPTION_RANGE", { option: "clip", got: clip, rule: "{ norm } or { value }" });
  }
  const [option, limit] = "norm" in clip ? (["norm", clip.norm] as const) : (["value", clip.value] as const);
  if (!(typeof limit === "number" && limit > 0)) {
    throw new VicinalError("OPTION_RANGE", { option: `clip.${option}`, got: limit, rule: "above 0" });
  }
  const norm = gradientNorm(parameters);
  if (option === "norm") {
    if (!(norm > limit && norm < Number.POSITIVE_INFINITY)) return norm;
    for (const { tape, slot } of graded(parameters)) {
      tape.kernels.axpy(limit / norm - 1, slot.gradient, slot.gradient, slot.size);
    }
    return norm;
  }
  for (const { tape, slot } of graded(parameters)) {
    const { heap } = tape.kernels;
    for (let i = slot.gradient; i < slot.gradient + slot.size; i++) {
      const g = heap[i]!;
      if (g > limit) heap[i] = limit;
      else if (g < -limit) heap[i] = -limit;
    }
  }
  return norm;
}
