import { filesBelow, importSharp } from "#platform";
import { type Matrix, type RunOptions, VicinalError, wholeNumber } from "../core/index.ts";
import { allocate, badFormat, checkLimit, type DataLimits, resolveLimits } from "./limits.ts";
import { concatChunks, type SourceInput, toByteSource } from "./source.ts";

/** A decoded picture: rows from the top, pixels from the left, channels of a pixel together. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; sRGB, 8 bits each. */
  readonly channels: number;
  /** Length height · width · channels. */
  readonly data: Uint8Array;
}

export interface ImageOptions {
  /** A name for bytes and streams, for messages. */
  name?: string;
  limits?: Partial<DataLimits>;
}

export interface ImageFolderOptions extends RunOptions {
  /** Side of the square that each picture is stretched to, default 32. */
  size?: number;
  /** One channel of brightness instead of three of colour, default false. */
  grey?: boolean;
  limits?: Partial<DataLimits>;
}

/** The pictures of a folder as rows of bytes. */
export interface ImageTable {
  /** Shape n × (size · size · channels), channels 1 or 3. */
  readonly data: Matrix<Uint8Array>;
  readonly dtype: "u8";
  /** Names of the files below the folder, with forward slashes, ascending by UTF-16 code units. */
  readonly keys: string[];
  /** [size, size] for grey pictures, else [size, size, 3]. */
  readonly rowShape: readonly number[];
}

type Sharp = typeof import("sharp").default;
type Pipeline = import("sharp").Sharp;

const ENDINGS = /\.(png|jpe?g|webp)$/i;
const MOST_SIZE = 1024;

/**
 * Decodes a PNG, JPEG or WebP picture, turned upright where its EXIF data say how; of an animation the first picture.
 * Needs the optional package sharp (Node). The size is held against `limits.maxPixels` before anything is decoded.
 *
 * @throws DEPENDENCY_MISSING, FILE, FORMAT (no such picture, or a damaged one), LIMIT
 */
export async function readImage(input: SourceInput, options: ImageOptions = {}): Promise<Image> {
  const sharp = await loadSharp();
  const limits = resolveLimits(options.limits);
  return decode(sharp, input, limits, options.name, (picture, grey) =>
    picture.toColourspace(grey ? "b-w" : "srgb"),
  );
}

/**
 * The bytes of a PNG of a picture. Needs the optional package sharp (Node).
 *
 * @throws DEPENDENCY_MISSING, BAD_INPUT
 */
export async function encodePng({ width, height, channels, data }: Image): Promise<Uint8Array> {
  const whole = [width, height, channels].every((n) => Number.isInteger(n) && n >= 1);
  if (!whole || channels > 4 || data.length !== width * height * channels) {
    const got = `${height} × ${width} × ${channels}, ${data.length} bytes`;
    const rule = "height × width × channels bytes, at least one pixel, 1 to 4 channels";
    throw new VicinalError("BAD_INPUT", { what: "picture", got, rule });
  }
  const sharp = await loadSharp("writing pictures");
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  const picture = sharp(data, { raw, limitInputPixels: false });
  return picture
    .toColourspace(channels < 3 ? "b-w" : "srgb")
    .png()
    .toBuffer();
}

/**
 * All pictures (.png, .jpg, .jpeg, .webp) in a folder and those below it, each stretched to size × size, see-through
 * parts on white: rows to build an index over, with the files' names as keys. Needs the optional package sharp (Node).
 *
 * @throws DEPENDENCY_MISSING, FILE, FORMAT, LIMIT, OPTION_RANGE, BAD_INPUT (no picture there); the abort's reason
 */
