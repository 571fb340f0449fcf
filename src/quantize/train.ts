import {
  type Matrix,
  oneOf,
  type RunOptions,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import { prepareTraining, type Quantizer, type Training, trainLater, trainNow } from "./codes.ts";
import { PqCodec } from "./pqCodec.ts";
import { RabitqCodec } from "./rabitqCodec.ts";
import { SqCodec } from "./sqCodec.ts";

/** What ranks of codes estimate: squared distances, or negative inner products. */
export type CodeMetric = "l2sq" | "ip";

export interface PqTraining {
  /** Parts of a row, 1 … d; they differ by one component at most. */
  m?: number;
  /** 8: 256 centroids a part. 4: 16, half the bytes. */
  nbits?: 4 | 8;
  /** For 4 bits: sixteen lookups in one instruction, with tables rounded to bytes. */
  fastScan?: boolean;
  metric?: CodeMetric;
  seed?: number;
}

export const PQ_TRAINING: Readonly<Required<PqTraining>> = Object.freeze({
  m: 16,
  nbits: 8,
  fastScan: false,
  metric: "l2sq",
  seed: 0,
});

export interface SqTraining {
  /** Of a component. */
  bits?: 4 | 6 | 8;
  metric?: CodeMetric;
}

export const SQ_TRAINING: Readonly<Required<SqTraining>> = Object.freeze({ bits: 8, metric: "l2sq" });

export interface RabitqTraining {
  metric?: CodeMetric;
  /** Of the rotation. */
  seed?: number;
}

export const RABITQ_TRAINING: Readonly<Required<RabitqTraining>> = Object.freeze({ metric: "l2sq", seed: 0 });

/** What the asynchronous forms accept besides. */
export interface TrainingRun extends RunOptions {
  /** Worker threads; default 1. The outcome does not depend on it. */
  threads?: number;
}

/**
 * Trains product quantization on rows: each of m parts of a row becomes the number of its nearest centroid.
 *
 * @param rows float32[n × d], n >= 1; up to 16,384 of them are used
 * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, EMPTY_INDEX
 * @remarks 20 rounds of k-means a part: O(n · 2^nbits · d) each; the same rows and seed give the same codebooks
 * @see Jégou, Douze & Schmid, Product quantization for nearest neighbor search, 2011
 */
export function trainPq(rows: Matrix, options?: PqTraining): Quantizer {
  return trainNow(pqTraining(rows, options));
}

/** {@link trainPq}, giving other work a turn and reporting progress, on worker threads where asked for. */
export async function trainPqAsync(rows: Matrix, options: PqTraining & TrainingRun = {}): Promise<Quantizer> {
  const { signal, onProgress, threads, ...rest } = options;
  return trainLater(pqTraining(rows, rest), { signal, onProgress, threads });
}

function pqTraining(rows: Matrix, options: PqTraining | undefined): Training {
  const { m, nbits, fastScan, metric, seed } = resolveOptions<Required<PqTraining>>(PQ_TRAINING, options);
  wholeNumber("m", m, 1, rows.cols);
  if (nbits !== 4 && nbits !== 8) {
    throw new VicinalError("OPTION_RANGE", { option: "nbits", got: nbits, rule: "4 or 8" });
  }
  if (fastScan && nbits !== 4) {
    throw new VicinalError("OPTION_RANGE", { option: "fastScan", got: fastScan, rule: "false for 8 bits" });
  }
  return prepareTraining(
    rows,
    { ip: isProduct(metric), seed },
    (space, shape) => new PqCodec(space, shape, { m, nbits, fastScan }),
  );
}

/**
 * Trains scalar quantization: each component in 4, 6 or 8 bits, within a range of its own.
 *
 * @param rows float32[n × d], n >= 1; up to 4,096 of them are used
 * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, EMPTY_INDEX
 * @remarks O(n · log n · d)
 */
export function trainSq(rows: Matrix, options?: SqTraining): Quantizer {
  const { bits, metric } = resolveOptions<Required<SqTraining>>(SQ_TRAINING, options);
  if (bits !== 4 && bits !== 6 && bits !== 8) {
    throw new VicinalError("OPTION_RANGE", { option: "bits", got: bits, rule: "4, 6 or 8" });
  }
  const shape = { ip: isProduct(metric), seed: 0 };
  return trainNow(prepareTraining(rows, shape, (space, full) => new SqCodec(space, full, bits)));
}

/**
 * Makes RaBitQ codes relative to the mean of rows: one bit a component after a random rotation. Nothing else is learned.
 * Its {@link Quantizer.bounds} say what a true distance is not below.
 *
 * @param rows float32[n × d], n >= 1
 * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, EMPTY_INDEX
 * @remarks O(n · d); the rotation takes O(d · log d) a row
 * @see Gao & Long, RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound, 2024
 */
export function trainRabitq(rows: Matrix, options?: RabitqTraining): Quantizer {
  const { metric, seed } = resolveOptions<Required<RabitqTraining>>(RABITQ_TRAINING, options);
  const shape = { ip: isProduct(metric), seed };
  return trainNow(prepareTraining(rows, shape, (space, full) => new RabitqCodec(space, full)));
}

function isProduct(metric: CodeMetric): boolean {
  return oneOf("metric", metric, ["l2sq", "ip"]) === "ip";
}
