import type { FloatImage } from "../apply/index.ts";
import { VicinalError } from "../core/index.ts";
import { encodePng, readImage, readVectorFile, toFloat32, writeVectorFile } from "../data/index.ts";
import { checkFinite, fileProblem } from "./inputs.ts";
import { replaceBytes } from "./write.ts";

const PICTURES = /\.(png|jpe?g|webp)$/i;

/** Whether a name's ending is one that {@link readFloatPicture} reads. */
export const isPictureName = (name: string): boolean => PICTURES.test(name) || /\.npy$/i.test(name);

/**
 * Pixels as numbers: of a picture in [0, 1], of an array file as they are, or through 255 where it holds bytes. An
 * array has the shape height × width, or height × width × channels.
 *
 * @throws FORMAT_UNKNOWN by the name's ending, FILE, FORMAT, BAD_INPUT, NOT_FINITE, DEPENDENCY_MISSING
 */
export async function readFloatPicture(path: string): Promise<FloatImage> {
  if (PICTURES.test(path)) {
    const { width, height, channels, data } = await readImage(path);
    return { width, height, channels, data: Float32Array.from(data, (v) => v / 255) };
  }
  if (!/\.npy$/i.test(path)) {
    throw new VicinalError("FORMAT_UNKNOWN", { what: path, known: [".png", ".jpg", ".webp", ".npy"] });
  }
  const { data: table, rowShape = [] } = await readVectorFile(path);
  const { rows: height, cols, stride, data } = table;
  const [width = cols, channels = 1] = rowShape;
  if (rowShape.length > 2 || channels > 4 || data instanceof Int8Array || height * cols === 0) {
    const got = `shape (${[height, ...(rowShape.length > 0 ? rowShape : [cols])].join(", ")}) of ${data.constructor.name}`;
    const rule = "(height, width) or (height, width, channels up to 4), of float32 in [0, 1] or uint8";
    throw new VicinalError("BAD_INPUT", { what: path, got, rule });
  }
  checkFinite(table, path);
  const bytes = data instanceof Uint8Array;
  const floats = data instanceof Float64Array || bytes ? Float32Array.from(data) : toFloat32(data);
  const packed = new Float32Array(height * cols);
  for (let y = 0; y < height; y++) packed.set(floats.subarray(y * stride, y * stride + cols), y * cols);
  return { width, height, channels, data: bytes ? packed.map((v) => v / 255) : packed };
}

/** Refuses a name that ends in neither, before any work is done for it. */
export function checkPictureName(option: string, path: string): void {
  if (/\.(png|npy)$/i.test(path)) return;
  throw new VicinalError("OPTION_RANGE", { option, got: path, rule: "a name that ends in .png or .npy" });
}

/** Writes numbers as they are (.npy), or clipped to [0, 1] and rounded to 8 bits (.png). @throws FILE */
export async function writeFloatPicture(path: string, image: FloatImage): Promise<void> {
  const { width, height, channels, data } = image;
  if (/\.png$/i.test(path)) {
    const bytes = Uint8Array.from(data, (v) => Math.round(Math.min(Math.max(v, 0), 1) * 255));
    await replaceBytes(path, await encodePng({ width, height, channels, data: bytes }));
    return;
  }
  const cols = width * channels;
  const rowShape = channels === 1 ? {} : { rowShape: [width, channels] };
  try {
    await writeVectorFile(path, { data, rows: height, cols, stride: cols }, { format: "npy", ...rowShape });
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** Pixels between panels. */
const GAP = 8;

/** Pictures of one shape in a row, white between them. */
export function beside(panels: readonly FloatImage[]): FloatImage {
  const { width, height, channels } = panels[0]!;
  const whole = panels.length * (width + GAP) - GAP;
  const data = new Float32Array(whole * height * channels).fill(1);
  for (const [p, panel] of panels.entries()) {
    for (let y = 0; y < height; y++) {
      const row = panel.data.subarray(y * width * channels, (y + 1) * width * channels);
      data.set(row, (y * whole + p * (width + GAP)) * channels);
    }
  }
  return { width: whole, height, channels, data };
}
