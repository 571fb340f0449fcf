import { createRng, type Rng } from "../core/index.ts";
import { pad16, type Space } from "../kernels/space.ts";
import type { Tasks } from "../kernels/task.ts";
import { BookTrainer, bookBytes } from "./pqBooks.ts";

/** What a rotation is trained for: from so many components to so many, cut into m parts. */
export interface OpqOptions {
  readonly m: number;
  readonly from: number;
  readonly to: number;
  /** Of a part's code: the rotation that suits 16 centroids is not that for 256. */
  readonly nbits: 4 | 8;
  readonly seed: number;
}

/** Rows in a space to train on; `stride` bytes apart, zero beyond the dimension. */
export interface OpqSample {
  readonly rows: number;
  readonly stride: number;
  readonly vectors: string;
  readonly threads: number;
}

/** A matrix in a section, rows of a multiple of eight f32. */
interface Part {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

const FIRST_ROUNDS = 12;
const NEXT_ROUNDS = 3;
/** Rotations tried from each start, then from the better one. */
const TRIALS = 3;
const SAMPLE_ROWS = 1 << 13;
/** Products of one call. */
const CALL_PRODUCTS = 1 << 24;
/** Below this share of the largest singular value a rotation is kept as it was: there are no rows to say otherwise. */
const KEEP = 0.01;
const POLAR_ROUNDS = 24;

const padded = (columns: number): number => (columns + 7) & ~7;

/**
 * Trains the rotation of OPQ: rows are turned and coded by turns, and the rotation that takes rows nearest to what their
 * codes stand for replaces the former. It begins with no rotation and with one at random, and goes on from the better.
 *
 * Rotations are found as polar factors, by Newton–Schulz steps, which are products of matrices and nothing else.
 *
 * @see Ge, He, Ke & Sun, Optimized Product Quantization, 2013
 * @see Higham, Functions of Matrices, 2008, chapter 8
 */
export class OpqTrainer {
  readonly #space: Space;
  readonly #sample: OpqSample;
  readonly #options: OpqOptions;
  readonly #step: number;
  readonly #count: number;
  readonly #parts: Readonly<Record<"rotation" | "best" | "next" | "gram" | "turned", Part>>;

  constructor(space: Space, sample: OpqSample, options: OpqOptions) {
    const { from, to } = options;
    this.#space = space;
    this.#sample = sample;
    this.#options = options;
    this.#step = Math.ceil(sample.rows / SAMPLE_ROWS);
    this.#count = Math.ceil(sample.rows / this.#step);
    const part = (name: string, rows: number, columns: number): Part => ({ name, rows, columns });
    this.#parts = {
      // Rotations are kept transposed: a column for each component to be made.
      rotation: part("opqRotation", from, to),
      best: part("opqBest", from, to),
      next: part("opqNext", from, to),
      gram: part("opqGram", to, to),
      turned: part("opqTurned", this.#count, to),
    };
  }

