import { type Rng, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { Augment } from "./training.ts";

export interface AugmentOptions {
  /** Height, width and channels of a row, channels innermost. */
  image: readonly [height: number, width: number, channels: number];
  /** Largest shift either way along each side, in pixels; default 0. */
  shift?: number;
  /** Largest turn either way, in degrees; default 0. */
  turn?: number;
  /** Largest change of size either way, as a share: 0.2 is from 0.8 to 1.2. Default 0. */
  scale?: number;
  /** Whether half of the images are mirrored left to right. Default false. */
  flip?: boolean;
  /** Largest change of all values together, as a share of `high`; default 0. */
  brightness?: number;
  /** Largest change of the distance from the image's mean, as a share; default 0. */
  contrast?: number;
  /** Largest turn of colours either way, in degrees (three channels); default 0. */
  hue?: number;
  /** Largest change of colourfulness, as a share (three channels); default 0. */
  saturation?: number;
  /**
   * How much edges change: a random 3 × 3 filter is added whose weights have this standard deviation and sum to 0, so
   * that outlines come and go, blur or sharpen, and flat areas stay (after random convolutions, Xu et al. 2021). Default 0.
   */
  edges?: number;
  /** Side of a square somewhere that is blotted out, in pixels; default 0. */
  cutout?: number;
  /** What is blotted out gets this value; default half of `high`. */
  fill?: number;
  /** Values are kept within 0 … high; default 255. */
  high?: number;
}

const DEFAULTS = {
  image: [0, 0, 1] as readonly [number, number, number],
  shift: 0,
  turn: 0,
  scale: 0,
  flip: false,
  brightness: 0,
  contrast: 0,
  hue: 0,
  saturation: 0,
  edges: 0,
  cutout: 0,
  fill: undefined as number | undefined,
  high: 255,
};
type Options = Readonly<typeof DEFAULTS>;

/**
 * Changes images a little at random, in place: moved, turned, mirrored, in other light and colours, partly covered.
 * Beyond an edge the image goes on as at the edge. The changes are drawn from the numbers given with each image.
 *
 * @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN
 */
export function augmentImages(options: AugmentOptions): Augment {
  const given = resolveOptions<typeof DEFAULTS>(DEFAULTS, options);
  const [height, width, channels] = given.image;
  for (const side of [height, width, channels]) wholeNumber("image", side, 1, 1 << 16);
  for (const name of [
    "shift",
    "turn",
    "scale",
    "brightness",
    "contrast",
    "hue",
    "saturation",
    "cutout",
  ] as const) {
    if (given[name] >= 0 && Number.isFinite(given[name])) continue;
    throw new VicinalError("OPTION_RANGE", { option: name, got: given[name], rule: "a finite number >= 0" });
  }
  const moves = given.shift > 0 || given.turn > 0 || given.scale > 0 || given.flip;
  const before = new Float32Array(height * width * channels);
  const colours = channels === 3 && (given.hue > 0 || given.saturation > 0);
  return (row, rng) => {
    if (moves) move(row, before, given, rng);
    if (given.edges > 0) filter(row, before, given, rng);
    if (colours) recolour(row, given, rng);
    if (given.brightness > 0 || given.contrast > 0) relight(row, given, rng);
    if (given.cutout > 0) cover(row, given, rng);
  };
}

/** Uniform in ± limit. */
const within = (limit: number, rng: Rng): number => limit * (2 * rng.next() - 1);

/** Bilinear samples of the image moved, turned about its middle and changed in size. */
function move(row: Float32Array, before: Float32Array, options: Options, rng: Rng): void {
  const [height, width, channels] = options.image;
  const [down, right] = [within(options.shift, rng), within(options.shift, rng)];
  const angle = (within(options.turn, rng) * Math.PI) / 180;
  const size = 1 / Math.max(0.05, 1 + within(options.scale, rng));
  const mirror = options.flip && rng.next() < 0.5 ? -1 : 1;
  const [cos, sin] = [Math.cos(angle) * size, Math.sin(angle) * size];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  before.set(row);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromMiddleY, fromMiddleX] = [y - middleY - down, (x - middleX - right) * mirror];
      const sourceY = clamp(middleY + cos * fromMiddleY + sin * fromMiddleX, height - 1);
      const sourceX = clamp(middleX - sin * fromMiddleY + cos * fromMiddleX, width - 1);
      const top = Math.min(Math.floor(sourceY), Math.max(0, height - 2));
      const left = Math.min(Math.floor(sourceX), Math.max(0, width - 2));
      const [b, r] = [sourceY - top, sourceX - left];
      const at = (top * width + left) * channels;
      const next = width > 1 ? channels : 0;
      const below = height > 1 ? width * channels : 0;
      for (let c = 0; c < channels; c++) {
        const upper = before[at + c]! * (1 - r) + before[at + next + c]! * r;
        const lower = before[at + below + c]! * (1 - r) + before[at + below + next + c]! * r;
        row[(y * width + x) * channels + c] = upper * (1 - b) + lower * b;
      }
    }
  }
}

