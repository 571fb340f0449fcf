import {
  checkOptions,
  type Job,
  type Matrix,
  oneOf,
  type RunOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { axesOf, type ColourMode, type FloatImage, planesOf, withPlanes } from "./colours.ts";
import { type Bm3dOptions, DENOISERS, type NetworkOptions, type NlmOptions } from "./methods.ts";
import { checkTrained } from "./networks/run.ts";
import type { DenoisingNetwork } from "./networks/weights.ts";
import type { Plane } from "./plane.ts";

/** What {@link denoise} needs to know, whatever the method. */
export interface CommonDenoiseOptions extends RunOptions {
  /** Deviation of the noise, of intensities from 0 to 255, at most 255: 25 is 25/255 of the range of pixels. */
  sigma: number;
  /** Threads that work together, default 1. The estimate is the same for any number. */
  threads?: number;
}

export type DenoiseOptions = CommonDenoiseOptions &
  (
    | ({ method: "bm3d" } & Bm3dOptions)
    | ({ method: "nlm" } & NlmOptions)
    | ({ method: "dncnn" | "n3net" } & NetworkOptions)
  );

export type DenoiseImageOptions = DenoiseOptions & {
  /**
   * Of three colours: "luminance" turns them to luminance and two differences and takes the noise from each of these, which
   * is better, and the default of methods that have learned nothing; "channels" takes it from red, green and blue, each for
   * itself, and is the default of networks: by luminance these must be trained for sigma / √3, see docs/denoise.md.
   */
  colour?: ColourMode;
};

/** Beyond that pixels are no intensities, and their squares no numbers of float32. */
const LARGEST = 1e6;
/** Noise below what float32 tells apart in an intensity near 255. */
const SILENCE = 1e-6;

/**
 * A grey picture without its noise: white, Gaussian, of a known deviation. Nothing is clipped, neither in nor out.
 *
 * @param image shape height × width, at least 1 × 1, intensities in [0, 1]; left as it is
 * @returns a new matrix of the same shape; a copy when sigma is 0
 * @throws BAD_INPUT, NOT_FINITE, OPTION_RANGE, OPTION_UNKNOWN, OUT_OF_MEMORY, WASM_UNAVAILABLE; the abort's reason
 * @remarks 256 × 256 pixels take about 0.3 s on one core by BM3D, 0.2 s by non-local means; docs/denoise.md
 * @see Dabov, Foi, Katkovnik & Egiazarian, IEEE TIP 16(8), 2007; Buades, Coll & Morel, IPOL 1, 2011
 */
export function denoise(image: Matrix, options: DenoiseOptions): Matrix {
  const plane = planeOf(image);
  return matrixOf(runSync(planeJob(plane, checked(options)), options));
}

/** {@link denoise} with turns of the event loop between parts of the work, so that an abort takes effect soon. */
export async function denoiseAsync(image: Matrix, options: DenoiseOptions): Promise<Matrix> {
  const plane = planeOf(image);
  return matrixOf(await runAsync(planeJob(plane, checked(options)), options));
}

/**
 * A picture of any number of channels. The noise of its colours is taken to be independent and of the same deviation. Three
 * colours are worked on as three grey pictures: see {@link DenoiseImageOptions}. Alpha is left as it is.
 *
 * @throws as {@link denoise}
 */
export async function denoiseImage(image: FloatImage, options: DenoiseImageOptions): Promise<FloatImage> {
  checkOptions(options);
  const { colour = learns(options.method) ? "channels" : "luminance", ...rest } = options;
  oneOf("colour", colour, ["luminance", "channels"]);
  const settings = checked(rest as DenoiseOptions);
  checkImage(image);
  return runAsync(imageJob(image, settings, colour), options);
}

interface Settings {
  readonly method: string;
  readonly sigma: number;
  readonly threads: number;
  /** Of the method. */
  readonly own: object;
}

function checked(options: DenoiseOptions): Settings {
  checkOptions(options);
  const { method, sigma, threads = 1, signal: _s, onProgress: _p, ...own } = options;
  oneOf<string>(
    "method",
    method,
    DENOISERS.map(({ name }) => name),
  );
  checkSigma("sigma", sigma);
  return { method, sigma, threads: wholeNumber("threads", threads, 1, 64), own };
}

/** A deviation of noise, or OPTION_RANGE. */
function checkSigma(option: string, got: unknown): number {
  if (typeof got !== "number" || !(got >= 0 && got <= 255)) {
    throw new VicinalError("OPTION_RANGE", { option, got, rule: "a number from 0 to 255" });
  }
  return got;
}

function* planeJob(image: Plane, { method, sigma, threads, own }: Settings): Job<Plane> {
  const denoiser = DENOISERS.find(({ name }) => name === method)!;
  // Called for its checks even where there is nothing to do.
  const job = denoiser.start(image, { sigma, threads }, own);
  return sigma < SILENCE ? { ...image, data: image.data.slice() } : yield* job;
}

const learns = (method: string): boolean => DENOISERS.some(({ name, learned }) => learned && name === method);

function* imageJob(image: FloatImage, given: Settings, colour: ColourMode): Job<FloatImage> {
  // Without noise the picture stays as it is to the last bit, which a turn of its axes would not keep.
  const mode = given.sigma < SILENCE || image.channels < 3 ? "channels" : colour;
  const axes = axesOf(mode, learns(given.method));
  const { network } = given.own as { network?: DenoisingNetwork | null };
  if (network?.sigma !== undefined) checkTrained(network, given.sigma, axes.scale);
  const settings = { ...given, sigma: given.sigma * axes.scale };
  const planes = planesOf(image, axes);
  const estimates: Plane[] = [];
  for (const [p, plane] of planes.entries()) {
    const job = planeJob(plane, settings);
    for (;;) {
      const step = job.next();
      if (step.done) {
        estimates.push(step.value);
        break;
      }
      const { phase, done, total } = step.value;
      yield { phase, done: p * total + done, total: planes.length * total };
    }
  }
  return withPlanes(image, estimates, axes);
}

/** A checked copy without gaps. */
export function planeOf(image: Matrix): Plane {
  const { data, rows, cols, stride } = image ?? {};
  const whole = Number.isInteger(rows) && Number.isInteger(cols) && Number.isInteger(stride);
  const fits = whole && rows > 0 && cols > 0 && stride >= cols && (rows - 1) * stride + cols <= data?.length;
  if (!(data instanceof Float32Array) || !fits) {
    const kind = data instanceof Float32Array ? "" : "other than float32, ";
    const got = `${kind}${rows} × ${cols} at stride ${stride}`;
    const rule = "a matrix of float32 with at least one pixel, rows × stride elements long";
    throw new VicinalError("BAD_INPUT", { what: "image", got, rule });
  }
  const plane = { width: cols, height: rows, data: new Float32Array(rows * cols) };
  for (let y = 0; y < rows; y++) plane.data.set(data.subarray(y * stride, y * stride + cols), y * cols);
  checkPixels(plane.data, cols, 1);
  return plane;
}

const matrixOf = ({ width, height, data }: Plane): Matrix => ({
  data,
  rows: height,
  cols: width,
  stride: width,
});

function checkImage({ width, height, channels, data }: FloatImage): void {
  const whole = [width, height, channels].every((n) => Number.isInteger(n) && n >= 1) && channels <= 4;
  if (!whole || !(data instanceof Float32Array) || data.length !== width * height * channels) {
    const got = `${height} × ${width} × ${channels}, ${data?.length} numbers`;
    const rule = "float32 of height × width × channels, at least one pixel, 1 to 4 channels";
    throw new VicinalError("BAD_INPUT", { what: "image", got, rule });
  }
  checkPixels(data, width, channels);
}

function checkPixels(data: Float32Array, width: number, channels: number): void {
  for (let i = 0; i < data.length; i++) {
    const got = data[i]!;
    if (Math.abs(got) <= LARGEST) continue;
    const pixel = Math.floor(i / channels);
    const at = { row: Math.floor(pixel / width), column: pixel % width };
    if (!Number.isFinite(got)) throw new VicinalError("NOT_FINITE", { what: "image", ...at, got });
    const rule = "numbers in [0, 1], more or less, and surely within ±1e6";
    throw new VicinalError("BAD_INPUT", {
      what: `image row ${at.row}, column ${at.column}`,
      got: `${got}`,
      rule,
    });
  }
}
