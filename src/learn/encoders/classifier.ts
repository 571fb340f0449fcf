import {
  adamW,
  type Clip,
  createLoader,
  type EpochReport,
  type Layer,
  layers,
  oneCycle,
  softmax,
  type Tensor,
  type TrainOptions,
  type TrainReport,
  trainJob,
} from "../../autodiff/index.ts";
import {
  checkOptions,
  createRng,
  type Job,
  type Matrix,
  type Rng,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { crossEntropy } from "../losses/index.ts";
import { type RowSource, readClasses, rowSource } from "../rows.ts";
import { Encoder } from "./encoder.ts";

/** An encoder with one output more for each class; softmax makes them probabilities. */
export interface ClassificationHead extends Layer {
  readonly encoder: Encoder;
  /** Labels, ascending; output j is of class j. */
  readonly classes: readonly (number | string)[];
  /** Scores [n, classes] of rows [n, inputs]. */
  forward(x: Tensor): Tensor;
  /** Probabilities, rows × classes. */
  predictProba(rows: VectorsInput): Matrix;
  /** The likeliest class of each row. */
  predict(rows: VectorsInput): (number | string)[];
}

/** A head over an encoder, with initial weights. */
export function classificationHead(
  encoder: Encoder,
  classes: readonly (number | string)[],
  seed = 0,
): ClassificationHead {
  const { tape } = encoder;
  const output = layers.dense(tape, {
    inputs: encoder.width,
    outputs: classes.length,
    initialise: layers.xavier(),
    seed: createRng(wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER), "classification head"),
  });
  const parameters = layers.namedParameters({ encoder, head: output });
  const scores = (features: Tensor): Tensor => output.forward(features);
  const predictProba = (rows: VectorsInput): Matrix => {
    const features = encoder.encode(rows);
    const data = new Float32Array(features.rows * classes.length);
    for (let from = 0; from < features.rows; from += 1024) {
      const to = Math.min(features.rows, from + 1024);
      const block = features.data.subarray(from * encoder.width, to * encoder.width);
      const part = tape.inference(() =>
        softmax(scores(tape.tensor(block, [to - from, encoder.width]))).values(),
      );
      data.set(part, from * classes.length);
    }
    return { data, rows: features.rows, cols: classes.length, stride: classes.length };
  };
  return {
    encoder,
    classes,
    parameters,
    forward: (x) => scores(encoder.forward(x)),
    predictProba,
    predict(rows) {
      const { data, rows: n, cols } = predictProba(rows);
      return Array.from({ length: n }, (_, i) => {
        const row = data.subarray(i * cols, (i + 1) * cols);
        return classes[row.indexOf(Math.max(...row))]!;
      });
    },
  };
}

/** Changes one row in place, for instance an image that is shifted; random numbers are of its step. */
export type Augment = (row: Float32Array, rng: Rng) => void;

export interface FitClassifierOptions {
  /** Default 10. */
  epochs?: number;
  /** Rows a step, default 128. */
  batch?: number;
  /** Of AdamW, at the top of one cycle; default 3e-3. */
  learningRate?: number;
  /** Default 0.01. */
  weightDecay?: number;
  /** Label smoothing, default 0. */
  smoothing?: number;
  augment?: Augment;
  clip?: Clip;
  /** Default 0. */
  seed?: number;
  onEpoch?: (report: EpochReport) => void;
  earlyStop?: TrainOptions["earlyStop"];
  checkpoint?: TrainOptions["checkpoint"];
  resume?: Uint8Array;
}

export const FIT_CLASSIFIER_DEFAULTS = {
  epochs: 10,
  batch: 128,
  learningRate: 3e-3,
  weightDecay: 0.01,
  smoothing: 0,
  augment: undefined as Augment | undefined,
  clip: undefined as Clip | undefined,
  seed: 0,
  onEpoch: undefined as ((report: EpochReport) => void) | undefined,
  earlyStop: undefined as TrainOptions["earlyStop"],
  checkpoint: undefined as TrainOptions["checkpoint"],
  resume: undefined as Uint8Array | undefined,
};

export interface FittedClassifier {
  readonly head: ClassificationHead;
  readonly report: TrainReport;
}

/**
 * Trains an encoder so that one more dense layer tells the classes of rows apart (cross-entropy). What the encoder
 * gives then is the penultimate layer of that classifier.
 *
 * @throws VicinalError DIM_MISMATCH, NOT_FINITE, BAD_INPUT, DIVERGED, OPTION_RANGE, OPTION_UNKNOWN
 */
export const fitClassifier = (
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  options: FitClassifierOptions & RunOptions = {},
): FittedClassifier => {
  checkOptions(options);
  const { signal, onProgress, ...rest } = options;
  return runSync(fitJob(encoder, rows, labels, rest), { signal, onProgress } as RunOptions);
};

/** {@link fitClassifier} between turns of the event loop. */
export const fitClassifierAsync = async (
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  options: FitClassifierOptions & RunOptions = {},
): Promise<FittedClassifier> => {
  checkOptions(options);
  const { signal, onProgress, ...rest } = options;
  return runAsync(fitJob(encoder, rows, labels, rest), { signal, onProgress } as RunOptions);
};

function* fitJob(
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  given: FitClassifierOptions,
): Job<FittedClassifier> {
  const options = resolveOptions<typeof FIT_CLASSIFIER_DEFAULTS>(FIT_CLASSIFIER_DEFAULTS, given);
  const { epochs, batch, learningRate, weightDecay, smoothing, augment, seed } = options;
  wholeNumber("epochs", epochs, 0, 1e6);
  wholeNumber("batch", batch, 1, 0x7fffffff);
  checkTrained(encoder, augment);
  const source = rowSource(rows, "rows", 2, encoder.inputs);
  const { codes, classes } = readClasses(labels, source.rows);
  const head = classificationHead(encoder, classes, seed);
  const { tape } = encoder;
  // Batch norm has nothing to say of one row.
  const size = Math.min(batch, source.rows);
  const loader = createLoader({ rows: source.rows, batch: size, dropLast: source.rows % size === 1, seed });
  const optimiser = adamW(head.parameters, { learningRate, weightDecay });
  const { clip, onEpoch, earlyStop, checkpoint, resume } = options;
  const report = yield* trainJob({
    tape,
    model: head,
    loader,
    optimiser,
    epochs,
    schedule: oneCycle({ rate: learningRate, steps: Math.max(1, epochs * loader.stepsPerEpoch) }),
    ...defined({ clip, onEpoch, earlyStop, checkpoint, resume }),
    loss({ rows: chosen, rng }) {
      const block = augmentedRows(source, chosen, augment, rng);
      const scores = head.forward(tape.tensor(block, [chosen.length, source.cols]));
      return crossEntropy(
        scores,
        chosen.map((row) => codes[row]!),
        { labelSmoothing: smoothing },
      );
    },
  });
  return { head, report };
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

/** The same, each changed at random where that is wanted. */
export function augmentedRows(
  source: RowSource,
  rows: Uint32Array,
  augment: Augment | undefined,
  rng: Rng,
): Float32Array {
  const block = takeRows(source, rows);
  if (augment === undefined) return block;
  for (let i = 0; i < rows.length; i++) {
    augment(block.subarray(i * source.cols, (i + 1) * source.cols), rng);
  }
  return block;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what is given: options that are absent, not undefined. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