  /** Rows of the rotation into the section: `to` rows of the sample's padded width. */
  *train(into: string): Tasks<void> {
    const { from, to } = this.#options;
    const sizes: Record<string, number> = {
      opqProduct: 64,
      opqBooks: this.#bookShape.m * bookBytes(this.#bookShape),
    };
    for (const { name, rows, columns } of Object.values(this.#parts))
      sizes[name] = rows * padded(columns) * 4;
    this.#space.set(sizes);
    try {
      let best = Number.POSITIVE_INFINITY;
      const starts: (() => Tasks<void>)[] =
        from === to ? [() => this.#unturned(), () => this.#random()] : [() => this.#random()];
      for (const start of starts) {
        yield* start();
        best = yield* this.#improve(TRIALS, best);
      }
      this.#copy("best", "rotation");
      yield* this.#improve(from > 256 ? 2 : 10, best);
      this.#write(into);
    } finally {
      this.#space.set(Object.fromEntries(Object.keys(sizes).map((name) => [name, 0])));
    }
  }

  get #bookShape(): { d: number; m: number; ksub: number } {
    return { d: this.#options.to, m: this.#options.m, ksub: 2 ** this.#options.nbits };
  }

  /** Turns, codes and rotates anew so many times; keeps the best rotation met. Returns the least error. */
  *#improve(rounds: number, least: number): Tasks<number> {
    const { turned } = this.#parts;
    const sample = { section: turned.name, rows: turned.rows, stride: padded(turned.columns) * 4 };
    const books = { section: "opqBooks", at: 0 };
    const trainer = new BookTrainer(this.#space, this.#bookShape, sample, books, this.#sample.threads);
    let best = least;
    try {
      trainer.pickFirst(this.#options.seed);
      for (let round = 0; ; round++) {
        yield* this.#turn();
        yield* trainer.rounds(round === 0 ? FIRST_ROUNDS : NEXT_ROUNDS, round === 0);
        const before = this.#space.f32(turned.name).slice();
        yield* trainer.snap();
        const error = squaredError(before, this.#space.f32(turned.name));
        if (error < best) {
          best = error;
          this.#copy("rotation", "best");
        }
        if (round === rounds) return best;
        yield* this.#align();
      }
    } finally {
      trainer.release();
    }
  }

  /** turned = sample · rotation. */
  *#turn(): Tasks<void> {
    const { vectors, stride } = this.#sample;
    const { turned, rotation } = this.#parts;
    yield* this.#multiply(
      { section: vectors, row: stride * this.#step, column: 4, rows: this.#count, depth: this.#options.from },
      rotation,
      turned,
    );
  }

  /** The rotation that takes the sample nearest to `turned`, as it is now. */
  *#align(): Tasks<void> {
    const { vectors, stride } = this.#sample;
    const { turned, next, rotation } = this.#parts;
    const { from } = this.#options;
    yield* this.#multiply(
      { section: vectors, row: 4, column: stride * this.#step, rows: from, depth: this.#count },
      turned,
      next,
    );
    this.#centre();
    const size = yield* this.#largest(next);
    if (!(size > 0)) return;
    const target = this.#space.f32(next.name);
    const former = this.#space.f32(rotation.name);
    for (let i = 0; i < target.length; i++) target[i] = target[i]! / size + KEEP * former[i]!;
    this.#copy("next", "rotation");
    yield* this.#polar();
  }

  /** Makes `next`, the product of the sample with `turned`, that of both without their means. */
  #centre(): void {
    const { next, turned } = this.#parts;
    const { from, to } = this.#options;
    const data = this.#space.f32(next.name);
    const second = this.#mean(turned.name, padded(to), to);
    const { vectors, stride } = this.#sample;
    const first = this.#mean(vectors, (stride >>> 2) * this.#step, from);
    for (let i = 0; i < from; i++) {
      for (let j = 0; j < to; j++) data[i * padded(to) + j]! -= this.#count * first[i]! * second[j]!;
    }
  }

  #mean(section: string, stride: number, columns: number): Float64Array {
    const data = this.#space.f32(section);
    const mean = new Float64Array(columns);
    for (let i = 0; i < this.#count; i++) {
      for (let j = 0; j < columns; j++) mean[j]! += data[i * stride + j]! / this.#count;
    }
    return mean;
  }

  /** Makes the columns of `rotation` orthonormal, those nearest to what they were. */
  *#polar(): Tasks<void> {
    const { rotation, gram, next } = this.#parts;
    for (let round = 0; round < POLAR_ROUNDS; round++) {
      yield* this.#gram(rotation);
      const off = this.#distanceFromIdentity();
      yield* this.#multiply(rowsOf(rotation), gram, next, { alpha: -0.5, add: rotation, beta: 1.5 });
      this.#copy("next", "rotation");
      // Quadratic: once within it, the step just made was the last that counts.
      if (off < 1e-4) return;
    }
  }

