import {
  adamW,
  type Clip,
  type EpochReport,
  oneCycle,
  type TrainOptions,
  type TrainReport,
  trainJob,
} from "../../autodiff/index.ts";
import {
  checkOptions,
  type Job,
  type Rng,
  type RunOptions,
  runAsync,
  runSync,
  VicinalError,
} from "../../core/index.ts";
import type { RowSource } from "../rows.ts";
import { Encoder } from "./encoder.ts";

/** Changes one row in place, for instance an image that is shifted; random numbers are of its step. */
export type Augment = (row: Float32Array, rng: Rng) => void;

/** What every training of encoders and towers accepts. */
export interface FitOptions {
  /** Changes rows at random, such as images. */
  augment?: Augment;
  clip?: Clip;
  /** Default 0. */
  seed?: number;
  onEpoch?: (report: EpochReport) => void;
  checkpoint?: TrainOptions["checkpoint"];
  resume?: Uint8Array;
}

export const FIT_DEFAULTS = {
  augment: undefined as Augment | undefined,
  clip: undefined as Clip | undefined,
  seed: 0,
  onEpoch: undefined as ((report: EpochReport) => void) | undefined,
  checkpoint: undefined as TrainOptions["checkpoint"],
  resume: undefined as Uint8Array | undefined,
};

/** Runs a fit here and now; its options are also those of the run. */
export function runFit<O extends RunOptions, T>(
  options: O,
  job: (rest: Omit<O, keyof RunOptions>) => Job<T>,
): T {
  const { rest, run } = apart(options);
  return runSync(job(rest), run);
}

/** {@link runFit} between turns of the event loop. */
export async function runFitAsync<O extends RunOptions, T>(
  options: O,
  job: (rest: Omit<O, keyof RunOptions>) => Job<T>,
): Promise<T> {
  const { rest, run } = apart(options);
  return runAsync(job(rest), run);
}

function apart<O extends RunOptions>(options: O): { rest: Omit<O, keyof RunOptions>; run: RunOptions } {
  checkOptions(options);
  const { signal, onProgress, ...rest } = options;
  return { rest, run: { signal, onProgress } as RunOptions };
}

/** What is trained, and how long and how fast. */
export interface OneCycle extends Pick<TrainOptions, "tape" | "model" | "loader" | "loss"> {
  readonly epochs: number;
  /** At the top of the cycle. */
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** Options of a training that may be undefined, which count as not given. */
type Extras = { readonly [K in "clip" | "onEpoch" | "earlyStop" | "checkpoint" | "resume"]?: unknown };

/** Trains by AdamW over one cycle of learning rates. */
export function* oneCycleJob(
  { learningRate, weightDecay, ...what }: OneCycle,
  { clip, onEpoch, earlyStop, checkpoint, resume }: Extras,
): Job<TrainReport> {
  const given = Object.entries({ clip, onEpoch, earlyStop, checkpoint, resume }).filter(
    ([, value]) => value !== undefined,
  );
  const steps = Math.max(1, what.epochs * what.loader.stepsPerEpoch);
  return yield* trainJob({
    ...what,
    optimiser: adamW(what.model.parameters, { learningRate, weightDecay }),
    schedule: oneCycle({ rate: learningRate, steps }),
    ...(Object.fromEntries(given) as Partial<TrainOptions>),
  });
}

/** Refuses what is no encoder with BAD_INPUT, and an augmentation that cannot be called with OPTION_RANGE. */
export function checkTrained(encoder: Encoder, augment: Augment | undefined): void {
  if (!(encoder instanceof Encoder)) {
    const rule = "what createEncoder() or loadEncoder() gave";
    throw new VicinalError("BAD_INPUT", { what: "encoder", got: String(encoder), rule });
  }
  if (augment === undefined || typeof augment === "function") return;
  throw new VicinalError("OPTION_RANGE", { option: "augment", got: augment, rule: "a function of a row" });
}

/** Rows by number, end to end. */
export function takeRows(source: RowSource, rows: Uint32Array): Float32Array {
  const { cols } = source;
  const block = new Float32Array(rows.length * cols);
  rows.forEach((row, i) => {
    source.copyInto(block.subarray(i * cols, (i + 1) * cols), row, row + 1);
  });
  return block;
}

/** Changes each row of a block where that is wanted. */
export function augmentRows(
  block: Float32Array,
  cols: number,
  augment: Augment | undefined,
  rng: Rng,
): Float32Array {
  if (augment === undefined) return block;
  for (let from = 0; from < block.length; from += cols) augment(block.subarray(from, from + cols), rng);
  return block;
}
