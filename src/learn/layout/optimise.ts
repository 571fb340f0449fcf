import { createRng, type Job, type Progress } from "../../core/index.ts";
import type { Csr } from "../linalg/csr.ts";
import type { Curve } from "./curve.ts";

/** Rows that move, and those that they are drawn to and pushed from (which may be the same). */
export interface LayoutPlan {
  /** n × m, moved in place. */
  readonly head: Float32Array;
  readonly tail: Float32Array;
  readonly m: number;
  /** Rows of tail. */
  readonly tailRows: number;
  /** Whether rows of tail move too. */
  readonly moveTail: boolean;
  readonly graph: Csr;
  readonly curve: Curve;
  readonly epochs: number;
  readonly learningRate: number;
  readonly negativeSampleRate: number;
  readonly repulsionStrength: number;
  readonly seed: number;
}

/** No component moves farther than this times the learning rate at once. */
const CLIP = 4;
/** Edges between two looks at the clock. */
const CHUNK = 1 << 18;

/**
 * The layout's stochastic gradient descent (McInnes et al. 2018, algorithm 5): in every epoch each edge is taken as often as
 * its weight says; its ends draw together, and its head is pushed from a few rows drawn at random.
 */
export class LayoutRun {
  readonly epochs: number;
  readonly #plan: LayoutPlan;
  readonly #heads: Uint32Array;
  readonly #tails: Uint32Array;
  /** Epochs from one sample of an edge to the next, and when the next is due. */
  readonly #every: Float32Array;
  readonly #due: Float32Array;
  readonly #dueNegative: Float32Array;
  readonly #power: PowerTable;
  readonly #random: Uint32Array;
  #epoch = 0;

