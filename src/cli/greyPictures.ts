import { filesBelow } from "#platform";
import type { FloatImage } from "../apply/index.ts";
import { type Matrix, type RunOptions, VicinalError } from "../core/index.ts";
import { isPictureName, readFloatPicture } from "./floatPictures.ts";
import { fileProblem } from "./inputs.ts";

/** Grey of a picture: itself, or 0.2989 R + 0.587 G + 0.114 B; alpha is left out. */
export function greyOf({ width, height, channels, data }: FloatImage): Matrix {
  const pixels = new Float32Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const at = i * channels;
    pixels[i] = channels < 3 ? data[at]! : 0.2989 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  }
  return { data: pixels, rows: height, cols: width, stride: width };
}

/**
 * All pictures of a folder and those below it in grey, in the order of their names.
 *
 * @throws FILE, FORMAT, LIMIT, DEPENDENCY_MISSING, NOT_FINITE; BAD_INPUT where there is none; the abort's reason
 */
export async function readGreyFolder(
  dir: string,
  { signal, onProgress }: RunOptions = {},
): Promise<Matrix[]> {
  const all = await filesBelow(dir).catch((error: unknown) => {
    throw fileProblem(dir, error);
  });
  const names = all.filter(isPictureName).sort();
  if (names.length === 0) {
    const rule = "a folder with .png, .jpg, .jpeg, .webp or .npy files";
    throw new VicinalError("BAD_INPUT", { what: "--input", got: dir, rule });
  }
  const pictures: Matrix[] = [];
  for (const [i, name] of names.entries()) {
    signal?.throwIfAborted();
    pictures.push(greyOf(await readFloatPicture(`${dir}/${name}`)));
    onProgress?.({ phase: "read pictures", done: i + 1, total: names.length });
  }
  return pictures;
}
