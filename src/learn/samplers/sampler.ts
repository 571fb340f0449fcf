import type { Loader } from "../../autodiff/index.ts";
import { checkOptions, createRng, VicinalError, wholeNumber } from "../../core/index.ts";

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
  #drawn: { epoch: number; batches: readonly Batch[] } | undefined;

  /** What decides the batches besides the seed, in words. */
  protected abstract readonly kind: string;

  constructor(seed: number) {
    this.#seed = wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  }

  /** All batches of an epoch. */
  protected abstract draw(seed: number, epoch: number): readonly Batch[];

  /** The rows of a batch, in its order. */
  abstract rowsOf(batch: Batch): Uint32Array;

  /** Batches in an epoch. */
  abstract get batches(): number;

  get state(): SamplerState {
    return { seed: this.#seed, epoch: this.#epoch, position: this.#position };
  }

  /** Goes to a saved place. Throws BAD_INPUT when it is of another seed, or of no such place. */
  restore(state: SamplerState): void {
    checkOptions(state);
    const { seed, epoch, position } = state;
    const whole = [epoch, position].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (seed !== this.#seed || !whole || position > this.batches) {
      const got = `seed ${seed}, epoch ${epoch}, position ${position}`;
      const rule = `of seed ${this.#seed}, with at most ${this.batches} batches given`;
      throw new VicinalError("BAD_INPUT", { what: "sampler state", got, rule });
    }
    this.#epoch = epoch;
    this.#position = position;
  }

  /** The next batch; after the last of an epoch the first of the next. */
  next(): Batch {
    if (this.#position === this.batches) {
      this.#epoch++;
      this.#position = 0;
    }
    return this.#of(this.#epoch)[this.#position++]!;
  }

  /** The batch of a step, counted from 0 over all epochs; where the sampler stands plays no part. */
  at(step: number): Batch {
    wholeNumber("step", step, 0, Number.MAX_SAFE_INTEGER);
    return this.#of(Math.floor(step / this.batches))[step % this.batches]!;
  }

  /** What `train` takes: batches of the row numbers in the order of {@link rowsOf}. */
  loader(): Loader {
    const seed = this.#seed;
    return {
      stepsPerEpoch: this.batches,
      description: `${this.kind}, ${this.batches} batches, seed ${seed}`,
      at: (step) => ({
        rows: this.rowsOf(this.at(step)),
        step,
        epoch: Math.floor(step / this.batches),
        rng: createRng(seed, `sampler step ${step}`),
      }),
    };
  }

  #of(epoch: number): readonly Batch[] {
    if (this.#drawn?.epoch !== epoch) this.#drawn = { epoch, batches: this.draw(this.#seed, epoch) };
    return this.#drawn.batches;
  }

  /** The rest of this epoch; a whole one when the last has ended. */
  *[Symbol.iterator](): Generator<Batch, void, void> {
    do yield this.next();
    while (this.#position < this.batches);
  }
}
