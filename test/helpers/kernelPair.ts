import type { Kernels } from "../../src/autodiff/kernels.ts";
import { createReferenceKernels } from "../../src/autodiff/reference/kernels.ts";
import { createRng } from "../../src/core/rng.ts";

/** Where tests put arrays: past what kernels keep for themselves. */
export const START = 4096;

/**
 * Kernels to test beside the float64 reference: both work on the same numbers, at the same addresses. After an
 * operation the whole heaps are compared, so that stray writes show.
 */
export class KernelPair {
  readonly tested: Kernels;
  readonly #truth: Kernels = createReferenceKernels("f64");
  #end = START;

  constructor(tested: Kernels) {
    this.tested = tested;
  }

  /** A new round: all room is free again. */
  clear(): void {
    this.#end = START;
  }

  /** Room for n numbers, zero, with a gap before it that must stay as it is; not aligned to more than 4 elements. */
  room(n: number): number {
    const at = this.#end + 4;
    this.#end = Math.ceil((at + n) / 4) * 4;
    this.tested.reserve(this.#end + 64);
    this.#truth.reserve(this.#end + 64);
    for (const { heap } of [this.tested, this.#truth]) heap.fill(0, at - 4, this.#end + 64);
    return at;
  }

  /** Room that holds these numbers in both. */
  put(values: ArrayLike<number>): number {
    const at = this.room(values.length);
    const rounded = Float32Array.from(values);
    this.tested.heap.set(rounded, at);
    this.#truth.heap.set(rounded, at);
    return at;
  }

  /** Makes the truth start from what the tested kernels hold now. */
  level(): void {
    this.#truth.heap.set(this.tested.heap.subarray(START, this.#end + 64), START);
  }

  /** n numbers between −1 and 1. */
  random(n: number, seed: number): number {
    const rng = createRng(seed, "kernels");
    return this.put(Float32Array.from({ length: n }, () => 2 * rng.next() - 1));
  }

  /**
   * Does the same to both; returns the largest difference anywhere, over 1 + |true value|. NaN where one has NaN or
   * an infinity that the other lacks.
   */
  difference(act: (kernels: Kernels) => void): number {
    act(this.tested);
    act(this.#truth);
    let worst = 0;
    const got = this.tested.heap;
    const want = this.#truth.heap;
    for (let i = START; i < this.#end + 64; i++) {
      const x = got[i]!;
      const y = want[i]!;
      if (Object.is(x, y) || x === y) continue;
      const error = Math.abs(x - y) / (1 + Math.abs(y));
      if (!(error <= worst)) worst = error;
      if (Number.isNaN(error)) return error;
    }
    return worst;
  }
}
