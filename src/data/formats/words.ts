import type { ByteCursor } from "../cursor.ts";
import { badFormat, checkLimit } from "../limits.ts";
import { type Line, openLines } from "../lines.ts";
import { parseNumber } from "../numbers.ts";
import {
  checkShape,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";

const SPACE = 32;
const TAB = 9;

/**
 * Word vectors as text: `word v1 … vd`, one a line. word2vec and fastText begin with a line `count d`,
 * GloVe does not. A word may contain blanks: the last d fields are the vector. Of equal words the
 * first counts, as in gensim.
 */
export async function openWords(cursor: ByteCursor, context: FormatContext): Promise<OpenedFormat> {
  const { first, rest } = await openLines(cursor, context.limits);
  if (first === undefined) throw badFormat(cursor.name, "lines of a word and its numbers", "no lines");
  const header = parseHeader(first);
  const dim = header?.dim ?? inferDim(first, cursor.name);
  checkShape(cursor.name, header?.rows ?? 0, dim, context.limits);
  const smallest = header === undefined ? 0 : header.rows * 2 * dim;
  if (smallest > cursor.mostRemaining + context.limits.maxLineBytes) {
    throw badFormat(
      cursor.name,
      `${header!.rows} words of ${dim} numbers, as its first line says`,
      `at most ${cursor.mostRemaining} bytes`,
    );
  }
  const opened: OpenedFormat = {
    format: "text",
    dtype: "f32",
    dim,
    ...(header === undefined ? {} : { rows: header.rows }),
    duplicates: 0,
    blocks: () => blocks(opened, cursor, context, rest(), header === undefined ? first : undefined),
  };
  return opened;
}

function fields(line: Line): { at: number[]; to: number[] } {
  const at: number[] = [];
  const to: number[] = [];
  let inside = false;
  for (let i = line.start; i < line.end; i++) {
    const blank = line.bytes[i] === SPACE || line.bytes[i] === TAB;
    if (!blank && !inside) at.push(i);
    if (blank && inside) to.push(i);
    inside = !blank;
  }
  if (inside) to.push(line.end);
  return { at, to };
}

function parseHeader(line: Line): { rows: number; dim: number } | undefined {
  const text = String.fromCharCode(...line.bytes.subarray(line.start, Math.min(line.end, line.start + 64)));
  const parts = line.end - line.start > 60 ? null : /^\s*(\d{1,15})[ \t]+(\d{1,15})\s*$/.exec(text);
  return parts === null ? undefined : { rows: Number(parts[1]), dim: Number(parts[2]) };
}

function inferDim(line: Line, name: string): number {
  const { at, to } = fields(line);
  let numbers = 0;
  while (numbers < at.length) {
    const i = at.length - 1 - numbers;
    if (parseNumber(line.bytes, at[i]!, to[i]!) === undefined) break;
    numbers++;
  }
  const dim = Math.min(numbers, at.length - 1);
  if (dim < 1)
    throw badFormat(
      name,
      "line 1 is a word and its numbers",
      decode(line, line.start, Math.min(line.end, line.start + 40)),
    );
  return dim;
}

const utf8: TextDecoder = new TextDecoder("utf-8");

function decode(line: Line, start: number, end: number): string {
  return utf8.decode(line.bytes.subarray(start, end));
}

/** Reads the last `dim` fields into `out` and answers where the word ends, or -1 when there are too few. */
function readRow(line: Line, dim: number, out: Float32Array, offset: number, name: string): number {
  let end = line.end;
  for (let j = dim - 1; j >= 0; j--) {
    while (end > line.start && isBlank(line.bytes[end - 1]!)) end--;
    let start = end;
    while (start > line.start && !isBlank(line.bytes[start - 1]!)) start--;
    if (start === end) return -1;
    const value = parseNumber(line.bytes, start, end);
    if (value === undefined) {
      throw badFormat(
        name,
        `line ${line.number} ends in ${dim} numbers`,
        decode(line, start, Math.min(end, start + 40)),
      );
    }
    out[offset + j] = value;
    end = start;
  }
  if (end === line.start) return -1;
  while (end > line.start && isBlank(line.bytes[end - 1]!)) end--;
  return end;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

async function* blocks(
  opened: OpenedFormat,
  cursor: ByteCursor,
  context: FormatContext,
  batches: AsyncGenerator<Iterable<Line>>,
  firstLine: Line | undefined,
): AsyncGenerator<VectorBlock> {
  const { dim } = opened;
  const step = rowsPerBlock(context, dim * 4);
  const seen = new Set<string>();
  let data = new Float32Array(step * dim);
  let keys: string[] = [];
  let start = 0;
  let counted = 0;
  const add = (line: Line): void => {
    const wordEnd = readRow(line, dim, data, keys.length * dim, cursor.name);
    if (wordEnd < 0) {
      throw badFormat(
        cursor.name,
        `line ${line.number} is a word and ${dim} numbers`,
        decode(line, line.start, Math.min(line.end, line.start + 40)),
      );
    }
    counted++;
    checkLimit(`${cursor.name}: bytes of the word on line ${line.number}`, wordEnd - line.start, MAX_WORD);
    const word = decode(line, line.start, wordEnd);
    if (seen.has(word)) {
      opened.duplicates!++;
      return;
    }
    seen.add(word);
    keys.push(word);
  };
  const flush = (): VectorBlock => {
    const rows = keys.length;
    const block = { data: data.subarray(0, rows * dim), rows, cols: dim, stride: dim, start, keys };
    start += rows;
    data = new Float32Array(step * dim);
    keys = [];
    return block;
  };
  if (firstLine !== undefined) add(firstLine);
  for await (const batch of batches) {
    for (const line of batch) {
      if (line.end === line.start) continue;
      if (opened.rows !== undefined && counted === opened.rows) {
        throw badFormat(cursor.name, `${opened.rows} words, as its first line says`, "more lines");
      }
      add(line);
      if (keys.length === step) yield flush();
    }
  }
  if (opened.rows !== undefined && counted !== opened.rows) {
    throw badFormat(cursor.name, `${opened.rows} words, as its first line says`, counted);
  }
  if (keys.length > 0) yield flush();
}

/** Longest word of either word-vector format, bytes. */
export const MAX_WORD: number = 1 << 16;
