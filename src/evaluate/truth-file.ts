import { sha256 } from "#platform";
import type { GroundTruth } from "./truth.ts";

/**
 * The file a ground truth is kept in: ids as u32, distances as f32, both little-endian, then the
 * SHA-256 of these bytes. Whatever does not fit exactly is computed again.
 */
const DIGEST_BYTES = 32;

export function encodeTruth(truth: GroundTruth): Uint8Array {
  const cells = truth.queries * truth.k;
  const bytes = new Uint8Array(cells * 8 + DIGEST_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < cells; i++) {
    view.setUint32(i * 4, truth.ids[i]!, true);
    view.setFloat32((cells + i) * 4, truth.distances[i]!, true);
  }
  bytes.set(digest(bytes.subarray(0, cells * 8)), cells * 8);
  return bytes;
}

/** The truth of these bytes, or undefined when they are damaged or of other sizes. */
export function decodeTruth(
  bytes: Uint8Array,
  queries: number,
  k: number,
  rows: number,
): GroundTruth | undefined {
  const cells = queries * k;
  if (bytes.length !== cells * 8 + DIGEST_BYTES) return undefined;
  const want = digest(bytes.subarray(0, cells * 8));
  if (want.some((b, i) => b !== bytes[cells * 8 + i])) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids = new Uint32Array(cells);
  const distances = new Float32Array(cells);
  for (let i = 0; i < cells; i++) {
    ids[i] = view.getUint32(i * 4, true);
    distances[i] = view.getFloat32((cells + i) * 4, true);
    if (ids[i]! >= rows) return undefined;
  }
  return { ids, distances, queries, k };
}

function digest(bytes: Uint8Array): Uint8Array {
  const hash = sha256();
  hash.update(bytes);
  return Uint8Array.from(hash.hex().match(/../g)!, (pair) => Number.parseInt(pair, 16));
}
