import { VicinalError } from "../core/index.ts";
import type { Address } from "./kernels.ts";
import { type Shape, shapeText, sizeOf } from "./shape.ts";
import type { Tape } from "./tape.ts";

/** Where a tensor's values and their gradient lie; views of one tensor share it. @internal */
export interface Slot {
  readonly address: Address;
  readonly size: number;
  /** Whether a loss may depend on it through something trained. */
  readonly tracked: boolean;
  /** Number of the step it belongs to; 0 for what stays. */
  readonly step: number;
  /** Room for the gradient, 0 until there is some. */
  gradient: Address;
  /** Whether the gradient holds a value. */
  graded: boolean;
}

/** Numbers in a shape, on a tape. Those made during a step last until it ends. */
export class Tensor {
  readonly tape: Tape;
  readonly shape: Shape;
  /** @internal */
  readonly slot: Slot;

  /** Made by tapes and operations. @internal */
  constructor(tape: Tape, shape: Shape, slot: Slot) {
    this.tape = tape;
    this.shape = shape;
    this.slot = slot;
  }

  get size(): number {
    return this.slot.size;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** @internal */
  get address(): Address {
    this.tape.requireAlive(this);
    return this.slot.address;
  }

  /** A copy of the values, row-major. */
  values(): Float32Array | Float64Array {
    const { address } = this;
    return this.tape.kernels.heap.slice(address, address + this.size);
  }

  /** The only value of a tensor of one. Throws BAD_INPUT for others. */
  item(): number {
    if (this.size !== 1) {
      throw new VicinalError("BAD_INPUT", {
        what: "tensor",
        got: shapeText(this.shape),
        rule: "of one value",
      });
    }
    return this.tape.kernels.heap[this.address]!;
  }

  /** A copy of the gradient that the last backward pass left; zeros where the loss did not depend on this. */
  gradient(): Float32Array | Float64Array {
    this.tape.requireAlive(this);
    const { heap, precision } = this.tape.kernels;
    const { gradient, graded, size } = this.slot;
    if (!graded) return precision === "f32" ? new Float32Array(size) : new Float64Array(size);
    return heap.slice(gradient, gradient + size);
  }
}

/** Throws BAD_INPUT for what is no list of numbers; NaN is a number. @internal */
export function checkValues(values: ArrayLike<number>): void {
  const isTyped = ArrayBuffer.isView(values) && "length" in values;
  const isSound = isTyped
    ? values.length === 0 || typeof values[0] === "number"
    : Array.isArray(values) && values.every((value) => typeof value === "number");
  if (isSound) return;
  throw new VicinalError("BAD_INPUT", {
    what: "values",
    got: String(values).slice(0, 60),
    rule: "an array or a typed array of numbers",
  });
}

/** A tensor that stays: what is trained, or kept beside it. */
export class Parameter extends Tensor {
  /** Whether training changes it; false for what is only kept, such as running means. */
  readonly trained: boolean;

  /** Made by {@link Tape.parameter}. @internal */
  constructor(tape: Tape, shape: Shape, slot: Slot, trained: boolean) {
    super(tape, shape, slot);
    this.trained = trained;
  }

  /** Replaces the values. Throws BAD_INPUT when their number differs. */
  set(values: ArrayLike<number>): void {
    checkValues(values);
    if (values.length !== this.size) {
      throw new VicinalError("BAD_INPUT", {
        what: "values",
        got: `${values.length} numbers`,
        rule: `${sizeOf(this.shape)} for shape ${shapeText(this.shape)}`,
      });
    }
    this.tape.kernels.heap.set(values, this.slot.address);
  }
}
