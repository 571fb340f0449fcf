import { addNoise, type DenoiseOptions, denoiseAsync, type Plane } from "../../apply/index.ts";
import { type Matrix, matrix, type RunOptions } from "../../core/index.ts";
import { psnr, ssim } from "../../evaluate/index.ts";
import { mean } from "../numbers.ts";
import { type Difference, paired } from "../paired.ts";
import type { Contender } from "./contenders.ts";
import { crop, type TestSet } from "./pictures.ts";
import { published } from "./published.ts";

/** An estimate against the picture without noise. */
export interface Quality {
  /** In decibels, of pixels as they are. */
  readonly psnr: number;
  /** After clipping and rounding to 8 bits. */
  readonly psnr8: number;
  readonly ssim: number;
}

export interface PictureScore extends Quality {
  /** Processor time of one thread. */
  readonly cpuSeconds: number;
  /** PSNR that was published of it, with another noise. */
  readonly published?: number;
}

/** One method on one set at one σ. */
export interface MethodScores {
  readonly name: string;
  readonly title: string;
  readonly mean: Quality & { readonly cpuSeconds: number };
  readonly published?: { readonly psnr: number; readonly ssim?: number };
  /** PSNR above that of BM3D, picture by picture. */
  readonly aboveBm3d: Difference;
  /** In the order of the set's pictures. */
  readonly pictures: readonly PictureScore[];
}

export interface LevelScores {
  readonly sigma: number;
  /** `addNoise(picture, sigma, seed)` is what all methods were given, by picture. */
  readonly noiseSeeds: readonly number[];
  readonly noisy: Quality;
  readonly methods: readonly MethodScores[];
}

export interface SetScores {
  readonly name: string;
  /** False where a quick run took pieces of a few pictures: published means are of others. */
  readonly whole: boolean;
  readonly pictures: readonly { readonly name: string; readonly width: number; readonly height: number }[];
  readonly levels: readonly LevelScores[];
}

/** A piece of a picture as all methods left it. */
export interface Panels {
  readonly picture: string;
  readonly sigma: number;
  readonly panels: readonly { readonly title: string; readonly image: Plane; readonly psnr?: number }[];
}

export interface MeasureOptions extends RunOptions {
  readonly seed: number;
  readonly sigmas: readonly number[];
  /** Which pictures are shown, at which σ: side of the piece, and its corner. */
  readonly shown: readonly Shown[];
  /** Is told each σ as soon as it is done. */
  onLevel?(level: LevelScores): void;
}

export interface Shown {
  readonly picture: string;
  readonly sigma: number;
  readonly left: number;
  readonly top: number;
}

/** Side of a piece that is shown. */
export const PIECE = 128;

/** The seed of a picture's noise: no two pictures, sets, deviations or seeds of the lab (below 10⁶) share one. */
export const noiseSeed = (seed: number, set: string, picture: number, sigma: number): number =>
  (seed % 1e6) * 1e6 + (set === "BSD68" ? 500_000 : 0) + 1000 * picture + sigma;

