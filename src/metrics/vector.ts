import { type Scalars, VicinalError } from "../core/index.ts";
import { halfToF32 } from "../kernels/reference.ts";

/** One vector: any numeric typed array or plain array; a Uint16Array holds binary16 bit patterns. */
export type Vector = Scalars | readonly number[];

/** The vector as finite numbers, or NOT_FINITE, BAD_INPUT. Half floats are decoded into a copy. */
export function checkVector(v: Vector, what: string): ArrayLike<number> {
  const listed = Array.isArray(v) || (ArrayBuffer.isView(v) && !(v instanceof DataView));
  if (!listed || v.length === 0) {
    const got = listed ? "empty" : v === null ? "null" : typeof v;
    throw new VicinalError("BAD_INPUT", { what, got, rule: "an array or typed array of numbers" });
  }
  const numbers = v instanceof Uint16Array ? Float32Array.from(v, halfToF32) : v;
  for (let i = 0; i < numbers.length; i++) {
    const x: unknown = numbers[i];
    if (typeof x !== "number" || !Number.isFinite(x)) {
      const got = typeof x === "number" ? x : String(x);
      throw new VicinalError("NOT_FINITE", { what, row: 0, column: i, got });
    }
  }
  return numbers;
}

/** Two vectors of one length, checked. Throws DIM_MISMATCH besides what {@link checkVector} throws. */
export function checkPair(a: Vector, b: Vector): readonly [ArrayLike<number>, ArrayLike<number>] {
  const x = checkVector(a, "a");
  const y = checkVector(b, "b");
  if (x.length !== y.length) {
    throw new VicinalError("DIM_MISMATCH", { what: "b", got: y.length, want: x.length });
  }
  return [x, y];
}
