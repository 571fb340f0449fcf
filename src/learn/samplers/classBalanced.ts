import {
  createRng,
  permutation,
  type Rng,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { type BatchLabels, codesOf } from "../losses/tuples.ts";
import { Sampler } from "./sampler.ts";

export interface ClassBalancedOptions {
  /** Classes in a batch, default 16. */
  classes?: number;
  /** Rows of each, default 4; classes with fewer rows repeat them. */
  perClass?: number;
  /** Rows that a class needs to take part, default 1. */
  least?: number;
  /** Batches in an epoch; default as many as hold the number of rows. */
  batches?: number;
  /** Whole number, default 1. */
  seed?: number;
}

const DEFAULTS: ClassBalancedOptions & Required<Omit<ClassBalancedOptions, "batches">> = {
  classes: 16,
  perClass: 4,
  least: 1,
  batches: undefined as never,
  seed: 1,
};

/**
 * Batches of `classes` different classes with `perClass` rows each, class by class. Classes come in turn, in an order
 * drawn anew each time round, whatever their size; so do the rows of a class.
 *
 * @throws VicinalError BAD_INPUT for fewer classes than a batch has, OPTION_RANGE, OPTION_UNKNOWN
 */
export class ClassBalancedSampler extends Sampler<Int32Array> {
  readonly #members: readonly Int32Array[];
  readonly #classes: number;
  readonly #perClass: number;
  readonly batches: number;
  protected readonly kind: string;

  constructor(labels: BatchLabels, given: ClassBalancedOptions = {}) {
    const options = resolveOptions(DEFAULTS, given);
    super(options.seed);
    this.#classes = wholeNumber("classes", options.classes, 1, 1 << 20);
    this.#perClass = wholeNumber("perClass", options.perClass, 1, 1 << 20);
    const least = wholeNumber("least", options.least, 1, 1 << 20);
    this.#members = membersOf(labels).filter((rows) => rows.length >= least);
    if (this.#members.length < this.#classes) {
      const got = `of ${this.#members.length} classes with ${least} rows or more`;
      throw new VicinalError("BAD_INPUT", { what: "labels", got, rule: `of ${this.#classes} at least` });
    }
    this.kind = `${this.#members.length} classes by ${this.#classes} of ${this.#perClass} rows`;
    const rows = this.#members.reduce((sum, { length }) => sum + length, 0);
    const whole = Math.max(1, Math.floor(rows / (this.#classes * this.#perClass)));
    this.batches = wholeNumber("batches", options.batches ?? whole, 1, 1 << 30);
  }

  override rowsOf(batch: Int32Array): Uint32Array {
    return Uint32Array.from(batch);
  }

  protected override draw(seed: number, epoch: number): Int32Array[] {
    const rng = createRng(seed, `class-balanced epoch ${epoch}`);
    const turns = new Turns(this.#members.length, rng);
    const rows = this.#members.map(({ length }) => new Turns(length, rng));
    return Array.from({ length: this.batches }, () => {
      const batch: number[] = [];
      for (const c of turns.take(this.#classes)) {
        for (let i = 0; i < this.#perClass; i++) batch.push(this.#members[c]![rows[c]!.next()]!);
      }
      return Int32Array.from(batch);
    });
  }
}

/** Row numbers of each class. */
export function membersOf(labels: BatchLabels): Int32Array[] {
  const members: number[][] = [];
  for (const [i, code] of codesOf(labels, labels?.length ?? 0).entries()) {
    members[code] ??= [];
    members[code].push(i);
  }
  return members.map((rows) => Int32Array.from(rows));
}

/** 0 … n − 1 in an order drawn anew each time round. */
class Turns {
  readonly #n: number;
  readonly #rng: Rng;
  #order: number[] = [];

  constructor(n: number, rng: Rng) {
    this.#n = n;
    this.#rng = rng;
  }

  next(): number {
    if (this.#order.length === 0) this.#order = [...permutation(this.#n, this.#rng)];
    return this.#order.pop()!;
  }

  /** The next few, all different: those that have come up already wait for the next time. */
  take(count: number): number[] {
    const taken: number[] = [];
    const waiting: number[] = [];
    while (taken.length < count) {
      const next = this.next();
      (taken.includes(next) ? waiting : taken).push(next);
    }
    this.#order.push(...waiting.reverse());
    return taken;
  }
}
