import { HEAP_START, Machine, ptr } from "../../autodiff/wasm/machine.ts";
import type { Job } from "../../core/index.ts";
import { mirrored, type Plane } from "./plane.ts";
import { type PassProfile, type Profile, profileFor } from "./profile.ts";
import { kaiser, type Square, turned } from "./transforms.ts";

/** Rows of reference blocks whose sums are held apart at a time, at most; in wide pictures so many as have GROUPS blocks. */
const STRIPS = 32;
const GROUPS = 4096;
/** Elements that kernels may read behind a picture. */
const SLACK = 16;
/** Elements of a table: 12 rows of 12. */
const TABLE = 144;

/** BM3D of a grey picture. */
export interface Bm3dSettings {
  /** Deviation of the noise, of intensities from 0 to 255; above 0. */
  readonly sigma: number;
  readonly threads: number;
  /** The estimate of both passes, or that of the first. */
  readonly estimate: "final" | "basic";
}

/** A picture of at least a block, intensities from 0 to 255, in an estimate of the same shape. */
export function* bm3d(
  image: Plane,
  settings: Bm3dSettings,
  profile: Profile = profileFor(settings.sigma),
): Job<Plane> {
  const least = Math.max(profile.hard.side, profile.wiener.side);
  const { width, height } = image;
  if (width < least || height < least) {
    const large = mirrored(image, Math.max(width, least), Math.max(height, least));
    return cropped(yield* bm3d(large, settings, profile), width, height);
  }
  const machine = new Machine(settings.threads, "auto");
  try {
    const run = new Run(machine, image, profile.beta);
    const { sigma } = settings;
    const final = settings.estimate === "final";
    const total = run.rows(profile.hard) + (final ? run.rows(profile.wiener) : 0);
    yield* run.pass(profile.hard, false, profile.threshold * sigma, 0, total);
    if (final) yield* run.pass(profile.wiener, true, sigma * sigma, run.rows(profile.hard), total);
    return { width, height, data: run.estimate() };
  } finally {
    machine.dispose();
  }
}

/** Both passes over one picture, in one memory: the picture, the estimate, sums, and what the pass needs. */
class Run {
  readonly #machine: Machine;
  readonly #width: number;
  readonly #height: number;
  readonly #beta: number;
  readonly #size: number;
  readonly #noisy: number;
  readonly #basic: number;
  readonly #sums: number;
  readonly #weights: number;
  readonly #tables: number;

  constructor(machine: Machine, { width, height, data }: Plane, beta: number) {
    this.#machine = machine;
    [this.#width, this.#height, this.#beta] = [width, height, beta];
    this.#size = Math.ceil((width * height + SLACK) / 16) * 16;
    const start = HEAP_START / 4;
    [this.#noisy, this.#basic, this.#sums, this.#weights, this.#tables] = [0, 1, 2, 3, 4].map(
      (i) => start + i * this.#size,
    ) as [number, number, number, number, number];
    machine.reserve(this.#tables + 5 * TABLE);
    machine.heap.set(data, this.#noisy);
  }

  /** Rows of reference blocks. */
  rows({ side, step }: PassProfile): number {
    return Math.ceil((this.#height - side) / step) + 1;
  }

  estimate(): Float32Array {
    return this.#machine.heap.slice(this.#basic, this.#basic + this.#width * this.#height);
  }

  /** Writes the estimate of a pass over the basic estimate, which is matched by when `guided`. */
  *pass(p: PassProfile, guided: boolean, strength: number, done: number, total: number): Job<void> {
    const machine = this.#machine;
    const struct = this.#describe(p);
    const rows = this.rows(p);
    const strip = machine.call("blockStrip", [struct]);
    const wide = Math.ceil((GROUPS * p.step) / this.#width);
    const many = Math.min(rows, STRIPS, Math.max(wide, 2 * machine.threads));
    machine.heap.fill(0, this.#sums, this.#tables);
    const phase = guided ? "second pass" : "first pass";
    for (let first = 0; first < rows; first += many) {
      const strips = machine.room(many * strip, machine.call("blockScratch", []));
      const count = Math.min(many, rows - first);
      const basic = guided ? ptr(this.#basic) : 0;
      const args = [struct, ptr(this.#noisy), basic, p.limit * p.side * p.side, strength, strips, first];
      machine.run("filterBlocks", args, count, 1);
      const join = [struct, strips, first, count, ptr(this.#sums), ptr(this.#weights)];
      machine.run("joinBlocks", join, this.#height, 64);
      yield { phase, done: done + first + count, total };
    }
    this.#divide();
  }

  #divide(): void {
    const { heap } = this.#machine;
    const n = this.#width * this.#height;
    for (let i = 0; i < n; i++) heap[this.#basic + i] = heap[this.#sums + i]! / heap[this.#weights + i]!;
  }

  /** The struct Pass of wasm/learn/denoise/blocks.ts, and its tables. */
  #describe({ transform, side, step, few, most, radius }: PassProfile): number {
    const { forward, inverse } = transform;
    const fours = Math.ceil(side / 4);
    const tables = [forward, turned(forward), inverse, turned(inverse), kaiser(side, this.#beta)];
    const addresses = tables.map((table, i) => this.#write(table, fours * 4, this.#tables + i * TABLE));
    return this.#machine.struct([
      ...[this.#width, this.#height, side, fours, step, few, radius, most],
      ...addresses,
    ]);
  }

  #write({ n, data }: Square, stride: number, at: number): number {
    const { heap } = this.#machine;
    heap.fill(0, at, at + TABLE);
    for (let row = 0; row < n; row++) heap.set(data.subarray(row * n, (row + 1) * n), at + row * stride);
    return ptr(at);
  }
}

function cropped({ width, data }: Plane, cols: number, rows: number): Plane {
  const out = new Float32Array(rows * cols);
  for (let y = 0; y < rows; y++) out.set(data.subarray(y * width, y * width + cols), y * cols);
  return { width: cols, height: rows, data: out };
}
