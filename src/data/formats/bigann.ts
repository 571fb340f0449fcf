import type { ByteCursor } from "../cursor.ts";
import { ELEMENT_BYTES, type ElementType, heldAs } from "../elements.ts";
import { checkShape, type FormatContext, type OpenedFormat } from "../table.ts";
import { checkFits, denseBlocks } from "./dense.ts";

const ELEMENT = { fbin: "f4", u8bin: "u1", i8bin: "i1", ibin: "i4" } as const;

/** The big-ann-benchmarks formats: rows and dimension as two u32, then the rows. */
export async function openBigAnn(
  cursor: ByteCursor,
  context: FormatContext,
  format: "fbin" | "u8bin" | "i8bin" | "ibin",
): Promise<OpenedFormat> {
  const element: ElementType = ELEMENT[format];
  const head = await cursor.take(8, "header");
  const view = new DataView(head.buffer, head.byteOffset, 8);
  const rows = view.getUint32(0, true);
  const dim = view.getUint32(4, true);
  checkShape(cursor.name, rows, dim, context.limits);
  checkFits(cursor, rows * dim * ELEMENT_BYTES[element], `${rows} rows of ${dim} components`);
  return {
    format,
    dtype: heldAs(element),
    dim,
    rows,
    blocks: () => denseBlocks(cursor, context, rows, dim, element, false),
  };
}
