import { VicinalError, wholeNumber } from "../../core/index.ts";

/** Where a sampler stands: saved with a checkpoint, it goes on from there as if never stopped. */
export interface SamplerState {
  readonly seed: number;
  readonly epoch: number;
  /** Batches of that epoch already given. */
  readonly position: number;
}

/**
 * Batches epoch by epoch, drawn by the seed: an epoch is made whole from seed and number, so that its place in the
 * sequence does not depend on what was drawn before.
 */
export abstract class Sampler<Batch> implements Iterable<Batch> {
  readonly #seed: number;
  #epoch = 0;
  #position = 0;
  #batches: readonly Batch[] | undefined;

  constructor(seed: number) {
    this.#seed = wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  }

  /** All batches of an epoch. */
  protected abstract draw(seed: number, epoch: number): readonly Batch[];

  /** Batches in an epoch. */
  abstract get batches(): number;

  get state(): SamplerState {
    return { seed: this.#seed, epoch: this.#epoch, position: this.#position };
  }

  /** Goes to a saved place. Throws BAD_INPUT when it is of another seed, or of no such place. */
  restore({ seed, epoch, position }: SamplerState): void {
    const whole = [epoch, position].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (seed !== this.#seed || !whole || position > this.batches) {
      const got = JSON.stringify({ seed, epoch, position });
      const rule = `of seed ${this.#seed}, with at most ${this.batches} batches given`;
      throw new VicinalError("BAD_INPUT", { what: "sampler state", got, rule });
    }
    this.#epoch = epoch;
    this.#position = position;
    this.#batches = undefined;
  }

  /** The next batch; after the last of an epoch the first of the next. */
  next(): Batch {
    if (this.#position === this.batches) {
      this.#epoch++;
      this.#position = 0;
      this.#batches = undefined;
    }
    this.#batches ??= this.draw(this.#seed, this.#epoch);
    return this.#batches[this.#position++]!;
  }

  /** The rest of this epoch; a whole one when the last has ended. */
  *[Symbol.iterator](): Generator<Batch, void, void> {
    do yield this.next();
    while (this.#position < this.batches);
  }
}