const clamp = (value: number, high: number): number => Math.min(high, Math.max(0, value));

/** Adds what a random filter without a mean sees around each pixel. */
function filter(row: Float32Array, before: Float32Array, { image, edges, high }: Options, rng: Rng): void {
  const [height, width, channels] = image;
  const weights = Float64Array.from({ length: 9 }, () => edges * rng.normal());
  const middle = weights.reduce((sum, weight) => sum + weight, 0) / 9;
  before.set(row);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = before[at + c]!;
        for (let tap = 0; tap < 9; tap++) {
          const fromY = Math.min(height - 1, Math.max(0, y + Math.floor(tap / 3) - 1));
          const fromX = Math.min(width - 1, Math.max(0, x + (tap % 3) - 1));
          sum += (weights[tap]! - middle) * before[(fromY * width + fromX) * channels + c]!;
        }
        row[at + c] = clamp(sum, high);
      }
    }
  }
}

/** Turns and stretches colours about the grey axis, by luma and two differences (YIQ). */
function recolour(row: Float32Array, { hue, saturation, high }: Options, rng: Rng): void {
  const angle = (within(hue, rng) * Math.PI) / 180;
  const stretch = 1 + within(saturation, rng);
  const [cos, sin] = [Math.cos(angle) * stretch, Math.sin(angle) * stretch];
  for (let at = 0; at < row.length; at += 3) {
    const [r, g, b] = [row[at]!, row[at + 1]!, row[at + 2]!];
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    const i = 0.596 * r - 0.274 * g - 0.322 * b;
    const q = 0.211 * r - 0.523 * g + 0.312 * b;
    const [turnedI, turnedQ] = [cos * i - sin * q, sin * i + cos * q];
    row[at] = clamp(luma + 0.956 * turnedI + 0.621 * turnedQ, high);
    row[at + 1] = clamp(luma - 0.272 * turnedI - 0.647 * turnedQ, high);
    row[at + 2] = clamp(luma - 1.106 * turnedI + 1.703 * turnedQ, high);
  }
}

function relight(row: Float32Array, { brightness, contrast, high }: Options, rng: Rng): void {
  const [lift, stretch] = [within(brightness, rng) * high, 1 + within(contrast, rng)];
  let mean = 0;
  for (let i = 0; i < row.length; i++) mean += row[i]! / row.length;
  for (let i = 0; i < row.length; i++) row[i] = clamp(mean + (row[i]! - mean) * stretch + lift, high);
}

function cover(row: Float32Array, { image, cutout, fill, high }: Options, rng: Rng): void {
  const [height, width, channels] = image;
  const side = Math.round(cutout);
  const [top, left] = [rng.below(height + side) - side, rng.below(width + side) - side];
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
    const from = (y * width + Math.max(0, left)) * channels;
    const to = (y * width + Math.min(width, left + side)) * channels;
    if (to > from) row.fill(fill ?? high / 2, from, to);
  }
}
