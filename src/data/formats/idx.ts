import type { ByteCursor } from "../cursor.ts";
import { ELEMENT_BYTES, type ElementType, heldAs } from "../elements.ts";
import { badFormat, checkLimit } from "../limits.ts";
import { checkShape, type FormatContext, type OpenedFormat } from "../table.ts";
import { checkFits, denseBlocks } from "./dense.ts";

const ELEMENTS: Readonly<Record<number, ElementType>> = {
  8: "u1",
  9: "i1",
  11: "i2",
  12: "i4",
  13: "f4",
  14: "f8",
};

/** True when the bytes start as MNIST's IDX does: two zeros, an element type, one to four axes. */
export function looksLikeIdx(head: Uint8Array): boolean {
  return (
    head.length >= 8 &&
    head[0] === 0 &&
    head[1] === 0 &&
    Object.hasOwn(ELEMENTS, head[2]!) &&
    head[3]! >= 1 &&
    head[3]! <= 4
  );
}

/** IDX: big-endian sizes and elements; the first axis counts rows, the others are flattened. */
export async function openIdx(cursor: ByteCursor, context: FormatContext): Promise<OpenedFormat> {
  const lead = await cursor.take(4, "IDX header");
  const element = ELEMENTS[lead[2]!];
  const axes = lead[3]!;
  if (lead[0] !== 0 || lead[1] !== 0 || element === undefined || axes < 1 || axes > 4) {
    throw badFormat(cursor.name, "an IDX magic number such as 00 00 08 03", [...lead].join(" "));
  }
  const sizes = await cursor.take(4 * axes, "IDX header");
  const view = new DataView(sizes.buffer, sizes.byteOffset, sizes.length);
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 * i));
  const rows = shape[0]!;
  const rest = shape.slice(1);
  const dim = rest.reduce((product, n) => product * n, 1);
  if (rest.length > 1) checkLimit(`${cursor.name}: pixels of one image`, dim, context.limits.maxPixels);
  checkShape(cursor.name, rows, dim, context.limits);
  checkFits(cursor, rows * dim * ELEMENT_BYTES[element], `an array of ${shape.join(" × ")}`);
  return {
    format: "idx",
    dtype: heldAs(element),
    dim,
    rows,
    ...(rest.length > 1 ? { rowShape: rest } : {}),
    blocks: () => denseBlocks(cursor, context, rows, dim, element, true),
  };
}
