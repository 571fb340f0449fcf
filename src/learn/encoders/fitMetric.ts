import {
  type Batch,
  gather,
  type Tensor,
  type TrainOptions,
  type TrainReport,
} from "../../autodiff/index.ts";
import {
  type Job,
  oneOf,
  type RunOptions,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { contrastive, nPair, triplet } from "../losses/index.ts";
import { batchHard } from "../miners/index.ts";
import { readClasses, rowSource } from "../rows.ts";
import { ClassBalancedSampler } from "../samplers/index.ts";
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

export const METRIC_LOSSES = ["triplet", "nPair", "contrastive"] as const;
/** What is made small: `triplet` by the hardest of each batch, `nPair`, or `contrastive` over all pairs. */
export type MetricLoss = (typeof METRIC_LOSSES)[number];

export interface FitMetricOptions extends FitOptions {
  /** Default triplet. */
  loss?: MetricLoss;
  /** Default 10. */
  epochs?: number;
  /** Different classes in a batch, default 16, or all where there are fewer. */
  classes?: number;
  /** Rows of each, 2 or more and even for nPair; default 4. */
  perClass?: number;
  /** How far apart classes should be: default 0.2 for triplet (squared distances), 1 for contrastive. */
  margin?: number;
  /** Of AdamW, at the top of one cycle; default 1e-3. */
  learningRate?: number;
  /** Default 0.01. */
  weightDecay?: number;
  earlyStop?: TrainOptions["earlyStop"];
}

export const FIT_METRIC_DEFAULTS: typeof FIT_DEFAULTS & {
  loss: MetricLoss;
  epochs: number;
  classes: number;
  perClass: number;
  margin: number | undefined;
  learningRate: number;
  weightDecay: number;
  earlyStop: TrainOptions["earlyStop"];
} = {
  ...FIT_DEFAULTS,
  loss: "triplet",
  epochs: 10,
  classes: 16,
  perClass: 4,
  margin: undefined,
  learningRate: 1e-3,
  weightDecay: 0.01,
  earlyStop: undefined,
};

/** n-pair scores of rows of length 1 are this many times their cosine. */
const SCALE = 16;

/**
 * Trains an encoder so that rows of one class come to lie together and apart from others. Nothing is learned about
 * which class is which, so classes never seen can be told by neighbours too. The encoder should give rows of length 1
 * (`unit`).
 *
 * @throws VicinalError DIM_MISMATCH, NOT_FINITE, BAD_INPUT, DIVERGED, OPTION_RANGE, OPTION_UNKNOWN
 */
export const fitMetric = (
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  options: FitMetricOptions & RunOptions = {},
): TrainReport => runFit(options, (rest) => fitJob(encoder, rows, labels, rest));

/** {@link fitMetric} between turns of the event loop. */
export const fitMetricAsync = async (
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  options: FitMetricOptions & RunOptions = {},
): Promise<TrainReport> => runFitAsync(options, (rest) => fitJob(encoder, rows, labels, rest));

function* fitJob(
  encoder: Encoder,
  rows: VectorsInput,
  labels: ArrayLike<number | string>,
  given: FitMetricOptions,
): Job<TrainReport> {
  const options = resolveOptions<typeof FIT_METRIC_DEFAULTS>(FIT_METRIC_DEFAULTS, given);
  const { epochs, learningRate, weightDecay, augment, seed } = options;
  wholeNumber("epochs", epochs, 0, 1e6);
  checkTrained(encoder, augment);
  const source = rowSource(rows, "rows", 2, encoder.inputs);
  const { codes, classes } = readClasses(labels, source.rows);
  const perClass = checkPerClass(options);
  const wanted = wholeNumber("classes", options.classes, 2, 1 << 20);
  const sampler = new ClassBalancedSampler(codes, {
    ...{ classes: Math.min(wanted, classes.length), perClass, seed },
  });
  const loader = sampler.loader();
  const lossOf = lossFor(options);
  const { tape } = encoder;
  const what = { tape, model: encoder, loader, epochs, learningRate, weightDecay };
  return yield* oneCycleJob({ ...what, loss }, options);

  function loss({ rows: chosen, rng }: Batch): Tensor {
    const block = augmentRows(takeRows(source, chosen), source.cols, augment, rng);
    const z = encoder.forward(tape.tensor(block, [chosen.length, source.cols]));
    return lossOf(
      z,
      Array.from(chosen, (row) => codes[row]!),
    );
  }
}

function checkPerClass({ loss, perClass }: Pick<typeof FIT_METRIC_DEFAULTS, "loss" | "perClass">): number {
  oneOf("loss", loss, METRIC_LOSSES);
  wholeNumber("perClass", perClass, 2, 1 << 20);
  if (loss === "nPair" && perClass % 2 !== 0) {
    throw new VicinalError("OPTION_RANGE", { option: "perClass", got: perClass, rule: "even for nPair" });
  }
  return perClass;
}

type LossOf = (z: Tensor, labels: readonly number[]) => Tensor;

function lossFor({ loss, margin }: Pick<typeof FIT_METRIC_DEFAULTS, "loss" | "margin">): LossOf {
  if (loss === "triplet") {
    return (z, labels) => triplet(z, labels, { margin: margin ?? 0.2, tuples: batchHard(z, labels) });
  }
  if (loss === "contrastive") return (z, labels) => contrastive(z, labels, { margin: margin ?? 1 });
  return (z, labels) => {
    // Rows of a class follow one another: each even row and the next are a pair.
    const even = labels.flatMap((_, i) => (i % 2 === 0 ? [i] : []));
    const odd = even.map((i) => i + 1);
    const own = even.map((i) => labels[i]!);
    return nPair(gather(z, even), gather(z, odd), { unit: true, scale: SCALE, labels: own });
  };
}
