import { VicinalError } from "../../core/index.ts";
import type { ByteCursor } from "../cursor.ts";
import { decodeElements, ELEMENT_BYTES, type ElementType, heldAs, newScalars } from "../elements.ts";
import { badFormat, checkLimit } from "../limits.ts";
import {
  checkShape,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";
import { checkFits, denseBlocks } from "./dense.ts";

/** What the header of an array file says. */
export interface NpyHeader {
  element: ElementType;
  bigEndian: boolean;
  fortran: boolean;
  shape: number[];
}

const MAX_HEADER = 1 << 20;

/** The header, leaving the cursor at the data. @throws FORMAT, UNSUPPORTED, LIMIT */
export async function readNpyHeader(cursor: ByteCursor): Promise<NpyHeader> {
  const lead = await cursor.take(8, "array header");
  if (String.fromCharCode(...lead.subarray(0, 6)) !== "\x93NUMPY") {
    throw badFormat(cursor.name, "an array file begins with \\x93NUMPY");
  }
  const major = lead[6]!;
  if (major < 1 || major > 3) throw badFormat(cursor.name, "array format version 1, 2 or 3", major);
  const size = await cursor.take(major === 1 ? 2 : 4, "array header");
  const length = size.reduceRight((sum, byte) => sum * 256 + byte, 0);
  checkLimit(`${cursor.name}: bytes of the array header`, length, MAX_HEADER);
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(
    await cursor.take(length, "array header"),
  );
  return describe(parseDict(text, cursor.name), cursor.name);
}

function describe(fields: Map<string, unknown>, name: string): NpyHeader {
  const descr = fields.get("descr");
  const fortran = fields.get("fortran_order");
  const shape = fields.get("shape");
  if (typeof descr !== "string") {
    throw new VicinalError("UNSUPPORTED", {
      what: `${name}: an array of records`,
      rule: "store plain numbers, one array a field",
    });
  }
  if (typeof fortran !== "boolean") throw badFormat(name, "fortran_order is True or False", String(fortran));
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw badFormat(name, "shape is a tuple of whole numbers", String(shape));
  }
  const parts = /^([<>|=])([a-zA-Z])(\d+)$/.exec(descr);
  const element = parts === null ? "" : `${parts[2]}${parts[3]}`;
  if (parts?.[2] === "O" || descr.endsWith("O")) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${name}: an array of Python objects`,
      rule: "it could run code when unpickled; save it with astype(float32)",
    });
  }
  if (parts === null || !Object.hasOwn(ELEMENT_BYTES, element)) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${name}: element type ${descr}`,
      rule: `use one of ${Object.keys(ELEMENT_BYTES).join(", ")}`,
    });
  }
  return {
    element: element as ElementType,
    bigEndian: parts[1] === ">",
    fortran,
    shape: shape as number[],
  };
}

/** The subset of Python literals that array headers use: a flat dict of strings, booleans and tuples. */
function parseDict(text: string, name: string): Map<string, unknown> {
  let at = 0;
  const fail = (rule: string): never => {
    throw badFormat(name, `${rule} in the array header at character ${at}`, text.slice(at, at + 12));
  };
  const skip = (): void => {
    while (at < text.length && /\s/.test(text[at]!)) at++;
  };
  const expect = (c: string): void => {
    skip();
    if (text[at] !== c) fail(`"${c}"`);
    at++;
  };
  const string = (): string => {
    skip();
    const quote = text[at];
    if (quote !== "'" && quote !== '"') fail("a quoted name");
    const stop = text.indexOf(quote!, at + 1);
    if (stop < 0) fail("a closing quote");
    const value = text.slice(at + 1, stop);
    at = stop + 1;
    return value;
  };
  const value = (): unknown => {
    skip();
    if (text[at] === "'" || text[at] === '"') return string();
    if (text.startsWith("True", at)) {
      at += 4;
      return true;
    }
    if (text.startsWith("False", at)) {
      at += 5;
      return false;
    }
    // A list describes records: its content does not matter, for it is refused by the caller.
    if (text[at] === "[") {
      at = text.lastIndexOf("]") + 1;
      if (at === 0) fail("a closing bracket");
      return undefined;
    }
    expect("(");
    const items: number[] = [];
    for (;;) {
      skip();
      if (text[at] === ")") {
        at++;
        return items;
      }
      const digits = /^\d{1,16}/.exec(text.slice(at, at + 20))?.[0];
      if (digits === undefined) return fail("a whole number");
      at += digits.length;
      if (text[at] === "L") at++;
      items.push(Number(digits));
      if (items.length > 32) fail("at most 32 axes");
      skip();
      if (text[at] === ",") at++;
      else if (text[at] !== ")") fail('"," or ")"');
    }
  };
  const fields = new Map<string, unknown>();
  expect("{");
  for (;;) {
    skip();
    if (text[at] === "}") {
      at++;
      break;
    }
    const key = string();
    expect(":");
    if (fields.has(key)) fail("each name once");
    fields.set(key, value());
    skip();
    if (text[at] === ",") at++;
    else if (text[at] !== "}") fail('"," or "}"');
  }
  if (text.slice(at).trim() !== "") fail("nothing but blanks after the dictionary");
  for (const key of ["descr", "fortran_order", "shape"]) {
    if (!fields.has(key)) throw badFormat(name, `the array header names ${key}`);
  }
  return fields;
}

