import type { Augment } from "../../learn/index.ts";
import { mirror } from "../mirror.ts";

/** Farthest that a photograph is shifted, pixels. */
const SHIFT = 4;
/** Side of the square that is blotted out. */
const HOLE = 8;

/** Mirrors, shifts by up to four pixels (edges repeat) and blots out a square, at random. */
export function cropAndMirror(image: readonly [number, number, number]): Augment {
  const [height, width, channels] = image;
  const flip = mirror(image);
  const copy = new Float32Array(height * width * channels);
  const within = (at: number, size: number): number => Math.min(size - 1, Math.max(0, at));
  return (pixels, rng) => {
    flip(pixels, rng);
    copy.set(pixels);
    const [down, right] = [rng.below(2 * SHIFT + 1) - SHIFT, rng.below(2 * SHIFT + 1) - SHIFT];
    const [top, left] = [rng.below(height), rng.below(width)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const to = (y * width + x) * channels;
        const from = (within(y + down, height) * width + within(x + right, width)) * channels;
        const blotted = Math.abs(y - top) < HOLE / 2 && Math.abs(x - left) < HOLE / 2;
        for (let c = 0; c < channels; c++) pixels[to + c] = blotted ? 127 : copy[from + c]!;
      }
    }
  };
}
