import type { SetDetails } from "../../../src/server/protocol.ts";

/** Where the picture of a row is: its sheet, and its place and the sheet's size in pictures. */
export interface PicturePlace {
  readonly sheet: number;
  readonly column: number;
  readonly line: number;
  readonly columns: number;
  readonly lines: number;
  /** Width and height of a picture, pixels. */
  readonly side: number;
}

/** Undefined for a set without pictures. */
export function placeOf({ sheets, count }: SetDetails, row: number): PicturePlace | undefined {
  if (sheets === undefined) return undefined;
  const { side, columns, perSheet } = sheets;
  const sheet = Math.floor(row / perSheet);
  const within = row - sheet * perSheet;
  const held = Math.min(perSheet, count - sheet * perSheet);
  return {
    sheet,
    column: within % columns,
    line: Math.floor(within / columns),
    columns,
    lines: Math.ceil(held / columns),
    side,
  };
}
