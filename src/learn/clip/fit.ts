import { type Batch, createLoader, type Tensor, type TrainReport } from "../../autodiff/index.ts";
import {
  checkOptions,
  type Job,
  permutation,
  type Rng,
  type RunOptions,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import {
  augmentRows,
  FIT_DEFAULTS,
  type FitOptions,
  oneCycleJob,
  runFit,
  runFitAsync,
  takeRows,
} from "../encoders/training.ts";
import { rowSource } from "../rows.ts";
import type { TwoTower } from "./twoTower.ts";

export interface FitTwoTowerOptions extends FitOptions {
  /** Passes over the subjects, each with one of its images; default 40. */
  epochs?: number;
  /** Pairs a step, of different subjects; default 256, at most one of each. */
  batch?: number;
  /** Of AdamW, at the top of one cycle; default 3e-3. */
  learningRate?: number;
  /** Default 0.05. */
  weightDecay?: number;
  /** Changes texts at random, for instance by leaving words out. */
  rephrase?: (text: string, rng: Rng) => string;
  /**
   * Texts of other subjects that images of a batch must tell their own from, beside those of the batch: at most so
   * many, drawn anew each step. Default 0.
   */
  others?: number;
  /**
   * Share of images that are blended with another of their subject, by up to one half: as if drawn in a manner between
   * two (after mixup, Zhang et al. 2018). Default 0.
   */
  blend?: number;
}

const DEFAULTS = {
  ...FIT_DEFAULTS,
  epochs: 40,
  batch: 256,
  learningRate: 3e-3,
  weightDecay: 0.05,
  rephrase: undefined as FitTwoTowerOptions["rephrase"],
  others: 0,
  blend: 0,
};

/** Images, what is said of each, and what each is of. */
export interface ImageTexts {
  readonly images: VectorsInput;
  /** One for each image. */
  readonly texts: readonly string[];
  /** Images of one subject do not meet in a batch, where one's text would be wrong for the other. Default: each its own. */
  readonly subjects?: readonly (string | number)[];
}

/**
 * Trains two towers on images and their texts.
 *
 * @throws VicinalError DIM_MISMATCH, NOT_FINITE, BAD_INPUT, DIVERGED, OPTION_RANGE, OPTION_UNKNOWN
 */
export const fitTwoTower = (
  model: TwoTower,
  pairs: ImageTexts,
  options: FitTwoTowerOptions & RunOptions = {},
): TrainReport => runFit(options, (rest) => fitJob(model, pairs, rest));

/** {@link fitTwoTower} between turns of the event loop. */
export const fitTwoTowerAsync = async (
  model: TwoTower,
  pairs: ImageTexts,
  options: FitTwoTowerOptions & RunOptions = {},
): Promise<TrainReport> => runFitAsync(options, (rest) => fitJob(model, pairs, rest));

/** Rows of each subject, in the order in which subjects first appear. */
function rowsBySubject({ texts, subjects }: ImageTexts, rows: number): number[][] {
  for (const [what, list] of Object.entries({ texts, subjects })) {
    if ((list === undefined && what === "subjects") || (Array.isArray(list) && list.length === rows))
      continue;
    throw new VicinalError("BAD_INPUT", {
      what,
      got: Array.isArray(list) ? `${list.length} of them` : typeof list,
      rule: `${rows}, one an image`,
    });
  }
  const out = new Map<string | number, number[]>();
  for (let i = 0; i < rows; i++) {
    const subject = subjects?.[i] ?? i;
    const list = out.get(subject);
    if (list === undefined) out.set(subject, [i]);
    else list.push(i);
  }
  return [...out.values()];
}

function* fitJob(model: TwoTower, pairs: ImageTexts, given: FitTwoTowerOptions): Job<TrainReport> {
  const options = resolveOptions<typeof DEFAULTS>(DEFAULTS, given);
  const { epochs, batch, learningRate, weightDecay, augment, rephrase, others, blend, seed } = options;
  wholeNumber("epochs", epochs, 0, 1e6);
  wholeNumber("batch", batch, 1, 0x7fffffff);
  for (const [option, got] of Object.entries({ augment, rephrase })) {
    if (got === undefined || typeof got === "function") continue;
    throw new VicinalError("OPTION_RANGE", { option, got, rule: "a function" });
  }
  if (!(typeof blend === "number" && blend >= 0 && blend <= 1)) {
    throw new VicinalError("OPTION_RANGE", { option: "blend", got: blend, rule: "from 0 to 1" });
  }
  checkOptions(pairs);
  const source = rowSource(pairs.images, "images", 2, model.image.inputs);
  const bySubject = rowsBySubject(pairs, source.rows);
  wholeNumber("others", others, 0, 1 << 20);
  const size = Math.min(batch, bySubject.length);
  const loader = createLoader({ rows: bySubject.length, batch: size, dropLast: true, seed });
  const what = { tape: model.tape, model, loader, epochs, learningRate, weightDecay };
  return yield* oneCycleJob({ ...what, loss }, options);

  function loss({ rows: chosen, rng }: Batch): Tensor {
    const rows = chosen.map((subject) => {
      const images = bySubject[subject]!;
      return images[rng.below(images.length)]!;
    });
    const block = takeRows(source, rows);
    const { cols } = source;
    if (blend > 0) {
      const partners = chosen.map((subject) => {
        const images = bySubject[subject]!;
        return images[rng.below(images.length)]!;
      });
      blendRows(block, takeRows(source, partners), cols, () => (rng.next() < blend ? rng.next() / 2 : 0));
    }
    augmentRows(block, cols, augment, rng);
    const said = (row: number): string => rephrase?.(pairs.texts[row]!, rng) ?? pairs.texts[row]!;
    const texts = Array.from(rows, said);
    const here = new Set(chosen);
    const away = permutation(bySubject.length, rng).filter((subject) => !here.has(subject));
    const more = Array.from(away.subarray(0, others), (subject) => said(bySubject[subject]![0]!));
    return model.loss(model.tape.tensor(block, [rows.length, cols]), texts, more);
  }
}

/** Each row becomes (1 − w) · row + w · the other, w drawn for each. */
function blendRows(rows: Float32Array, others: Float32Array, cols: number, weight: () => number): void {
  for (let from = 0; from < rows.length; from += cols) {
    const w = weight();
    if (w === 0) continue;
    for (let i = from; i < from + cols; i++) rows[i]! += w * (others[i]! - rows[i]!);
  }
}
