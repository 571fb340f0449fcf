import type { ByteCursor } from "../cursor.ts";
import { decodeElements, ELEMENT_BYTES, type ElementType, heldAs } from "../elements.ts";
import { badFormat } from "../limits.ts";
import {
  checkShape,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
  type VectorFormat,
} from "../table.ts";

const ELEMENT = { fvecs: "f4", ivecs: "i4", bvecs: "u1" } as const;

/** The TEXMEX formats: each row states its dimension again, and every statement is checked. */
export async function openVecs(
  cursor: ByteCursor,
  context: FormatContext,
  format: "fvecs" | "ivecs" | "bvecs",
): Promise<OpenedFormat> {
  const element: ElementType = ELEMENT[format];
  const dim = int32(await cursor.peek(4), cursor.name);
  checkShape(cursor.name, 1, dim, context.limits);
  const rowBytes = 4 + dim * ELEMENT_BYTES[element];
  const left = cursor.remaining;
  if (left !== undefined && left % rowBytes !== 0) {
    throw badFormat(cursor.name, `whole rows of ${rowBytes} bytes (${dim} components each)`, `${left} bytes`);
  }
  return {
    format: format as VectorFormat,
    dtype: heldAs(element),
    dim,
    ...(left === undefined ? {} : { rows: left / rowBytes }),
    blocks: () => blocks(cursor, context, element, dim, rowBytes),
  };
}

function int32(bytes: Uint8Array, name: string): number {
  if (bytes.length < 4) throw badFormat(name, "at least one row", `${bytes.length} bytes`);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
}

async function* blocks(
  cursor: ByteCursor,
  context: FormatContext,
  element: ElementType,
  dim: number,
  rowBytes: number,
): AsyncGenerator<VectorBlock> {
  const step = rowsPerBlock(context, rowBytes);
  const width = rowBytes - 4;
  for (let start = 0; !(await cursor.atEnd()); ) {
    const raw = await cursor.takeUpTo(step * rowBytes);
    if (raw.length % rowBytes !== 0) {
      throw badFormat(
        cursor.name,
        `whole rows of ${rowBytes} bytes`,
        `${raw.length % rowBytes} bytes at the end`,
      );
    }
    const rows = raw.length / rowBytes;
    const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    const packed = new Uint8Array(rows * width);
    for (let i = 0; i < rows; i++) {
      const at = i * rowBytes;
      const stated = view.getInt32(at, true);
      if (stated !== dim)
        throw badFormat(cursor.name, `row ${start + i} has ${dim} components as row 0`, stated);
      packed.set(raw.subarray(at + 4, at + rowBytes), i * width);
    }
    const data = decodeElements(packed, element, false, cursor.name);
    yield { data, rows, cols: dim, stride: dim, start };
    start += rows;
  }
}
