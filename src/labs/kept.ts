import { keepFile, readKept, sha256 } from "#platform";

const DIGEST_BYTES = 32;

/**
 * Keeps bytes in a file together with a checksum of them and of what decided them; a folder that cannot be written is
 * no failure.
 *
 * @param key all that decides the bytes: other settings must have another key
 */
export async function keepChecked(path: string, key: Uint8Array, body: Uint8Array): Promise<boolean> {
  const bytes = new Uint8Array(body.length + DIGEST_BYTES);
  bytes.set(body);
  bytes.set(digest(key, body), body.length);
  return keepFile(path, bytes);
}

/** The bytes kept, a copy; undefined when there are none, or they are damaged or of another key. */
export async function readChecked(
  path: string,
  key: Uint8Array,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = await readKept(path);
  if (bytes === undefined || bytes.length < DIGEST_BYTES) return undefined;
  const body = bytes.slice(0, bytes.length - DIGEST_BYTES);
  const want = digest(key, body);
  return want.every((byte, i) => byte === bytes[body.length + i]) ? body : undefined;
}

/** SHA-256 of all parts, one after another. */
export function digest(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = sha256();
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.hex().match(/../g)!, (pair) => Number.parseInt(pair, 16));
}
