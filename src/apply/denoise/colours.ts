import type { Plane } from "./plane.ts";

/** How a picture of three colours is taken apart. */
export type ColourMode = "luminance" | "channels";

/** A picture of numbers in [0, 1], more or less: rows from the top, channels of a pixel together. */
export interface FloatImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  /** Length height · width · channels. */
  readonly data: Float32Array;
}

/**
 * Luminance and two differences of colours. An orthonormal turn: noise that is white, of one deviation, and independent
 * in red, green and blue is so along these axes too, whereas the picture is mostly along the first.
 */
const TURN = [
  [1 / Math.sqrt(3), 1 / Math.sqrt(3), 1 / Math.sqrt(3)],
  [1 / Math.SQRT2, 0, -1 / Math.SQRT2],
  [1 / Math.sqrt(6), -2 / Math.sqrt(6), 1 / Math.sqrt(6)],
] as const;
const ITSELF = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;

/** Axes along which a picture is worked on; `scale` is what becomes of the deviation of its noise. */
export interface Axes {
  readonly rows: readonly (readonly [r: number, g: number, b: number])[];
  readonly scale: number;
}

/**
 * Of red, green and blue each for itself, or of luminance and differences, either at full length or `within` [0, 1], as networks
 * need it, which have seen no other pixels.
 */
export function axesOf(mode: ColourMode, within: boolean): Axes {
  if (mode === "channels") return { rows: ITSELF, scale: 1 };
  return { rows: TURN, scale: within ? 1 / Math.sqrt(3) : 1 };
}

/** What makes the middle grey of a picture 1/2 along an axis. */
const shiftOf = (scale: number, [r, g, b]: Axes["rows"][number]): number => 0.5 - (scale * (r + g + b)) / 2;

/** Grey pictures of which a picture is made; alpha is none of them. */
export function planesOf(image: FloatImage, { rows, scale }: Axes): Plane[] {
  const { width, height, channels, data } = image;
  const n = width * height;
  if (channels < 3) {
    return [{ width, height, data: Float32Array.from({ length: n }, (_, i) => data[i * channels]!) }];
  }
  return rows.map((axis) => {
    const [r, g, b] = axis;
    const shift = shiftOf(scale, axis);
    const plane = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      const at = i * channels;
      plane[i] = scale * (r * data[at]! + g * data[at + 1]! + b * data[at + 2]!) + shift;
    }
    return { width, height, data: plane };
  });
}

/** The picture whose planes these are, with the alpha of the one given. */
export function withPlanes(image: FloatImage, planes: readonly Plane[], { rows, scale }: Axes): FloatImage {
  const { channels } = image;
  const data = image.data.slice();
  const n = image.width * image.height;
  if (channels < 3) {
    for (let i = 0; i < n; i++) data[i * channels] = planes[0]!.data[i]!;
    return { ...image, data };
  }
  const shifts = rows.map((axis) => shiftOf(scale, axis));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < 3; j++) {
      let sum = 0;
      for (let p = 0; p < 3; p++) sum += rows[p]![j]! * (planes[p]!.data[i]! - shifts[p]!);
      data[i * channels + j] = sum / scale;
    }
  }
  return { ...image, data };
}