export async function readImageFolder(dir: string, options: ImageFolderOptions = {}): Promise<ImageTable> {
  const { grey = false, signal, onProgress } = options;
  signal?.throwIfAborted();
  const size = wholeNumber("size", options.size ?? 32, 1, MOST_SIZE);
  const limits = resolveLimits(options.limits);
  const sharp = await loadSharp();
  const keys = (await list(dir)).filter((name) => ENDINGS.test(name)).sort();
  if (keys.length === 0) {
    const rule = "a folder with .png, .jpg, .jpeg or .webp files";
    throw new VicinalError("BAD_INPUT", { what: "image folder", got: dir, rule });
  }
  const cols = size * size * (grey ? 1 : 3);
  checkLimit("components of a picture", cols, limits.maxDim);
  checkLimit("pictures, in bytes,", keys.length * cols, limits.maxBytes);
  const data = allocate("pictures", keys.length * cols, (n) => new Uint8Array(n));
  for (const [row, key] of keys.entries()) {
    signal?.throwIfAborted();
    const image = await decode(sharp, `${dir}/${key}`, limits, undefined, (picture) => {
      const square = picture.resize(size, size, { fit: "fill" }).flatten({ background: "#fff" });
      return grey ? square.toColourspace("b-w") : square.toColourspace("srgb");
    });
    place(image, data.subarray(row * cols, (row + 1) * cols));
    onProgress?.({ phase: "read pictures", done: row + 1, total: keys.length });
  }
  return {
    data: { data, rows: keys.length, cols, stride: cols },
    dtype: "u8",
    keys,
    rowShape: grey ? [size, size] : [size, size, 3],
  };
}

/** Copies a picture of one channel, or of three, into a row of either count. */
function place({ data, channels }: Image, row: Uint8Array): void {
  const pixels = data.length / channels;
  const wanted = row.length / pixels;
  if (channels === wanted) {
    row.set(data);
    return;
  }
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < wanted; c++) row[i * wanted + c] = data[i * channels + Math.min(c, channels - 1)]!;
  }
}

async function decode(
  sharp: Sharp,
  input: SourceInput,
  limits: Readonly<DataLimits>,
  given: string | undefined,
  shape: (picture: Pipeline, isGrey: boolean) => Pipeline,
): Promise<Image> {
  const source = await toByteSource(input, { ...(given === undefined ? {} : { name: given }), limits });
  try {
    const { name } = source;
    if (source.size !== undefined) checkLimit(`${name}, in bytes,`, source.size, limits.maxBytes);
    const bytes = await concatChunks(source.chunks(), name, limits.maxBytes);
    // sharp would try every format it knows, some of which fetch other files.
    if (!isPicture(bytes)) throw badFormat(name, "a PNG, JPEG or WebP picture");
    return await guarded(name, async () => {
      // No limit of sharp's own: ours comes first, by the size in the header.
      const picture = sharp(bytes, { limitInputPixels: false, failOn: "warning" });
      const { width, height, space } = await picture.metadata();
      checkLimit(`${name}: pixels`, width * height, limits.maxPixels);
      const isGrey = space === "b-w" || space === "grey16";
      const { data, info } = await shape(picture.autoOrient(), isGrey)
        .raw()
        .toBuffer({ resolveWithObject: true });
      const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return { width: info.width, height: info.height, channels: info.channels, data: view };
    });
  } finally {
    await source.close();
  }
}

const MAGIC: readonly (readonly [at: number, bytes: string])[][] = [
  [[0, "\x89PNG\r\n\x1a\n"]],
  [[0, "\xff\xd8\xff"]],
  [
    [0, "RIFF"],
    [8, "WEBP"],
  ],
];

function isPicture(bytes: Uint8Array): boolean {
  const has = (at: number, text: string): boolean =>
    Array.from(text).every((char, i) => bytes[at + i] === char.charCodeAt(0));
  return MAGIC.some((parts) => parts.every(([at, text]) => has(at, text)));
}

async function loadSharp(why = "reading pictures"): Promise<Sharp> {
  try {
    return await importSharp();
  } catch (error) {
    throw new VicinalError("DEPENDENCY_MISSING", { name: "sharp", why }, { cause: error });
  }
}

async function list(dir: string): Promise<string[]> {
  try {
    return await filesBelow(dir);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FILE", { path: dir, why }, { cause: error });
  }
}

async function guarded<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    const got = (error instanceof Error ? error.message : String(error)).slice(0, 160);
    throw new VicinalError("FORMAT", { what: name, rule: "a whole picture", got }, { cause: error });
  }
}
