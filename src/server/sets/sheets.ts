import { encodePngAsync } from "../../labs/report/png.ts";
import type { SetDetails } from "../protocol.ts";
import type { Pictures } from "./dataSet.ts";

/** Pictures in a line of a sheet, and lines: one neighbour costs a page no more than a small sheet. */
const COLUMNS = 16;
const LINES = 16;
const PER_SHEET = COLUMNS * LINES;

/** How the pictures of a set lie on its sheets. */
export function sheetsOf({ side, channels }: Pictures): NonNullable<SetDetails["sheets"]> {
  return { side, columns: COLUMNS, perSheet: PER_SHEET, channels };
}

/** How many sheets the pictures fill. */
export const sheetCount = (count: number): number => Math.ceil(count / PER_SHEET);

/** One sheet as PNG: the last is as high as its lines. */
export function sheetPng(
  { side, channels, pixels }: Pictures,
  count: number,
  sheet: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const first = sheet * PER_SHEET;
  const rows = Math.min(PER_SHEET, count - first);
  const line = side * channels;
  const width = COLUMNS * line;
  const lines = Math.ceil(rows / COLUMNS);
  const out = new Uint8Array(lines * side * width);
  for (let i = 0; i < rows; i++) {
    const from = (first + i) * side * line;
    const to = Math.floor(i / COLUMNS) * side * width + (i % COLUMNS) * line;
    for (let y = 0; y < side; y++) {
      out.set(pixels.subarray(from + y * line, from + (y + 1) * line), to + y * width);
    }
  }
  return encodePngAsync(out, COLUMNS * side, lines * side, channels);
}