  constructor(plan: LayoutPlan) {
    this.#plan = plan;
    this.epochs = plan.epochs;
    const { indptr, indices, data, rows } = plan.graph;
    let most = 0;
    for (const weight of data) most = Math.max(most, weight);
    // Edges that would not be sampled even once are left out.
    const least = most / plan.epochs;
    let edges = 0;
    for (const weight of data) if (weight >= least) edges++;
    this.#heads = new Uint32Array(edges);
    this.#tails = new Uint32Array(edges);
    this.#every = new Float32Array(edges);
    let end = 0;
    for (let i = 0; i < rows; i++) {
      for (let at = indptr[i]!; at < indptr[i + 1]!; at++) {
        if (!(data[at]! >= least)) continue;
        this.#heads[end] = i;
        this.#tails[end] = indices[at]!;
        this.#every[end++] = most / data[at]!;
      }
    }
    this.#due = this.#every.slice();
    this.#dueNegative = this.#every.map((every) => every / plan.negativeSampleRate);
    this.#power = new PowerTable(plan.curve.b);
    this.#random = Uint32Array.of(createRng(plan.seed, "layout").u32() | 1);
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Runs until that many epochs are done, one progress report an epoch or so. */
  *until(epoch: number): Job<void> {
    while (this.#epoch < Math.min(epoch, this.epochs)) {
      for (let from = 0; from < this.#heads.length; from += CHUNK) {
        this.#pass(from, Math.min(this.#heads.length, from + CHUNK));
        yield this.#progress();
      }
      this.#epoch++;
    }
  }

  #progress(): Progress {
    return { phase: "layout", done: this.#epoch, total: this.epochs };
  }

  /** Edges from … to−1 in this epoch. */
  #pass(from: number, to: number): void {
    const { m, learningRate } = this.#plan;
    const alpha = learningRate * (1 - this.#epoch / this.epochs);
    if (m === 2) this.#passPlane(from, to, alpha);
    else this.#passAny(from, to, alpha);
  }

  /** Two components, written out: the case of maps. */
  #passPlane(from: number, to: number, alpha: number): void {
    const { head, tail, tailRows, moveTail, curve, negativeSampleRate, repulsionStrength } = this.#plan;
    const { a, b } = curve;
    const power = this.#power;
    const epoch = this.#epoch;
    const [heads, tails, everies] = [this.#heads, this.#tails, this.#every];
    const [due, dueNegative] = [this.#due, this.#dueNegative];
    const pull = -2 * a * b;
    const push = 2 * repulsionStrength * b;
    const perDraw = tailRows / 0x100000000;
    let state = this.#random[0]! | 0;
    for (let e = from; e < to; e++) {
      if (due[e]! > epoch) continue;
      const i = heads[e]! * 2;
      const j = tails[e]! * 2;
      let x = head[i]!;
      let y = head[i + 1]!;
      let dx = x - tail[j]!;
      let dy = y - tail[j + 1]!;
      let squared = dx * dx + dy * dy;
      if (squared > 0) {
        const p = power.of(squared);
        const c = (pull * p) / (squared * (a * p + 1));
        const mx = alpha * clip(c * dx);
        const my = alpha * clip(c * dy);
        x += mx;
        y += my;
        if (moveTail) {
          tail[j]! -= mx;
          tail[j + 1]! -= my;
        }
      }
      const every = everies[e]!;
      due[e]! += every;
      const everyNegative = every / negativeSampleRate;
      const count = Math.floor((epoch - dueNegative[e]!) / everyNegative);
      for (let s = 0; s < count; s++) {
        // Marsaglia's xorshift: a closure for each of some 10⁹ draws would cost more than the rest.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const k = Math.floor((state >>> 0) * perDraw) * 2;
        if (k === i && moveTail) continue;
        dx = x - tail[k]!;
        dy = y - tail[k + 1]!;
        squared = dx * dx + dy * dy;
        if (squared > 0) {
          const c = push / ((0.001 + squared) * (a * power.of(squared) + 1));
          x += alpha * clip(c * dx);
          y += alpha * clip(c * dy);
        } else {
          // Rows at the same place part, whatever the direction.
          x += alpha * CLIP;
          y += alpha * CLIP;
        }
      }
      head[i] = x;
      head[i + 1] = y;
      if (count > 0) dueNegative[e]! += count * everyNegative;
    }
    this.#random[0] = state;
  }

  #passAny(from: number, to: number, alpha: number): void {
    const { head, tail, tailRows, moveTail, curve, m, negativeSampleRate, repulsionStrength } = this.#plan;
    const { a, b } = curve;
    const power = this.#power;
    const epoch = this.#epoch;
    const [heads, tails, everies] = [this.#heads, this.#tails, this.#every];
    const [due, dueNegative] = [this.#due, this.#dueNegative];
    const perDraw = tailRows / 0x100000000;
    let state = this.#random[0]! | 0;
    for (let e = from; e < to; e++) {
      if (due[e]! > epoch) continue;
      const i = heads[e]! * m;
      const j = tails[e]! * m;
      let squared = squaredDistance(head, i, tail, j, m);
      if (squared > 0) {
        const p = power.of(squared);
        const c = (-2 * a * b * p) / (squared * (a * p + 1));
        for (let d = 0; d < m; d++) {
          const move = alpha * clip(c * (head[i + d]! - tail[j + d]!));
          head[i + d]! += move;
          if (moveTail) tail[j + d]! -= move;
        }
      }
      const every = everies[e]!;
      due[e]! += every;
      const everyNegative = every / negativeSampleRate;
      const count = Math.floor((epoch - dueNegative[e]!) / everyNegative);
      for (let s = 0; s < count; s++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const k = Math.floor((state >>> 0) * perDraw) * m;
        if (k === i && moveTail) continue;
        squared = squaredDistance(head, i, tail, k, m);
        const c =
          squared > 0 ? (2 * repulsionStrength * b) / ((0.001 + squared) * (a * power.of(squared) + 1)) : 0;
        for (let d = 0; d < m; d++) {
          head[i + d]! += alpha * (squared > 0 ? clip(c * (head[i + d]! - tail[k + d]!)) : CLIP);
        }
      }
      if (count > 0) dueNegative[e]! += count * everyNegative;
    }
    this.#random[0] = state;
  }
}

function clip(x: number): number {
  return x > CLIP ? CLIP : x < -CLIP ? -CLIP : x;
}

function squaredDistance(x: Float32Array, a: number, y: Float32Array, b: number, m: number): number {
  let sum = 0;
  for (let d = 0; d < m; d++) {
    const off = x[a + d]! - y[b + d]!;
    sum += off * off;
  }
  return sum;
}

/** x^b for positive float32 x, to about 1e-8: a table of exponents times a table of mantissas, interpolated. */
class PowerTable {
  readonly #float: Float32Array = new Float32Array(1);
  readonly #bits: Uint32Array = new Uint32Array(this.#float.buffer);
  readonly #exponents: Float64Array;
  readonly #mantissas: Float64Array;

  constructor(b: number) {
    this.#exponents = Float64Array.from({ length: 256 }, (_, e) => 2 ** (b * (e - 127)));
    this.#mantissas = Float64Array.from({ length: 2049 }, (_, i) => (1 + i / 2048) ** b);
  }

  of(x: number): number {
    this.#float[0] = x;
    const bits = this.#bits[0]!;
    const at = (bits >>> 12) & 2047;
    const low = this.#mantissas[at]!;
    const between = low + (this.#mantissas[at + 1]! - low) * ((bits & 4095) / 4096);
    return this.#exponents[bits >>> 23]! * between;
  }
}
