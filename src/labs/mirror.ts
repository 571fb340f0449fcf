import type { Augment } from "../learn/index.ts";

/** Mirrors an image left to right, or not, by a coin; rows hold height, width and channels in that order. */
export function mirror([height, width, channels]: readonly [number, number, number]): Augment {
  return (pixels, rng) => {
    if (rng.next() < 0.5) return;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width >> 1; x++) {
        const left = (y * width + x) * channels;
        const right = (y * width + width - 1 - x) * channels;
        for (let c = 0; c < channels; c++) {
          const kept = pixels[left + c]!;
          pixels[left + c] = pixels[right + c]!;
          pixels[right + c] = kept;
        }
      }
    }
  };
}
