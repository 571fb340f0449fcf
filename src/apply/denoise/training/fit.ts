import {
  adam,
  cosine,
  type Layer,
  mean,
  mul,
  type StepReport,
  square,
  sub,
  type Tape,
  type TrainOptions,
  trainJob,
  warmUp,
} from "../../../autodiff/index.ts";
import {
  checkOptions,
  type Job,
  type Matrix,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../../core/index.ts";
import { planeOf } from "../denoise.ts";
import { cropLoader } from "./crops.ts";

export interface FitDenoiserOptions {
  /** Deviation of the noise to learn, of intensities from 0 to 255; above 0. */
  sigma: number;
  /** Default 4000. */
  steps?: number;
  /** Crops a step, default 8. */
  batch?: number;
  /** Side of a crop in pixels, default 64. */
  crop?: number;
  /** Of Adam at its highest, default 2e-3. */
  learningRate?: number;
  /** Default 1e-4, of weights of convolutions only, beside a loss of 800 times the mean squared error. */
  weightDecay?: number;
  /** Of crops and noise, default 0; the layer's weights have their own. */
  seed?: number;
  /** Called after each step; its loss is the mean squared error. */
  onStep?: (report: StepReport) => void;
  checkpoint?: NonNullable<TrainOptions["checkpoint"]>;
  /** A checkpoint of this run to go on from. */
  resume?: Uint8Array;
}

type Resolved = Required<Omit<FitDenoiserOptions, "onStep" | "checkpoint" | "resume">> & {
  [K in "onStep" | "checkpoint" | "resume"]: FitDenoiserOptions[K] | undefined;
};

/** `sigma` must be given. */
export const FIT_DENOISER_DEFAULTS: Readonly<Resolved> = Object.freeze({
  sigma: 0,
  steps: 4000,
  batch: 8,
  crop: 64,
  learningRate: 2e-3,
  weightDecay: 1e-4,
  seed: 0,
  onStep: undefined,
  checkpoint: undefined,
  resume: undefined,
});

export interface FitDenoiserReport {
  /** Steps taken in all, those before a resume included. */
  readonly steps: number;
  /** Mean squared error of crops over the last steps of this call, at most 100; NaN if it took none. */
  readonly loss: number;
}

/** The published losses are 800 times the mean squared error; weight decay is measured by it. */
const SCALE = 800;
/** Steps of the mean loss. */
const LAST = 100;

/**
 * Trains a denoiser, such as {@link dncnn} or {@link n3net} on that tape, on crops of pictures without noise: each is
 * turned and mirrored at random and gets noise of its own. Adam, its rate rising over the first steps and then falling
 * along half a cosine to a thousandth. Crops, noise and order depend on pictures, options and seed alone, so that layers
 * can be compared; a run taken up from a checkpoint ends with the bits of one that was never stopped.
 *
 * @param pictures height × width, intensities in [0, 1]; at least as large as a crop
 * @throws BAD_INPUT, NOT_FINITE, OPTION_RANGE, OPTION_UNKNOWN, DIVERGED; FORMAT or BAD_INPUT when `resume` does not fit
 * @remarks One step of 8 crops of 64 × 64: some 0.2 s for 12 convolutions of 32 channels, on one core
 * @see Zhang et al., IEEE TIP 26(7), 2017; Plötz & Roth, arXiv:1810.12575, for the recipe
 */
export const fitDenoiser = (
  tape: Tape,
  layer: Layer,
  pictures: readonly Matrix[],
  options: FitDenoiserOptions & RunOptions,
): FitDenoiserReport => {
  const [own, run] = apart(options);
  return runSync(fitJob(tape, layer, pictures, own), run);
};

/** {@link fitDenoiser} between turns of the event loop; aborting leaves a checkpoint where one was asked for. */
export const fitDenoiserAsync = async (
  tape: Tape,
  layer: Layer,
  pictures: readonly Matrix[],
  options: FitDenoiserOptions & RunOptions,
): Promise<FitDenoiserReport> => {
  const [own, run] = apart(options);
  return runAsync(fitJob(tape, layer, pictures, own), run);
};

function apart(options: FitDenoiserOptions & RunOptions): [own: FitDenoiserOptions, run: RunOptions] {
  checkOptions(options);
  const { signal, onProgress, ...own } = options;
  return [own, { signal, onProgress } as RunOptions];
}

function* fitJob(
  tape: Tape,
  layer: Layer,
  pictures: readonly Matrix[],
  options: FitDenoiserOptions,
): Job<FitDenoiserReport> {
  const given = checked(options);
  const { steps, batch, crop, learningRate, weightDecay, onStep, checkpoint, resume } = given;
  const loader = cropLoader(pictures.map(planeOf), given);
  const shape = [batch, crop, crop, 1];
  const recent: number[] = [];
  const rise = Math.min(50, Math.ceil(steps / 10));
  const fall = cosine({ rate: learningRate, steps: Math.max(1, steps - rise), end: learningRate / 1000 });
  const report = yield* trainJob({
    ...{ tape, model: layer, loader, epochs: steps === 0 ? 0 : 1 },
    loss(of) {
      const { clean, noisy } = loader.crops(of);
      const estimate = layer.forward(tape.tensor(noisy, shape));
      return mul(mean(square(sub(estimate, tape.tensor(clean, shape)))), SCALE);
    },
    optimiser: adam(layer.parameters, { learningRate, weightDecay }),
    schedule: warmUp(rise, fall),
    onStep(step) {
      const loss = step.loss / SCALE;
      recent.push(loss);
      if (recent.length > LAST) recent.shift();
      onStep?.({ ...step, loss });
    },
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(resume === undefined ? {} : { resume }),
  });
  const loss = recent.reduce((sum, value) => sum + value, 0) / recent.length;
  return { steps: report.steps, loss };
}

function checked(options: FitDenoiserOptions): Readonly<Resolved> {
  const given = resolveOptions<Resolved>(FIT_DENOISER_DEFAULTS, options);
  wholeNumber("steps", given.steps, 0, 1e9);
  wholeNumber("batch", given.batch, 1, 4096);
  wholeNumber("crop", given.crop, 8, 4096);
  wholeNumber("seed", given.seed, 0, Number.MAX_SAFE_INTEGER);
  for (const option of ["sigma", "learningRate"] as const) {
    const got = given[option];
    if (typeof got === "number" && got > 0 && got <= 255) continue;
    throw new VicinalError("OPTION_RANGE", { option, got, rule: "a number above 0, at most 255" });
  }
  if (given.onStep !== undefined && typeof given.onStep !== "function") {
    throw new VicinalError("OPTION_RANGE", { option: "onStep", got: given.onStep, rule: "a function" });
  }
  return given;
}
