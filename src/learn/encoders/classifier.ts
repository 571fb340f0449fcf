import {
  type Batch,
  createLoader,
  type Layer,
  layers,
  softmax,
  type Tensor,
  type TrainOptions,
  type TrainReport,
} from "../../autodiff/index.ts";
import {
  createRng,
  type Job,
  type Matrix,
  type RunOptions,
  resolveOptions,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { crossEntropy } from "../losses/index.ts";
import { readClasses, rowSource } from "../rows.ts";
import type { Encoder } from "./encoder.ts";
import {
  augmentRows,
  checkTrained,
  FIT_DEFAULTS,
  type FitOptions,
  oneCycleJob,
  runFit,
  runFitAsync,
  takeRows,
} from "./training.ts";

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

export interface FitClassifierOptions extends FitOptions {
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
  earlyStop?: TrainOptions["earlyStop"];
}

export const FIT_CLASSIFIER_DEFAULTS: typeof FIT_DEFAULTS & {
  epochs: number;
  batch: number;
  learningRate: number;
  weightDecay: number;
  smoothing: number;
  earlyStop: TrainOptions["earlyStop"];
} = {
  ...FIT_DEFAULTS,
  epochs: 10,
  batch: 128,
  learningRate: 3e-3,
  weightDecay: 0.01,
  smoothing: 0,
  earlyStop: undefined,
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
): FittedClassifier => runFit(options, (rest) => fitJob(encoder, rows, labels, rest));

/** {@link fitClassifier} between turns of the event loop. */
export const fitClassifierAsync = async (
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  options: FitClassifierOptions & RunOptions = {},
): Promise<FittedClassifier> => runFitAsync(options, (rest) => fitJob(encoder, rows, labels, rest));

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
  const what = { tape, model: head, loader, epochs, learningRate, weightDecay };
  const report = yield* oneCycleJob({ ...what, loss }, options);
  return { head, report };

  function loss({ rows: chosen, rng }: Batch): Tensor {
    const block = augmentRows(takeRows(source, chosen), source.cols, augment, rng);
    const scores = head.forward(tape.tensor(block, [chosen.length, source.cols]));
    return crossEntropy(
      scores,
      chosen.map((row) => codes[row]!),
      { labelSmoothing: smoothing },
    );
  }
}
