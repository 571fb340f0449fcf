import type { Shape } from "./shape.ts";
import { createTape, type Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./tensor.ts";

/** An input of {@link checkGradients}: numbers in a shape. */
export interface CheckedInput {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** Where a gradient is furthest from the difference quotient. */
export interface GradientCheck {
  /** |gradient − quotient| ÷ max(1, |quotient|), the largest. */
  readonly error: number;
  /** Which input, and which of its values. */
  readonly input: number;
  readonly at: number;
  readonly gradient: number;
  readonly quotient: number;
}

/**
 * Compares gradients with central differences, in float64: f(x + h) − f(x − h) over 2 h for each value of each
 * input. Cost: two runs of the function for each value.
 *
 * @param loss builds a number from the inputs; it must be smooth there
 */
export function checkGradients(
  inputs: readonly CheckedInput[],
  loss: (tape: Tape, ...inputs: Tensor[]) => Tensor,
  h = 1e-5,
): GradientCheck {
  const tape = createTape({ precision: "f64" });
  const given: Parameter[] = inputs.map(({ shape, values }) => tape.parameter(shape, values));
  tape.step(() => tape.backward(loss(tape, ...given)));
  const gradients = given.map((input) => input.gradient());
  const value = (): number => tape.step(() => loss(tape, ...given).item());
  let worst: GradientCheck = { error: 0, input: 0, at: 0, gradient: 0, quotient: 0 };
  given.forEach((input, index) => {
    const values = Float64Array.from(inputs[index]!.values);
    for (let at = 0; at < values.length; at++) {
      const middle = values[at]!;
      const moved = [middle + h, middle - h].map((to) => {
        values[at] = to;
        input.set(values);
        return value();
      });
      values[at] = middle;
      input.set(values);
      const quotient = (moved[0]! - moved[1]!) / (2 * h);
      const gradient = gradients[index]![at]!;
      const error = Math.abs(gradient - quotient) / Math.max(1, Math.abs(quotient));
      if (!(error <= worst.error)) worst = { error, input: index, at, gradient, quotient };
    }
  });
  tape.dispose();
  return worst;
}