/** Rows, components a row, and the shape of a row: one axis is a single row, further axes are flattened. */
export function rowsOfShape(
  shape: readonly number[],
  name: string,
): { rows: number; dim: number; rowShape?: number[] } {
  if (shape.length === 0) throw badFormat(name, "an array of one axis or more", "a single number");
  if (shape.length === 1) return { rows: 1, dim: shape[0]! };
  const rest = shape.slice(1);
  const dim = rest.reduce((product, n) => product * n, 1);
  return { rows: shape[0]!, dim, ...(rest.length > 1 ? { rowShape: rest } : {}) };
}

export async function openNpy(cursor: ByteCursor, context: FormatContext): Promise<OpenedFormat> {
  const header = await readNpyHeader(cursor);
  const { element, bigEndian, fortran, shape } = header;
  const { rows, dim, rowShape } = rowsOfShape(shape, cursor.name);
  checkShape(cursor.name, rows, dim, context.limits);
  const bytes = rows * dim * ELEMENT_BYTES[element];
  checkFits(cursor, bytes, "array data");
  const byColumns = fortran && shape.length > 1;
  if (byColumns) checkLimit(`${cursor.name}: bytes of a column-major array`, bytes, context.limits.maxBytes);
  return {
    format: "npy",
    dtype: heldAs(element),
    dim,
    rows,
    ...(rowShape === undefined ? {} : { rowShape }),
    blocks: () =>
      byColumns
        ? columnBlocks(cursor, context, header, rows, dim)
        : denseBlocks(cursor, context, rows, dim, element, bigEndian),
  };
}

/** Column-major data are held whole, for a row's components lie as far apart as the array is long. */
async function* columnBlocks(
  cursor: ByteCursor,
  context: FormatContext,
  { element, bigEndian, shape }: NpyHeader,
  rows: number,
  dim: number,
): AsyncGenerator<VectorBlock> {
  const width = ELEMENT_BYTES[element];
  const source = decodeElements(
    await cursor.take(rows * dim * width, "array data"),
    element,
    bigEndian,
    cursor.name,
  );
  await cursor.expectEnd();
  const place = columnPlaces(shape);
  const step = rowsPerBlock(context, dim * width);
  for (let start = 0; start < rows; start += step) {
    const n = Math.min(step, rows - start);
    const data = newScalars(heldAs(element), n * dim);
    for (let j = 0; j < dim; j++) {
      const from = place[j]! + start;
      for (let i = 0; i < n; i++) data[i * dim + j] = source[from + i]!;
    }
    yield { data, rows: n, cols: dim, stride: dim, start };
  }
}

/** Offset, for each component in row-major order, of its column in column-major data. */
function columnPlaces(shape: readonly number[]): Float64Array {
  const rest = shape.slice(1);
  const dim = rest.reduce((product, n) => product * n, 1);
  const places = new Float64Array(dim);
  const index = new Array<number>(rest.length).fill(0);
  for (let j = 0; j < dim; j++) {
    let stride = shape[0]!;
    for (let axis = 0; axis < rest.length; axis++) {
      places[j]! += index[axis]! * stride;
      stride *= rest[axis]!;
    }
    for (let axis = rest.length - 1; axis >= 0 && ++index[axis]! === rest[axis]; axis--) index[axis] = 0;
  }
  return places;
}