  *#gram(of: Part): Tasks<void> {
    const { gram } = this.#parts;
    const stride = padded(of.columns) * 4;
    yield* this.#multiply(
      { section: of.name, row: 4, column: stride, rows: of.columns, depth: of.rows },
      of,
      gram,
    );
  }

  /** About the largest singular value, by power iteration; not below 0.9 of it for what is met in practice. */
  *#largest(of: Part): Tasks<number> {
    yield* this.#gram(of);
    const n = of.columns;
    const stride = padded(n);
    const gram = this.#space.f32(this.#parts.gram.name);
    let x = Float64Array.from({ length: n }, (_, i) => 1 + gram[i * stride + i]!);
    let size = 0;
    for (let round = 0; round < 20; round++) {
      const y = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += gram[i * stride + j]! * x[j]!;
        y[i] = sum;
      }
      size = Math.hypot(...y) / Math.hypot(...x);
      const scale = Math.hypot(...y);
      if (!(scale > 0)) return 0;
      x = y.map((value) => value / scale);
    }
    return Math.sqrt(size);
  }

  #distanceFromIdentity(): number {
    const { name, columns } = this.#parts.gram;
    const gram = this.#space.f32(name);
    const stride = padded(columns);
    let most = 0;
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) {
        most = Math.max(most, Math.abs(gram[i * stride + j]! - (i === j ? 1 : 0)));
      }
    }
    return most;
  }

  // biome-ignore lint/correctness/useYield: a start like the other.
  *#unturned(): Tasks<void> {
    const { name, rows, columns } = this.#parts.rotation;
    const to = this.#space.f32(name).fill(0);
    for (let i = 0; i < rows; i++) to[i * padded(columns) + i] = 1;
  }

  /** Random directions; where components are to be fewer, within those of the largest variance. */
  *#random(): Tasks<void> {
    const { rotation, next } = this.#parts;
    const { from, to, seed } = this.#options;
    const rng = createRng(seed, "opq");
    fillNormal(this.#space.f32(rotation.name), rotation, rng);
    orthonormalize(this.#space.f32(rotation.name), rotation);
    for (let round = 0; from !== to && round < 6; round++) {
      yield* this.#turn();
      const { vectors, stride } = this.#sample;
      yield* this.#multiply(
        { section: vectors, row: 4, column: stride * this.#step, rows: from, depth: this.#count },
        this.#parts.turned,
        next,
      );
      this.#centre();
      this.#copy("next", "rotation");
      orthonormalize(this.#space.f32(rotation.name), rotation);
    }
    if (from === to) return;
    // Columns come in order of variance: mixed at random, parts share it out.
    const mixing = { name: this.#parts.gram.name, rows: to, columns: to };
    fillNormal(this.#space.f32(mixing.name), mixing, rng);
    orthonormalize(this.#space.f32(mixing.name), mixing);
    yield* this.#multiply(rowsOf(rotation), mixing, next);
    this.#copy("next", "rotation");
  }

  #copy(from: "rotation" | "next" | "best", to: "rotation" | "best"): void {
    this.#space.f32(this.#parts[to].name).set(this.#space.f32(this.#parts[from].name));
  }

  #write(into: string): void {
    const { name, rows, columns } = this.#parts.best;
    const stride = pad16(rows * 4) >>> 2;
    const source = this.#space.f32(name);
    const target = this.#space.f32(into).fill(0);
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < rows; i++) target[j * stride + i] = source[i * padded(columns) + j]!;
    }
  }

  /** out = alpha · a b + beta · add. */
  *#multiply(
    a: Operand,
    b: Part,
    out: Part,
    more: { alpha: number; add?: Part; beta: number } = { alpha: 1, beta: 0 },
  ): Tasks<void> {
    const space = this.#space;
    const ptr = space.ptr("opqProduct");
    const w = space.engine.u32;
    const at = ptr >>> 2;
    w[at] = space.ptr(a.section);
    w[at + 1] = a.row;
    w[at + 2] = a.column;
    w[at + 3] = space.ptr(b.name);
    w[at + 4] = padded(b.columns) * 4;
    w[at + 5] = more.add === undefined ? 0 : space.ptr(more.add.name);
    w[at + 6] = more.add === undefined ? 0 : padded(more.add.columns) * 4;
    w[at + 7] = space.ptr(out.name);
    w[at + 8] = padded(out.columns) * 4;
    w[at + 9] = a.depth;
    w[at + 10] = out.columns;
    w[at + 11] = a.rows;
    space.engine.f32[at + 12] = more.alpha;
    space.engine.f32[at + 13] = more.beta;
    const total = Math.ceil(a.rows / 4);
    yield {
      fn: "multiply",
      scratch: Array.from({ length: this.#sample.threads }, () => 0),
      args: [ptr],
      total,
      chunk: Math.max(1, Math.floor(CALL_PRODUCTS / (4 * a.depth * out.columns))),
      phase: "rotation",
      done: 0,
      of: total,
    };
  }
}

/** The left side of a product: `rows` × `depth`, by strides in bytes. */
interface Operand {
  readonly section: string;
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly depth: number;
}

const rowsOf = ({ name, rows, columns }: Part): Operand => ({
  section: name,
  row: padded(columns) * 4,
  column: 4,
  rows,
  depth: columns,
});

function fillNormal(data: Float32Array, { rows, columns }: Part, rng: Rng): void {
  data.fill(0);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) data[i * padded(columns) + j] = rng.normal();
}

/** Makes columns orthonormal one after the other (Gram–Schmidt, again until little is taken away). */
export function orthonormalize(
  data: Float32Array,
  { rows, columns }: { rows: number; columns: number },
): void {
  const stride = padded(columns);
  const done: Float64Array[] = [];
  let axis = 0;
  for (let j = 0; j < columns; j++) {
    const v = Float64Array.from({ length: rows }, (_, i) => data[i * stride + j]!);
    for (let kept = 0; !(kept > 0.5); ) {
      // What has vanished in the former ones begins anew as the next axis.
      if (!scaleToOne(v)) v.fill(0)[axis++] = 1;
      for (const u of done) {
        let product = 0;
        for (let i = 0; i < rows; i++) product += u[i]! * v[i]!;
        for (let i = 0; i < rows; i++) v[i]! -= product * u[i]!;
      }
      kept = Math.hypot(...v);
    }
    scaleToOne(v);
    done.push(v);
    for (let i = 0; i < rows; i++) data[i * stride + j] = v[i]!;
  }
}

/** False for what is next to nothing beside rows of length one. */
function scaleToOne(v: Float64Array): boolean {
  const length = Math.hypot(...v);
  if (!(length > 1e-10)) return false;
  for (let i = 0; i < v.length; i++) v[i]! /= length;
  return true;
}

function squaredError(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
