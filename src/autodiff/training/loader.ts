import {
  createRng,
  permutation,
  type Rng,
  resolveOptions,
  trueOrFalse,
  wholeNumber,
} from "../../core/index.ts";

/** Rows of one step. */
export interface Batch {
  /** Row numbers. */
  readonly rows: Uint32Array;
  /** Counted from 0 over the whole run. */
  readonly step: number;
  readonly epoch: number;
  /** Random numbers of this step alone, for augmentation and the like: a function of seed and step. */
  readonly rng: Rng;
}

export interface LoaderOptions {
  /** Rows to go through. */
  rows: number;
  /** Rows a batch, default 64. */
  batch?: number;
  /** Whether each epoch has an order of its own; default true. */
  shuffle?: boolean;
  /** Whether a last batch that is not full is left out; default false. */
  dropLast?: boolean;
  /** Default 0. */
  seed?: number;
}

export const LOADER_DEFAULTS = { rows: 0, batch: 64, shuffle: true, dropLast: false, seed: 0 };

/** Batches as a function of the step alone: a run taken up anywhere goes on with the same ones. */
export interface Loader {
  readonly stepsPerEpoch: number;
  /** What decides the batches, in words: a checkpoint is taken up only by a run with the same. */
  readonly description: string;
  /** The rows of a step, counted from 0 over the whole run. */
  at(step: number): Batch;
}

/** Batches of row numbers 0 … rows−1, each once an epoch. */
export function createLoader(options: LoaderOptions): Loader {
  const { shuffle, dropLast, seed, ...sizes } = resolveOptions(LOADER_DEFAULTS, options);
  trueOrFalse("shuffle", shuffle);
  trueOrFalse("dropLast", dropLast);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  const rows = wholeNumber("rows", sizes.rows, 1, 0x7fffffff);
  const batch = wholeNumber("batch", sizes.batch, 1, dropLast ? rows : 0x7fffffff);
  const stepsPerEpoch = dropLast ? Math.floor(rows / batch) : Math.ceil(rows / batch);
  let order: Uint32Array = Uint32Array.from({ length: rows }, (_, i) => i);
  let ordered = shuffle ? -1 : 0;
  return {
    stepsPerEpoch,
    description: `${rows} rows by ${batch}${shuffle ? ", shuffled" : ""}, seed ${seed}`,
    at(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (shuffle && epoch !== ordered) {
        order = permutation(rows, createRng(seed, `loader epoch ${epoch}`));
        ordered = epoch;
      }
      const begin = (step % stepsPerEpoch) * batch;
      const rng = createRng(seed, `loader step ${step}`);
      return { rows: order.slice(begin, Math.min(rows, begin + batch)), step, epoch, rng };
    },
  };
}
