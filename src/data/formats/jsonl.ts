import type { ByteCursor } from "../cursor.ts";
import { badFormat } from "../limits.ts";
import { type Line, openLines } from "../lines.ts";
import { jsonToKey, type Metadata, rowsAsMetadata } from "../metadata.ts";
import {
  checkShape,
  type DataKey,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";
import type { ColumnOptions } from "./csv.ts";

const KEY_NAMES = ["id", "key", "_id"];
const VECTOR_NAMES = ["vector", "embedding", "values"];

interface Row {
  vector: number[];
  key: DataKey | undefined;
  metadata: Metadata | undefined;
}

/**
 * One JSON value a line: an array of numbers, or an object with a field `vector`, `embedding` or
 * `values`, a key in `id`, `key` or `_id`, and whatever else as metadata. All rows have keys or none.
 */
export async function openJsonl(
  cursor: ByteCursor,
  context: FormatContext,
  options: ColumnOptions,
): Promise<OpenedFormat> {
  const { first, rest } = await openLines(cursor, context.limits);
  if (first === undefined) throw badFormat(cursor.name, "one JSON value a line", "no lines");
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const head = isBlank(first) ? undefined : parseRow(first, utf8, options, cursor.name);
  const batches = rest();
  if (head !== undefined) return opened(cursor, context, options, batches, head, utf8);
  for await (const batch of batches) {
    const iterator = batch[Symbol.iterator]();
    for (let step = iterator.next(); !step.done; step = iterator.next()) {
      if (isBlank(step.value)) continue;
      const row = parseRow(step.value, utf8, options, cursor.name);
      return opened(cursor, context, options, resume(iterator, batches), row, utf8);
    }
  }
  throw badFormat(cursor.name, "one JSON value a line", "blank lines only");
}

async function* resume(
  iterator: Iterator<Line>,
  batches: AsyncGenerator<Iterable<Line>>,
): AsyncGenerator<Iterable<Line>> {
  yield { [Symbol.iterator]: () => iterator };
  yield* batches;
}

function opened(
  cursor: ByteCursor,
  context: FormatContext,
  options: ColumnOptions,
  batches: AsyncGenerator<Iterable<Line>>,
  first: Row,
  utf8: TextDecoder,
): OpenedFormat {
  const dim = first.vector.length;
  checkShape(cursor.name, 0, dim, context.limits);
  return {
    format: "jsonl",
    dtype: "f32",
    dim,
    blocks: () => blocks(cursor, context, options, batches, first, utf8),
  };
}

function isBlank(line: Line): boolean {
  for (let i = line.start; i < line.end; i++) {
    if (line.bytes[i] !== 32 && line.bytes[i] !== 9) return false;
  }
  return true;
}

function parseRow(line: Line, utf8: TextDecoder, options: ColumnOptions, name: string): Row {
  const what = `${name}: line ${line.number}`;
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(line.bytes.subarray(line.start, line.end)));
  } catch (error) {
    throw badFormat(what, "one JSON value in UTF-8", error instanceof Error ? error.message : error);
  }
  if (Array.isArray(value)) return { vector: numbers(value, what), key: undefined, metadata: undefined };
  if (typeof value !== "object" || value === null) {
    throw badFormat(
      what,
      "an array of numbers, or an object with a vector",
      JSON.stringify(value).slice(0, 40),
    );
  }
  const record = value as Record<string, unknown>;
  const vectorName = fieldName(options.vector, VECTOR_NAMES, record);
  const vector = vectorName === undefined ? undefined : record[vectorName];
  if (!Array.isArray(vector)) {
    throw badFormat(
      what,
      `a field ${VECTOR_NAMES.join(", ")} that is an array of numbers`,
      Object.keys(record).slice(0, 8).join(", "),
    );
  }
  const keyName = options.key === false ? undefined : fieldName(options.key, KEY_NAMES, record);
  const kept = Object.keys(record).filter((field) => field !== vectorName && field !== keyName);
  const wanted = options.metadata;
  const fields =
    wanted === undefined
      ? kept
      : wanted === false
        ? []
        : wanted.map(String).filter((f) => Object.hasOwn(record, f));
  return {
    vector: numbers(vector, what),
    key: keyName === undefined ? undefined : jsonToKey(record[keyName], what),
    metadata:
      fields.length === 0
        ? undefined
        : rowsAsMetadata(Object.fromEntries(fields.map((f) => [f, record[f]])), what),
  };
}

function fieldName(
  given: ColumnOptions["vector"] | ColumnOptions["key"],
  usual: readonly string[],
  record: Record<string, unknown>,
): string | undefined {
  const candidates = given === undefined || given === false ? usual : [given].flat().map(String);
  return candidates.find((field) => Object.hasOwn(record, field));
}

function numbers(value: unknown[], what: string): number[] {
  for (let i = 0; i < value.length; i++) {
    // JSON has no NaN; null is how most writers spell it.
    if (value[i] === null) value[i] = Number.NaN;
    else if (typeof value[i] !== "number") {
      throw badFormat(what, `a number as component ${i}`, JSON.stringify(value[i])?.slice(0, 40));
    }
  }
  return value as number[];
}

async function* blocks(
  cursor: ByteCursor,
  context: FormatContext,
  options: ColumnOptions,
  batches: AsyncGenerator<Iterable<Line>>,
  first: Row,
  utf8: TextDecoder,
): AsyncGenerator<VectorBlock> {
  const dim = first.vector.length;
  const step = rowsPerBlock(context, dim * 4);
  const keyed = first.key !== undefined;
  let data = new Float32Array(step * dim);
  let keys: DataKey[] = [];
  let metadata: (Metadata | undefined)[] = [];
  let rows = 0;
  let start = 0;
  const add = (row: Row, line: number): void => {
    const what = `${cursor.name}: line ${line}`;
    if (row.vector.length !== dim)
      throw badFormat(what, `${dim} components as on the first line`, row.vector.length);
    if ((row.key !== undefined) !== keyed) {
      throw badFormat(what, keyed ? "a key, as the first line has" : "no key, as the first line has none");
    }
    data.set(row.vector, rows * dim);
    if (row.key !== undefined) keys.push(row.key);
    metadata.push(row.metadata);
    rows++;
  };
  const flush = (): VectorBlock => {
    const block = {
      data: data.subarray(0, rows * dim),
      rows,
      cols: dim,
      stride: dim,
      start,
      ...(keyed ? { keys } : {}),
      ...(metadata.some((record) => record !== undefined) ? { metadata } : {}),
    };
    start += rows;
    rows = 0;
    data = new Float32Array(step * dim);
    keys = [];
    metadata = [];
    return block;
  };
  add(first, 1);
  for await (const batch of batches) {
    for (const line of batch) {
      if (isBlank(line)) continue;
      if (rows === step) yield flush();
      add(parseRow(line, utf8, options, cursor.name), line.number);
    }
  }
  if (rows > 0) yield flush();
}