/** Every method on every picture of a set at every σ, all with the same noise, one thread. */
export async function measureSet(
  set: TestSet,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<{ scores: SetScores; panels: Panels[] }> {
  const levels: LevelScores[] = [];
  const panels: Panels[] = [];
  for (const sigma of options.sigmas) {
    const own = contenders.filter((each) => each.sigma === undefined || each.sigma === sigma);
    const measured: Measured[] = [];
    for (const [i, { name }] of set.pictures.entries()) {
      const phase = `${set.name}, σ ${sigma}`;
      options.onProgress?.({ phase, done: i, total: set.pictures.length });
      const one = await measurePicture(set, i, sigma, own, options);
      const shown = options.shown.find((each) => each.picture === name && each.sigma === sigma);
      if (shown !== undefined) panels.push(panelsOf(one, own, shown));
      measured.push({ ...one, images: [] });
    }
    const level = levelScores(set, sigma, own, measured);
    options.onLevel?.(level);
    levels.push(level);
  }
  const pictures = set.pictures.map(({ name, clean: { width, height } }) => ({ name, width, height }));
  return { scores: { name: set.name, whole: set.whole, pictures, levels }, panels };
}

interface Measured {
  readonly noiseSeed: number;
  readonly noisy: Quality;
  /** By contender. */
  readonly scores: readonly PictureScore[];
  /** Without noise, noisy, then the estimates. */
  readonly images: readonly Matrix[];
}

async function measurePicture(
  set: TestSet,
  i: number,
  sigma: number,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<Measured> {
  const { clean } = set.pictures[i]!;
  const seed = noiseSeed(options.seed, set.name, i, sigma);
  const truth = matrix(clean.data, clean.width);
  const noisy = matrix(addNoise(clean.data, sigma, seed), clean.width);
  const images = [truth, noisy];
  const scores: PictureScore[] = [];
  for (const contender of contenders) {
    const { estimate, cpuSeconds } = await timed(noisy, sigma, contender, options);
    const told = set.whole ? published(set.name, contender.name, sigma)?.pictures?.[i] : undefined;
    const score = { ...qualityOf(estimate, truth), cpuSeconds };
    scores.push(told === undefined ? score : { ...score, published: told });
    images.push(estimate);
  }
  return { noiseSeed: seed, noisy: qualityOf(noisy, truth), scores, images };
}

function panelsOf(
  { noisy, scores, images }: Measured,
  contenders: readonly Contender[],
  shown: Shown,
): Panels {
  const { picture, sigma, left, top } = shown;
  const titles = ["without noise", "noisy", ...contenders.map(({ title }) => title)];
  const decibels = [undefined, noisy.psnr, ...scores.map((score) => score.psnr)];
  const panels = images.map(({ data, cols, rows }, p) => {
    const image = crop({ width: cols, height: rows, data }, left, top, PIECE, PIECE);
    const made = { title: titles[p]!, image };
    return decibels[p] === undefined ? made : { ...made, psnr: decibels[p] };
  });
  return { picture, sigma, panels };
}

function levelScores(
  set: TestSet,
  sigma: number,
  contenders: readonly Contender[],
  measured: readonly Measured[],
): LevelScores {
  const of = (c: number): PictureScore[] => measured.map(({ scores }) => scores[c]!);
  const bm3d = of(contenders.findIndex(({ name }) => name === "bm3d")).map((score) => score.psnr);
  return {
    sigma,
    noiseSeeds: measured.map((one) => one.noiseSeed),
    noisy: meanQuality(measured.map((one) => one.noisy)),
    methods: contenders.map(({ name, title }, c) => {
      const pictures = of(c);
      const told = set.whole ? published(set.name, name, sigma) : undefined;
      const ssimTold = told?.ssim === undefined ? {} : { ssim: told.ssim };
      return {
        ...{ name, title },
        mean: { ...meanQuality(pictures), cpuSeconds: mean(pictures.map((score) => score.cpuSeconds)) },
        ...(told === undefined ? {} : { published: { psnr: told.psnr, ...ssimTold } }),
        aboveBm3d: paired(
          pictures.map((score) => score.psnr),
          bm3d,
        ),
        pictures,
      };
    }),
  };
}

async function timed(
  noisy: Matrix,
  sigma: number,
  { options }: Contender,
  { signal }: RunOptions,
): Promise<{ estimate: Matrix; cpuSeconds: number }> {
  const before = process.cpuUsage();
  const run = { ...options, sigma, ...(signal === undefined ? {} : { signal }) } as DenoiseOptions;
  const estimate = await denoiseAsync(noisy, run);
  const { user, system } = process.cpuUsage(before);
  return { estimate, cpuSeconds: (user + system) / 1e6 };
}

const qualityOf = (estimate: Matrix, truth: Matrix): Quality => ({
  psnr: psnr(estimate.data, truth.data),
  psnr8: psnr(estimate.data, truth.data, { rounded: true }),
  ssim: ssim(estimate, truth),
});

const meanQuality = (all: readonly Quality[]): Quality => ({
  psnr: mean(all.map((one) => one.psnr)),
  psnr8: mean(all.map((one) => one.psnr8)),
  ssim: mean(all.map((one) => one.ssim)),
});
