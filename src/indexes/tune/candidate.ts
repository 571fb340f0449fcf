import type { SearchParams } from "../contract.ts";
import { type MeanInterval, recallInterval } from "../parts/confidence.ts";

/** Queries from … to of the sample, to be searched for with these parameters. */
export interface Ask {
  readonly params: SearchParams;
  readonly from: number;
  readonly to: number;
}

/** Recall of each query asked for, and the milliseconds that their searches took together. */
export interface Taken {
  readonly recalls: readonly number[];
  readonly ms: number;
}

/** Something that asks for measurements until it knows enough. */
export type Exploration<T> = Generator<Ask, T, Taken>;

/** A setting of the search parameters and what is known of it so far. */
export class Candidate {
  readonly params: SearchParams;
  readonly #k: number;
  readonly #recalls: number[] = [];
  #ms = 0;
  #interval: MeanInterval = { mean: 0, low: 0, high: 1 };

  constructor(params: SearchParams, k: number) {
    this.params = params;
    this.#k = k;
  }

  /** Queries measured so far: the first of the sample. */
  get queries(): number {
    return this.#recalls.length;
  }

  get recall(): number {
    return this.#interval.mean;
  }

  get low(): number {
    return this.#interval.low;
  }

  get high(): number {
    return this.#interval.high;
  }

  /** Mean time of a query. */
  get ms(): number {
    return this.queries === 0 ? 0 : this.#ms / this.queries;
  }

  /** Measures what is missing up to `size` queries. */
  *measure(size: number): Exploration<void> {
    if (this.queries >= size) return;
    const { recalls, ms } = yield { params: this.params, from: this.queries, to: size };
    this.#recalls.push(...recalls);
    this.#ms += ms;
    this.#interval = recallInterval(this.#recalls, this.#k);
  }

  /** The whole confidence interval is at the target or above, or nothing was missed. */
  passes(targetRecall: number): boolean {
    return this.queries > 0 && (this.low >= targetRecall || this.recall === 1);
  }
}
