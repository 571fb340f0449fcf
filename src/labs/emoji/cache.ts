import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFolder, keepFile, readKept } from "#platform";

/** Pictures of one style as kept on disk. */
export interface CachedStyle {
  /** Names of the pictures, in the order of `pixels`. */
  readonly names: readonly string[];
  /** Drawings that could not be made. */
  readonly skipped: readonly { name: string; why: string }[];
  /** RGB bytes, names.length × size × size × 3. */
  readonly pixels: Uint8Array;
}

const MAGIC = "vicinal-emoji-1\n";
const DIGEST = 32;

/** Where rendered emoji are kept unless another folder is named. */
export function emojiCacheDir(): string | undefined {
  return cacheFolder("emoji");
}

/** The pictures kept under that file name, or undefined when there are none, or they are damaged. */
export async function readCache(dir: string, file: string, size: number): Promise<CachedStyle | undefined> {
  const bytes = await readKept(join(dir, file));
  return bytes && decode(bytes, size);
}

/** Keeps pictures, replacing the file in one step; a folder that cannot be written is no failure. */
export async function writeCache(dir: string, file: string, style: CachedStyle): Promise<boolean> {
  return keepFile(join(dir, file), encode(style));
}

/** Magic, length of the header, header as JSON, pixels, SHA-256 of all before. */
export function encode({ names, skipped, pixels }: CachedStyle): Uint8Array {
  const header = Buffer.from(JSON.stringify({ names, skipped, bytes: pixels.length }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const body = Buffer.concat([Buffer.from(MAGIC, "latin1"), length, header, pixels]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

/** The reverse of {@link encode}; undefined for anything that is not whole. */
export function decode(bytes: Uint8Array, size: number): CachedStyle | undefined {
  const start = MAGIC.length + 4;
  if (bytes.length < start + DIGEST) return undefined;
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - DIGEST);
  const digest = createHash("sha256").update(body).digest();
  if (!digest.equals(bytes.subarray(bytes.length - DIGEST))) return undefined;
  if (body.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  const headerEnd = start + body.readUInt32LE(MAGIC.length);
  if (headerEnd > body.length) return undefined;
  const { names, skipped } = JSON.parse(body.toString("utf8", start, headerEnd)) as CachedStyle;
  const pixels = new Uint8Array(body.buffer, body.byteOffset + headerEnd, body.length - headerEnd);
  return pixels.length === names.length * size * size * 3 ? { names, skipped, pixels } : undefined;
}
