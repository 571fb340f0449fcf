import type { ByteCursor } from "../cursor.ts";
import { badFormat } from "../limits.ts";
import { type Metadata, rowsAsMetadata, textToField, textToKey } from "../metadata.ts";
import { textToNumber } from "../numbers.ts";
import {
  checkShape,
  type DataKey,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";
import { recordBatches } from "./records.ts";

/** Which columns of a table are what. Columns go by header name, or by number from 0 without a header. */
export interface ColumnOptions {
  /** Column of keys. Default: `id` or `key`; without a header a first column of text. */
  key?: string | number | false;
  /** Columns of the vector, in order, or one column holding a JSON array. Default: see docs/data.md. */
  vector?: string | number | readonly (string | number)[];
  /** Columns kept as metadata. Default: every other column. */
  metadata?: readonly (string | number)[] | false;
}

export interface CsvOptions extends ColumnOptions {
  /** Whether the first record names the columns; default: told from the first two records. */
  header?: boolean;
  /** One ASCII character; default: tab for .tsv, else the first of , ; tab that the first line has. */
  delimiter?: string;
}

const KEY_NAMES = ["id", "key"];
const VECTOR_NAMES = ["vector", "embedding", "embeddings", "values"];
const LABEL_NAMES = ["label", "labels", "class", "target"];

/** Roles of the columns once decided. */
interface Roles {
  key: number;
  /** Columns of the vector, or one column of JSON arrays. */
  vector: number[];
  packed: boolean;
  metadata: number[];
}

export async function openCsv(
  cursor: ByteCursor,
  context: FormatContext,
  options: CsvOptions,
): Promise<OpenedFormat> {
  const { name } = cursor;
  const delimiter = await chooseDelimiter(cursor, options);
  const batches = recordBatches(cursor, delimiter, context.limits);
  // Two records decide about the header, and they may come in separate batches.
  let waiting: string[][] = [];
  while (waiting.length < 2) {
    const step = await batches.next();
    if (step.done) break;
    waiting = waiting.concat(step.value);
  }
  const [first, second] = waiting;
  if (first === undefined) throw badFormat(name, "at least one record", "none");
  const hasHeader = options.header ?? looksLikeHeader(first, second);
  const names = hasHeader ? first : first.map((_, i) => String(i));
  const sample = hasHeader ? second : first;
  if (sample === undefined) throw badFormat(name, "at least one record below the header", "none");
  if (hasHeader) checkNames(names, name);
  if (sample.length !== names.length) {
    throw badFormat(name, `record 2 has ${names.length} fields as the header`, sample.length);
  }
  const roles = assignRoles(names, sample, hasHeader, options, name);
  const dim = roles.packed
    ? packedVector(sample[roles.vector[0]!]!, `${name}: record 1`).length
    : roles.vector.length;
  checkShape(name, 0, dim, context.limits);
  if (hasHeader) waiting = waiting.slice(1);
  return {
    format: "csv",
    dtype: "f32",
    dim,
    blocks: () => blocks(cursor, context, batches, waiting, names, roles, dim, hasHeader),
  };
}

async function chooseDelimiter(cursor: ByteCursor, { delimiter }: CsvOptions): Promise<number> {
  if (delimiter !== undefined) {
    const code = delimiter.charCodeAt(0);
    if (delimiter.length !== 1 || code > 127 || code === 34 || code === 10 || code === 13) {
      throw badFormat(
        "csv.delimiter",
        "one ASCII character, no quote or line break",
        JSON.stringify(delimiter),
      );
    }
    return code;
  }
  if (/\.tsv(\.gz)?$/i.test(cursor.name)) return 9;
  let quoted = false;
  let other = 0;
  for (const c of await cursor.peek(65_536)) {
    if (c === 34) quoted = !quoted;
    if (quoted) continue;
    if (c === 44) return 44;
    if (c === 10) break;
    if (other === 0 && (c === 59 || c === 9)) other = c;
  }
  return other === 0 ? 44 : other;
}

const isNumber = (text: string): boolean => textToNumber(text) !== undefined;
const isPacked = (text: string): boolean => /^\s*\[/.test(text);

/** A header where some column goes from words to numbers (or arrays) between records 1 and 2. */
function looksLikeHeader(first: string[], second: string[] | undefined): boolean {
  if (second === undefined) return first.every((field) => !isNumber(field) && !isPacked(field));
  return first.some((field, i) => {
    const below = second[i] ?? "";
    if (field.trim() === "" || isNumber(field) || isPacked(field)) return false;
    return isNumber(below) || isPacked(below);
  });
}

function checkNames(names: string[], name: string): void {
  if (new Set(names).size !== names.length) {
    const twice = names.find((column, i) => names.indexOf(column) !== i)!;
    throw badFormat(name, "each column name once", JSON.stringify(twice));
  }
}

function assignRoles(
  names: string[],
  sample: string[],
  hasHeader: boolean,
  options: CsvOptions,
  what: string,
): Roles {
  const find = (column: string | number): number => {
    const at = names.indexOf(String(column));
    if (at >= 0) return at;
    if (typeof column === "number" && Number.isInteger(column) && column >= 0 && column < names.length)
      return column;
    throw badFormat(what, `a column of the table (${names.slice(0, 12).join(", ")})`, JSON.stringify(column));
  };
  const among = (usual: string[]): number =>
    names.findIndex((column) => usual.includes(column.trim().toLowerCase()));

  let key = -1;
  if (options.key !== undefined && options.key !== false) key = find(options.key);
  else if (options.key === undefined) {
    if (hasHeader) key = among(KEY_NAMES);
    else if (!isNumber(sample[0]!) && !isPacked(sample[0]!)) key = 0;
  }
  let vector: number[];
  if (options.vector !== undefined) {
    vector = (Array.isArray(options.vector) ? options.vector : [options.vector]).map(find);
  } else {
    const named = hasHeader ? among(VECTOR_NAMES) : -1;
    const packed = named >= 0 && isPacked(sample[named]!) ? named : sample.findIndex(isPacked);
    const run = hasHeader ? numberedColumns(names, sample) : [];
    if (packed >= 0) {
      vector = [packed];
    } else if (run.length > 0) {
      vector = run;
    } else {
      const kept = options.metadata ? options.metadata.map(find) : [];
      const label = hasHeader
        ? names.flatMap((n, i) => (LABEL_NAMES.includes(n.trim().toLowerCase()) ? [i] : []))
        : [];
      const usable = (field: string, i: number): boolean =>
        isNumber(field) && i !== key && !kept.includes(i) && !label.includes(i);
      vector = sample.flatMap((field, i) => (usable(field, i) ? [i] : []));
    }
  }
  if (vector.length === 0)
    throw badFormat(
      what,
      "at least one column of numbers, or one of JSON arrays",
      sample.slice(0, 8).join(" | "),
    );
  const packed = vector.length === 1 && isPacked(sample[vector[0]!]!);
  const used = new Set([key, ...vector]);
  const metadata =
    options.metadata === false
      ? []
      : options.metadata === undefined
        ? names.flatMap((_, i) => (used.has(i) ? [] : [i]))
        : options.metadata.map(find);
  return { key, vector, packed, metadata };
}

/** Columns that share a name and are counted from 0 or 1 (`v0, v1, …`, `pixel1, pixel2, …`), where one such run exists. */
function numberedColumns(names: string[], sample: string[]): number[] {
  const runs = new Map<string, number[]>();
  const broken = new Set<string>();
  names.forEach((column, i) => {
    const [, prefix, digits] = /^(.*?)(\d+)$/.exec(column.trim()) ?? [];
    if (prefix === undefined) return;
    const run = runs.get(prefix) ?? [];
    const first = run.length === 0 ? Number(digits) : Number(/\d+$/.exec(names[run[0]!]!.trim())![0]);
    if (first > 1 || Number(digits) !== first + run.length || !isNumber(sample[i]!)) broken.add(prefix);
    run.push(i);
    runs.set(prefix, run);
  });
  const sound = [...runs].filter(
    ([prefix, run]) => !broken.has(prefix) && (run.length > 1 || prefix === "v"),
  );
  return sound.length === 1 ? sound[0]![1] : [];
}

function packedVector(text: string, what: string): number[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every((v) => typeof v === "number")) {
    throw badFormat(what, "a JSON array of numbers in the vector column", JSON.stringify(text.slice(0, 40)));
  }
  return value as number[];
}

async function* blocks(
  cursor: ByteCursor,
  context: FormatContext,
  batches: AsyncGenerator<string[][]>,
  waiting: string[][],
  names: string[],
  roles: Roles,
  dim: number,
  hasHeader: boolean,
): AsyncGenerator<VectorBlock> {
  const step = rowsPerBlock(context, dim * 4);
  let data = new Float32Array(step * dim);
  let keys: DataKey[] = [];
  let metadata: Metadata[] = [];
  let rows = 0;
  let start = 0;
  const add = (record: string[]): void => {
    const number = start + rows + (hasHeader ? 2 : 1);
    const what = `${cursor.name}: record ${number}`;
    if (record.length !== names.length)
      throw badFormat(what, `${names.length} fields as before`, record.length);
    readVector(record, roles, data, rows * dim, dim, what);
    if (roles.key >= 0) keys.push(textToKey(record[roles.key]!));
    if (roles.metadata.length > 0) {
      const fields: Record<string, unknown> = {};
      for (const i of roles.metadata) {
        const field = hasHeader ? names[i]! : `column${i}`;
        Object.defineProperty(fields, field, { value: textToField(record[i]!), enumerable: true });
      }
      metadata.push(rowsAsMetadata(fields, what));
    }
    rows++;
  };
  const flush = (): VectorBlock => {
    const block = {
      data: data.subarray(0, rows * dim),
      rows,
      cols: dim,
      stride: dim,
      start,
      ...(roles.key >= 0 ? { keys } : {}),
      ...(roles.metadata.length > 0 ? { metadata } : {}),
    };
    start += rows;
    rows = 0;
    data = new Float32Array(step * dim);
    keys = [];
    metadata = [];
    return block;
  };
  for (let batch = waiting; ; ) {
    for (const record of batch) {
      add(record);
      if (rows === step) yield flush();
    }
    const next = await batches.next();
    if (next.done) break;
    batch = next.value;
  }
  if (rows > 0) yield flush();
}

function readVector(
  record: string[],
  roles: Roles,
  out: Float32Array,
  offset: number,
  dim: number,
  what: string,
): void {
  if (roles.packed) {
    const vector = packedVector(record[roles.vector[0]!]!, what);
    if (vector.length !== dim) throw badFormat(what, `${dim} components as before`, vector.length);
    out.set(vector, offset);
    return;
  }
  for (let j = 0; j < dim; j++) {
    const text = record[roles.vector[j]!]!;
    // A missing value is NaN: whether that is acceptable is the index's to say.
    const value = text.trim() === "" ? Number.NaN : textToNumber(text);
    if (value === undefined) {
      throw badFormat(what, `a number in column ${roles.vector[j]! + 1}`, JSON.stringify(text.slice(0, 40)));
    }
    out[offset + j] = value;
  }
}
