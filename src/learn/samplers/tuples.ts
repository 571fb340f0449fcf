import { createRng, type Rng, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { BatchLabels, Triplets } from "../losses/tuples.ts";
import { membersOf } from "./classBalanced.ts";
import { Sampler } from "./sampler.ts";

export interface PairSamplerOptions {
  /** Pairs in a batch, default 64. */
  size?: number;
  /** Share of pairs of one class, default 0.5. */
  same?: number;
  /** Batches in an epoch; default as many as hold each row once. */
  batches?: number;
  /** Whole number, default 1. */
  seed?: number;
}

const PAIR_DEFAULTS: PairSamplerOptions & Required<Omit<PairSamplerOptions, "batches">> = {
  size: 64,
  same: 0.5,
  batches: undefined as never,
  seed: 1,
};

/** Pairs of rows to compare. */
export interface PairBatch {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** 1 where both are of one class, else 0. */
  readonly same: Uint8Array;
}

/** Classes as lists of rows: those that have a pair, and all. */
interface Classes {
  readonly paired: readonly Int32Array[];
  readonly all: readonly Int32Array[];
}

function classesOf(labels: BatchLabels): Classes {
  const all = membersOf(labels);
  const paired = all.filter(({ length }) => length > 1);
  if (all.length > 1 && paired.length > 0) return { all, paired };
  const got = `of ${all.length} classes, ${paired.length} of which have two rows`;
  throw new VicinalError("BAD_INPUT", {
    what: "labels",
    got,
    rule: "of two classes, one with two rows at least",
  });
}

/** Two different rows of a class drawn among those that have them. */
function drawSame({ paired }: Classes, rng: Rng): [first: number, second: number, rows: Int32Array] {
  const rows = paired[rng.below(paired.length)]!;
  const i = rng.below(rows.length);
  const j = rng.below(rows.length - 1);
  return [rows[i]!, rows[j >= i ? j + 1 : j]!, rows];
}

/** A row of a class other than that one. */
function drawOther({ all }: Classes, than: Int32Array, rng: Rng): number {
  for (;;) {
    const rows = all[rng.below(all.length)]!;
    if (rows[0] !== than[0]) return rows[rng.below(rows.length)]!;
  }
}

/**
 * Batches of pairs, a given share of them of one class; classes are drawn alike whatever their size.
 *
 * @throws VicinalError BAD_INPUT unless there are two classes and a class of two rows; OPTION_RANGE, OPTION_UNKNOWN
 */
export class PairSampler extends Sampler<PairBatch> {
  readonly #classes: Classes;
  readonly #size: number;
  readonly #same: number;
  readonly batches: number;
  protected readonly kind: string;

  constructor(labels: BatchLabels, given: PairSamplerOptions = {}) {
    const { size, same, batches, seed } = resolveOptions(PAIR_DEFAULTS, given);
    super(seed);
    this.#classes = classesOf(labels);
    this.#size = wholeNumber("size", size, 1, 1 << 24);
    if (!(same >= 0 && same <= 1)) {
      throw new VicinalError("OPTION_RANGE", { option: "same", got: same, rule: "from 0 to 1" });
    }
    this.#same = Math.round(size * same);
    this.kind = `${size} pairs, ${this.#same} of one class`;
    const whole = Math.max(1, Math.floor(labels.length / (2 * size)));
    this.batches = wholeNumber("batches", batches ?? whole, 1, 1 << 30);
  }

  /** The first rows of all pairs, then the second. */
  override rowsOf({ first, second }: PairBatch): Uint32Array {
    return Uint32Array.of(...first, ...second);
  }

  protected override draw(seed: number, epoch: number): PairBatch[] {
    const rng = createRng(seed, `pairs of epoch ${epoch}`);
    return Array.from({ length: this.batches }, () => {
      const first = new Int32Array(this.#size);
      const second = new Int32Array(this.#size);
      for (let i = 0; i < this.#size; i++) {
        const [a, b, rows] = drawSame(this.#classes, rng);
        first[i] = a;
        second[i] = i < this.#same ? b : drawOther(this.#classes, rows, rng);
      }
      const same = new Uint8Array(this.#size).fill(1, 0, this.#same);
      return { first, second, same };
    });
  }
}

export interface TripletSamplerOptions {
  /** Triplets in a batch, default 64. */
  size?: number;
  /** Batches in an epoch; default as many as hold each row once. */
  batches?: number;
  /** Whole number, default 1. */
  seed?: number;
}

const TRIPLET_DEFAULTS: TripletSamplerOptions & Required<Omit<TripletSamplerOptions, "batches">> = {
  size: 64,
  batches: undefined as never,
  seed: 1,
};

/**
 * Batches of triplets drawn at random; classes are drawn alike whatever their size.
 *
 * @throws VicinalError BAD_INPUT unless there are two classes and a class of two rows; OPTION_RANGE, OPTION_UNKNOWN
 */
export class TripletSampler extends Sampler<Triplets> {
  readonly #classes: Classes;
  readonly #size: number;
  readonly batches: number;
  protected readonly kind: string;

  constructor(labels: BatchLabels, given: TripletSamplerOptions = {}) {
    const { size, batches, seed } = resolveOptions(TRIPLET_DEFAULTS, given);
    super(seed);
    this.#classes = classesOf(labels);
    this.#size = wholeNumber("size", size, 1, 1 << 24);
    this.kind = `${size} triplets`;
    const whole = Math.max(1, Math.floor(labels.length / (3 * size)));
    this.batches = wholeNumber("batches", batches ?? whole, 1, 1 << 30);
  }

  /** Anchor, positive, negative, anchor … */
  override rowsOf({ triplets }: Triplets): Uint32Array {
    return Uint32Array.from(triplets);
  }

  protected override draw(seed: number, epoch: number): Triplets[] {
    const rng = createRng(seed, `triplets of epoch ${epoch}`);
    return Array.from({ length: this.batches }, () => {
      const triplets = new Int32Array(3 * this.#size);
      for (let t = 0; t < triplets.length; t += 3) {
        const [a, p, rows] = drawSame(this.#classes, rng);
        triplets.set([a, p, drawOther(this.#classes, rows, rng)], t);
      }
      return { triplets };
    });
  }
}
