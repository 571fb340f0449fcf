import type { ByteCursor } from "../cursor.ts";
import { decodeElements, ELEMENT_BYTES, type ElementType } from "../elements.ts";
import { badFormat } from "../limits.ts";
import { type FormatContext, rowsPerBlock, type VectorBlock } from "../table.ts";

/** Refuses a stated shape that the bytes left cannot hold, before anything is set aside for it. */
export function checkFits(cursor: ByteCursor, bytes: number, what: string): void {
  const left = cursor.remaining;
  if (left !== undefined && left !== bytes) {
    throw badFormat(cursor.name, `${bytes} bytes of ${what} to follow the header`, left);
  }
  if (bytes > cursor.mostRemaining) {
    throw badFormat(cursor.name, `${bytes} bytes of ${what}`, `at most ${cursor.mostRemaining}`);
  }
}

/** Rows packed end to end, up to the end of the file. */
export async function* denseBlocks(
  cursor: ByteCursor,
  context: FormatContext,
  rows: number,
  dim: number,
  element: ElementType,
  bigEndian: boolean,
): AsyncGenerator<VectorBlock> {
  const rowBytes = dim * ELEMENT_BYTES[element];
  const step = rowsPerBlock(context, rowBytes);
  for (let start = 0; start < rows; start += step) {
    const n = Math.min(step, rows - start);
    const bytes = await cursor.take(n * rowBytes, `rows ${start} to ${start + n - 1}`);
    const data = decodeElements(bytes, element, bigEndian, cursor.name);
    yield { data, rows: n, cols: dim, stride: dim, start };
  }
  await cursor.expectEnd();
}
