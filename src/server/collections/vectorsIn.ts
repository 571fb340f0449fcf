import { VicinalError } from "../../core/index.ts";
import { readVectorFile } from "../../data/index.ts";
import type { VectorsInput } from "../../indexes/index.ts";
import { copyRows, readVectors } from "../../indexes/parts/vectors.ts";
import type { Cell, StoredRows } from "../engine/cell.ts";
import type { CellRequest } from "../engine/request.ts";
import type { ServerLimits } from "../limits.ts";
import { Refusal } from "../refusal.ts";

export const FLOATS = "application/octet-stream";
export const NPY = "application/x-npy";

/** Vectors that came as bytes: little-endian float32 end to end, or a .npy file. undefined where they came otherwise. */
export async function binaryVectors(
  { index }: Cell,
  { type, body }: CellRequest,
): Promise<VectorsInput | undefined> {
  if (body === undefined || (type !== FLOATS && type !== NPY)) return undefined;
  if (type === NPY) {
    const { data } = await readVectorFile(new Uint8Array(body), { format: "npy" });
    return data;
  }
  const width = index.dimension * 4;
  if (body.byteLength === 0 || body.byteLength % width !== 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "body",
      got: `${body.byteLength} bytes`,
      rule: `rows of ${width} bytes, which ${index.dimension} float32 take`,
    });
  }
  return floats(body);
}

/** Bytes of little-endian float32, whatever the machine's own order. */
function floats(body: ArrayBuffer): Float32Array {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return new Float32Array(body);
  const view = new DataView(body);
  return Float32Array.from({ length: body.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

/** Lists of numbers, each of which must be a whole vector. */
export function listedVectors({ index }: Cell, vectors: readonly (readonly number[])[]): VectorsInput {
  for (const vector of vectors) {
    const { length } = vector;
    if (length !== index.dimension) {
      throw new VicinalError("DIM_MISMATCH", { what: "vector", got: length, want: index.dimension });
    }
  }
  return vectors;
}

/** Vectors checked and copied into the form in which the index keeps rows. */
export function storedRows({ index }: Cell, vectors: VectorsInput): { rows: StoredRows; count: number } {
  const reader = readVectors(vectors, index.dimension, index.dtype, "queries");
  // One plain query is searched as it is.
  if (reader.rows === 1 && vectors instanceof Float32Array && reader.dtype === "f32")
    return { rows: vectors, count: 1 };
  return { rows: copyRows(reader, 0, reader.rows), count: reader.rows };
}

export function checkRows(count: number, { rows }: Pick<ServerLimits, "rows">): void {
  if (count > rows) throw new VicinalError("LIMIT", { what: "rows of one request", got: count, limit: rows });
}

/** Refuses a body that is neither JSON nor vectors. */
export function requireJson({ type }: CellRequest): void {
  if (type === "application/json") return;
  throw new Refusal(
    "MEDIA_TYPE",
    `Content-Type is ${type === "" ? "missing" : type.slice(0, 100)}; it must be application/json, or ${FLOATS} or ${NPY} where vectors are taken.`,
  );
}
