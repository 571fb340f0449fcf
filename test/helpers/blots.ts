import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRng } from "../../src/core/index.ts";

/** A blot on a 28 × 28 picture, at a place of its own for each label, with noise. */
export function blot(label: number, next: () => number): Uint8Array {
  const pixels = new Uint8Array(28 * 28);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.floor(next() * 60);
  const [left, top] = [2 + (label % 5) * 5, 3 + Math.floor(label / 5) * 12];
  for (let y = 0; y < 5; y++) for (let x = 0; x < 4; x++) pixels[(top + y) * 28 + left + x] = 200;
  return pixels;
}

/** Blots with their labels 0 … 9 in turn, as a pair of IDX files of the names that MNIST's have. */
export async function writeBlots(folder: string, name: string, n: number, seed: number): Promise<void> {
  const rng = createRng(seed, "digits");
  const labels = Uint8Array.from({ length: n }, (_, i) => i % 10);
  const images = new Uint8Array(16 + n * 784);
  const view = new DataView(images.buffer);
  for (const [at, value] of [2051, n, 28, 28].entries()) view.setUint32(4 * at, value);
  for (const [i, label] of labels.entries()) {
    images.set(
      blot(label, () => rng.next()),
      16 + i * 784,
    );
  }
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, 2049);
  new DataView(head.buffer).setUint32(4, n);
  await writeFile(join(folder, `${name}-images-idx3-ubyte`), images);
  await writeFile(join(folder, `${name}-labels-idx1-ubyte`), Uint8Array.of(...head, ...labels));
}
