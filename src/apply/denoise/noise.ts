import { createRng } from "../../core/index.ts";

/**
 * Adds white Gaussian noise to pixels in [0, 1], a copy: σ/255 times standard normals of the stream "noise" of the seed
 * (core/rng.ts: sfc32, polar method), in the order of the numbers, rounded to float32 and never clipped.
 */
export function addNoise(pixels: Float32Array, sigma: number, seed: number): Float32Array {
  const rng = createRng(seed, "noise");
  return pixels.map((v) => v + (sigma / 255) * rng.normal());
}
