import { deflateRawSync } from "node:zlib";
import { crc32 } from "../../src/core/crc32.ts";
import type { VectorTable } from "../../src/data/index.ts";

/** Bytes from numbers, text, and byte arrays, end to end. */
export function bytes(...parts: (number | string | Uint8Array)[]): Uint8Array {
  const pieces = parts.map((part) =>
    typeof part === "number"
      ? Uint8Array.of(part)
      : typeof part === "string"
        ? Buffer.from(part, "latin1")
        : part,
  );
  return new Uint8Array(Buffer.concat(pieces));
}

type Writer = (...values: number[]) => Uint8Array;

function typed(
  width: number,
  set: (view: DataView, at: number, value: number) => void,
): (...v: number[]) => Uint8Array {
  return (...values) => {
    const view = new DataView(new ArrayBuffer(values.length * width));
    for (const [i, value] of values.entries()) set(view, i * width, value);
    return new Uint8Array(view.buffer);
  };
}

export const u16le: Writer = typed(2, (v, at, x) => v.setUint16(at, x, true));
export const u32le: Writer = typed(4, (v, at, x) => v.setUint32(at, x, true));
export const u32be: Writer = typed(4, (v, at, x) => v.setUint32(at, x));
export const i32le: Writer = typed(4, (v, at, x) => v.setInt32(at, x, true));
export const f32le: Writer = typed(4, (v, at, x) => v.setFloat32(at, x, true));
export const f32be: Writer = typed(4, (v, at, x) => v.setFloat32(at, x));
export const f64le: Writer = typed(8, (v, at, x) => v.setFloat64(at, x, true));
export const i64le: Writer = typed(8, (v, at, x) => v.setBigInt64(at, BigInt(x), true));

/** An array file from its header text, by the published layout. */
export function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const length = version === 1 ? u16le(header.length) : u32le(header.length);
  return bytes("\x93NUMPY", version, 0, length, header, data);
}

/** A zip archive by the published layout (APPNOTE 4.3), sizes overridable to lie about them. */
export function zip(
  members: { name: string; data: Uint8Array; deflate?: boolean; size?: number; crc?: number }[],
): Uint8Array {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data, deflate = false, size = data.length, crc = crc32(data) } of members) {
    const packed = deflate ? new Uint8Array(deflateRawSync(data)) : data;
    const common = bytes(
      u16le(20, 0, deflate ? 8 : 0, 0, 0),
      u32le(crc, packed.length, size),
      u16le(name.length, 0),
    );
    const local = bytes("PK\x03\x04", common, name, packed);
    central.push(bytes("PK\x01\x02", u16le(20), common, u16le(0, 0, 0), u32le(0, offset), name));
    locals.push(local);
    offset += local.length;
  }
  const directory = bytes(...central);
  const end = bytes(
    "PK\x05\x06",
    u16le(0, 0, members.length, members.length),
    u32le(directory.length, offset),
    u16le(0),
  );
  return bytes(...locals, directory, end);
}

/** Rows as plain arrays. */
export function rowsOf({ data: m }: Pick<VectorTable, "data">): number[][] {
  return Array.from({ length: m.rows }, (_, i) =>
    Array.from(m.data.subarray(i * m.stride, i * m.stride + m.cols)),
  );
}

/** The code and parameters of the VicinalError a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code ?? `untyped: ${message}`;
  }
  return "no error";
}
