import { type Shape, shapeError, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

type Values = Float32Array | Float64Array;

/** An operation of one's own. Arrays are views that hold until the function returns; make no tensors meanwhile. */
export interface CustomOperation {
  readonly inputs: readonly Tensor[];
  readonly shape: Shape;
  /** Fills `output` from the inputs' values. */
  forward(output: Values, ...inputs: Values[]): void;
  /**
   * Adds to the inputs' gradients what the output's gradient asks for. An input that nothing trained
   * leads to has undefined.
   */
  backward(pass: {
    readonly outputGradient: Values;
    readonly output: Values;
    readonly inputs: readonly Values[];
    readonly gradients: readonly (Values | undefined)[];
  }): void;
}

/** Puts an operation with a gradient of its own on the tape of its inputs (at least one). Check it with checkGradients. */
export function custom({ inputs, shape, forward, backward }: CustomOperation): Tensor {
  const first = inputs[0];
  if (first === undefined) throw shapeError("custom", "no input", "at least one");
  const { tape } = first;
  const { kernels } = tape;
  const size = sizeOf(shape);
  const view = (address: number, length: number): Values => kernels.heap.subarray(address, address + length);
  const values = (): Values[] => inputs.map((input) => view(input.address, input.size));
  return tape.apply(
    inputs,
    shape,
    (y) => forward(view(y, size), ...values()),
    (dy, y) => {
      const rooms = inputs.map((input) => (input.slot.tracked ? tape.gradient(input) : undefined));
      const gradients = rooms.map((room, i) =>
        room === undefined ? undefined : view(room, inputs[i]!.size),
      );
      backward({ outputGradient: view(dy, size), output: view(y, size), inputs: values(), gradients });
    },
  );
}
