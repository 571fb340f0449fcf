import {
  checkNames,
  type Job,
  type RunOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { Layer, NamedParameters } from "../layers/layer.ts";
import { type Clip, clipGradients, type Optimiser, type Schedule } from "../optim/index.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { type RunState, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { copyOf, type EarlyStop, observe } from "./earlyStop.ts";
import type { Batch, Loader } from "./loader.ts";

/** One step, after it was taken. */
export interface StepReport {
  /** Counted from 0. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number | undefined;
  /** Length of all gradients before clipping; undefined without `clip`. */
  readonly gradientNorm: number | undefined;
}

/** One epoch, after its last step. */
export interface EpochReport {
  /** Counted from 0. */
  readonly epoch: number;
  /** Mean over its steps. */
  readonly loss: number;
  /** What `earlyStop.measure` said. */
  readonly measure: number | undefined;
}

export interface TrainOptions {
  readonly tape: Tape;
  /** All whose parameters and buffers belong to the run. */
  readonly model: Pick<Layer, "parameters">;
  readonly loader: Loader;
  /** The loss of a batch, called within a step of the tape. */
  readonly loss: (batch: Batch) => Tensor;
  readonly optimiser: Optimiser;
  readonly epochs: number;
  /** Learning rate of each step; default that of the optimiser. */
  readonly schedule?: Schedule;
  readonly clip?: Clip;
  readonly earlyStop?: EarlyStop;
  readonly onStep?: (report: StepReport) => void;
  readonly onEpoch?: (report: EpochReport) => void;
  /** Called with a checkpoint after every `every` steps, when the run ends, and when it is abandoned. */
  readonly checkpoint?: { readonly every: number; readonly save: (bytes: Uint8Array) => void };
  /** A checkpoint of this run to go on from. */
  readonly resume?: Uint8Array;
}

const NAMES: readonly (keyof TrainOptions)[] = [
  ...(["tape", "model", "loader", "loss", "optimiser", "epochs", "schedule", "clip"] as const),
  ...(["earlyStop", "onStep", "onEpoch", "checkpoint", "resume"] as const),
];

export interface TrainReport {
  /** Steps taken in all, those before a resume included. */
  readonly steps: number;
  /** Epochs completed. */
  readonly epochs: number;
  /** Mean loss of the last epoch that this call completed; NaN if none. */
  readonly loss: number;
  /** Best measure and its epoch, where early stopping watched. */
  readonly best: { readonly epoch: number; readonly measure: number } | undefined;
}

/**
 * Trains until `epochs` are done or early stopping says so. One seed, one sequence of bits: batches and random
 * numbers depend on the step alone, so a run taken up from a checkpoint ends with the same weights as one that
 * was never interrupted.
 *
 * @throws VicinalError DIVERGED when the loss or a gradient is not finite: that step is not applied. FORMAT or
 * BAD_INPUT when `resume` does not fit. OPTION_RANGE
 */
export const train = (options: TrainOptions, run: RunOptions = {}): TrainReport =>
  runSync(trainJob(options), run);

/** {@link train}, giving the event loop a turn between steps; aborting rejects with the signal's reason. */
export const trainAsync = async (options: TrainOptions, run: RunOptions = {}): Promise<TrainReport> =>
  runAsync(trainJob(options), run);

/** {@link train} as a job: yields after each step. */
export function* trainJob(options: TrainOptions): Job<TrainReport> {
  checkNames(options, NAMES);
  checkCallbacks(options);
  const { loader, model, optimiser, checkpoint, earlyStop } = options;
  const epochs = wholeNumber("epochs", options.epochs, 0, 1e6);
  const every = checkpoint === undefined ? 0 : wholeNumber("checkpoint.every", checkpoint.every, 1, 1e9);
  const total = epochs * loader.stepsPerEpoch;
  const fingerprint = {
    optimiser: optimiser.kind,
    precision: options.tape.precision,
    stepsPerEpoch: loader.stepsPerEpoch,
    batches: loader.description,
  };
  const run = { parameters: model.parameters, optimiser, fingerprint };
  const state: RunState =
    options.resume === undefined
      ? { step: 0, lossSum: 0, finished: false, watch: { best: undefined, bestEpoch: 0, weights: {} } }
      : readCheckpoint(options.resume, run);
  const buffers = Object.fromEntries(
    Object.entries(model.parameters).filter(([, parameter]) => !parameter.trained),
  );
  let saved = state.step;
  const save = (): void => {
    if (checkpoint === undefined || saved === state.step) return;
    saved = state.step;
    checkpoint.save(writeCheckpoint(run, state));
  };
  let loss = Number.NaN;
  let whole = true;
  try {
    while (state.step < total && !state.finished) {
      whole = false;
      takeStep(options, state, buffers);
      if (state.step % loader.stepsPerEpoch === 0) loss = endEpoch(options, state);
      whole = true;
      if (every > 0 && state.step % every === 0) save();
      yield { phase: "training", done: state.step, total };
    }
    save();
    if (earlyStop?.restoreBest !== false) restore(model.parameters, state.watch.weights);
  } finally {
    // Abandoned between steps: what was done since the last checkpoint is kept as well.
    if (whole) save();
  }
  const { best, bestEpoch } = state.watch;
  return {
    steps: state.step,
    epochs: Math.floor(state.step / loader.stepsPerEpoch),
    loss,
    best: best === undefined ? undefined : { epoch: bestEpoch, measure: best },
  };
}

/** Refuses callbacks that cannot be called, before anything is trained. */
function checkCallbacks({ loss, schedule, onStep, onEpoch, earlyStop, checkpoint }: TrainOptions): void {
  const given: Record<string, unknown> = { schedule, onStep, onEpoch };
  for (const name of Object.keys(given)) if (given[name] === undefined) delete given[name];
  const measure = { "earlyStop.measure": (earlyStop as EarlyStop | null)?.measure };
  const save = { "checkpoint.save": (checkpoint as TrainOptions["checkpoint"] | null)?.save };
  Object.assign(
    given,
    { loss },
    earlyStop === undefined ? {} : measure,
    checkpoint === undefined ? {} : save,
  );
  for (const [option, got] of Object.entries(given)) {
    if (typeof got === "function") continue;
    throw new VicinalError("OPTION_RANGE", { option, got, rule: "a function" });
  }
}

function takeStep(options: TrainOptions, state: RunState, buffers: NamedParameters): void {
  const { tape, loader, optimiser, schedule, clip, onStep } = options;
  const batch = loader.at(state.step);
  const before = copyOf(buffers);
  let value = Number.NaN;
  let gradientNorm: number | undefined;
  const learningRate = schedule?.(state.step);
  try {
    value = tape.step(() => {
      const loss = options.loss(batch);
      const result = loss.item();
      if (!Number.isFinite(result)) {
        throw new VicinalError("DIVERGED", { what: "The loss", step: state.step + 1 });
      }
      tape.backward(loss);
      return result;
    });
    if (clip !== undefined) gradientNorm = clipGradients(optimiser.parameters, clip);
    optimiser.step(learningRate);
  } catch (error) {
    // Running statistics have seen the batch already.
    restore(buffers, before);
    throw error;
  }
  state.step++;
  state.lossSum += value;
  onStep?.({ step: batch.step, epoch: batch.epoch, loss: value, learningRate, gradientNorm });
}

function endEpoch({ loader, model, earlyStop, onEpoch }: TrainOptions, state: RunState): number {
  const loss = state.lossSum / loader.stepsPerEpoch;
  state.lossSum = 0;
  const epoch = state.step / loader.stepsPerEpoch - 1;
  const measure = earlyStop?.measure();
  if (earlyStop !== undefined && measure !== undefined) {
    state.finished = observe(state.watch, measure, epoch, earlyStop, model.parameters);
  }
  onEpoch?.({ epoch, loss, measure });
  return loss;
}

function restore(
  parameters: NamedParameters,
  values: Readonly<Record<string, Float32Array | Float64Array>>,
): void {
  for (const [name, numbers] of Object.entries(values)) parameters[name]!.set(numbers);
}
