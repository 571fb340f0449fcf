import type { Matrix, Scalars } from "../../core/index.ts";
import { toFloat32 } from "../elements.ts";
import type { FieldValue, Metadata } from "../metadata.ts";
import type { DataKey } from "../table.ts";

/** What goes beside the vectors in a text format. */
export interface TextColumns {
  readonly keys?: readonly DataKey[];
  readonly metadata?: readonly (Metadata | undefined)[];
}

const FLUSH = 1 << 18;

/** The shortest decimal that reads back as the same float32. */
function shortest(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0";
  for (let digits = 6; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

function numbers(matrix: Matrix<Scalars>): { at(i: number): ArrayLike<number>; text: (v: number) => string } {
  const half = matrix.data instanceof Uint16Array;
  const data = half ? toFloat32(matrix.data) : matrix.data;
  const text = data instanceof Float32Array ? shortest : data instanceof Float64Array ? exact : String;
  return { at: (i) => data.subarray(i * matrix.stride, i * matrix.stride + matrix.cols), text };
}

function exact(value: number): string {
  return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : shortest(value);
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}

function fieldText(value: FieldValue | undefined): string {
  if (value === undefined || value === null) return "";
  return quote(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** Comma-separated: a header `id, v0 … v(d−1)`, then metadata fields; RFC 4180 quoting. */
export function* csvChunks(matrix: Matrix<Scalars>, { keys, metadata }: TextColumns): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const fields = [...new Set((metadata ?? []).flatMap((record) => Object.keys(record ?? {})))];
  const header = [
    ...(keys === undefined ? [] : ["id"]),
    ...Array.from({ length: matrix.cols }, (_, j) => `v${j}`),
    ...fields.map(quote),
  ];
  let out = `${header.join(",")}\n`;
  const { at, text } = numbers(matrix);
  for (let i = 0; i < matrix.rows; i++) {
    const cells = keys === undefined ? [] : [quote(String(keys[i]))];
    const vector = at(i);
    for (let j = 0; j < matrix.cols; j++) cells.push(text(vector[j]!));
    for (const field of fields) cells.push(fieldText(metadata?.[i]?.[field]));
    out += `${cells.join(",")}\n`;
    if (out.length > FLUSH) {
      yield encoder.encode(out);
      out = "";
    }
  }
  if (out !== "") yield encoder.encode(out);
}

/** JSON lines: `{"id": …, "vector": […], …metadata}`, or plain arrays when there is neither; NaN as null. */
export function* jsonlChunks(
  matrix: Matrix<Scalars>,
  { keys, metadata }: TextColumns,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const { at, text } = numbers(matrix);
  let out = "";
  for (let i = 0; i < matrix.rows; i++) {
    const vector = `[${Array.from(at(i), (v) => jsonNumber(v, text)).join(",")}]`;
    if (keys === undefined && metadata === undefined) {
      out += `${vector}\n`;
    } else {
      const rest = metadata?.[i] ?? {};
      const clash = Object.keys(rest).some((field) => RESERVED.includes(field));
      const facts = clash ? { metadata: rest } : rest;
      const parts = keys === undefined ? [] : [`"id":${JSON.stringify(keys[i])}`];
      parts.push(`"vector":${vector}`);
      for (const [field, value] of Object.entries(facts))
        parts.push(`${JSON.stringify(field)}:${JSON.stringify(value)}`);
      out += `{${parts.join(",")}}\n`;
    }
    if (out.length > FLUSH) {
      yield encoder.encode(out);
      out = "";
    }
  }
  if (out !== "") yield encoder.encode(out);
}

/** Field names that the reader gives a meaning of their own. */
const RESERVED: readonly string[] = [
  "id",
  "key",
  "_id",
  "vector",
  "embedding",
  "values",
  "metadata",
  "payload",
];

/** JSON has no infinities; 1e999 reads back as one. */
function jsonNumber(value: number, text: (v: number) => string): string {
  if (Number.isNaN(value)) return "null";
  if (!Number.isFinite(value)) return value < 0 ? "-1e999" : "1e999";
  return text(value);
}
