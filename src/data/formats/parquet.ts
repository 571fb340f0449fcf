import { blockCodecs } from "#platform";
import { VicinalError } from "../../core/index.ts";
import { newScalars, type VectorDtype } from "../elements.ts";
import { badFormat, checkLimit, FREE_BYTES } from "../limits.ts";
import { jsonToKey, type Metadata, rowsAsMetadata } from "../metadata.ts";
import type { ByteSource } from "../source.ts";
import {
  checkShape,
  type DataKey,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";
import type { ColumnOptions } from "./csv.ts";

type Hyparquet = typeof import("hyparquet");
type FileMetaData = import("hyparquet").FileMetaData;
type SchemaTree = import("hyparquet").SchemaTree;

const KEY_NAMES = ["id", "key", "_id"];
const VECTOR_NAMES = ["vector", "embedding", "embeddings", "values", "emb"];

async function load(): Promise<Hyparquet> {
  try {
    return await import("hyparquet");
  } catch (error) {
    throw new VicinalError(
      "DEPENDENCY_MISSING",
      { name: "hyparquet", why: "reading Parquet" },
      { cause: error },
    );
  }
}

async function guarded<T>(name: string, rule: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FORMAT", { what: name, rule, got: text.slice(0, 160) }, { cause: error });
  }
}

interface Column {
  name: string;
  /** Deepest element: the numbers of a list column, or the column itself. */
  leaf: SchemaTree;
  list: boolean;
}

interface Roles {
  vector: Column[];
  key: string | undefined;
  metadata: string[];
  dtype: VectorDtype;
}

/**
 * A column of float lists (or, lacking one, all float columns) as vectors; `id` or `key` as keys; the
 * other columns as metadata. Read one row group at a time.
 */
export async function openParquet(
  source: ByteSource,
  context: FormatContext,
  options: ColumnOptions,
): Promise<OpenedFormat> {
  const library = await load();
  const { name } = source;
  const { limits } = context;
  const size = source.size ?? (await source.read(0, limits.maxBytes)).length;
  const file = {
    byteLength: size,
    async slice(start: number, end: number = size): Promise<ArrayBuffer> {
      if (start < 0 || start > end || end > size)
        throw badFormat(name, `bytes within its ${size}`, `${start} to ${end}`);
      // A copy: the library keeps whole buffers, and a source's own may be a shared pool.
      return (await source.read(start, end - start)).slice().buffer as ArrayBuffer;
    },
  };
  if (size < 12) throw badFormat(name, "a Parquet file of 12 bytes or more", size);
  const metadata = await guarded(name, "a readable footer", () => library.parquetMetadataAsync(file));
  const rows = checkMetadata(metadata, size, name, context);
  const schema = await guarded(name, "a readable schema", () => library.parquetSchema(metadata));
  const roles = assignRoles(schema, options, name);
  const columns = [
    ...roles.vector.map((c) => c.name),
    ...(roles.key === undefined ? [] : [roles.key]),
    ...roles.metadata,
  ];
  const codecs = blockCodecs();
  const compressors = Object.fromEntries(
    Object.entries(codecs).map(([codec, unpack]) => [
      codec,
      (input: Uint8Array, length: number): Uint8Array => {
        checkLimit(`${name}: bytes of a page`, length, FREE_BYTES + input.length * limits.maxRatio);
        return unpack(input, length);
      },
    ]),
  );
  const readGroup = (
    rowStart: number,
    rowEnd: number,
    wanted: string[],
  ): Promise<Record<string, unknown>[]> =>
    guarded(name, `readable rows ${rowStart} to ${rowEnd - 1}`, () =>
      library.parquetReadObjects({ file, metadata, columns: wanted, rowStart, rowEnd, compressors }),
    );
  let dim = roles.vector.length;
  if (roles.vector[0]!.list) {
    if (rows === 0) throw badFormat(name, "at least one row, to tell the dimension of a list column", 0);
    const [sample] = await readGroup(0, 1, [roles.vector[0]!.name]);
    dim = listOf(sample?.[roles.vector[0]!.name], `${name}: row 0`).length;
  }
  checkShape(name, rows, dim, limits);
  return {
    format: "parquet",
    dtype: roles.dtype,
    dim,
    rows,
    blocks: () => blocks(name, context, metadata, roles, dim, rows, (a, b) => readGroup(a, b, columns)),
  };
}

/** Row counts and column positions against each other and the file's size, before any column is read. */
function checkMetadata(
  metadata: FileMetaData,
  size: number,
  name: string,
  { limits }: FormatContext,
): number {
  const rows = Number(metadata.num_rows);
  if (!Array.isArray(metadata.row_groups)) throw badFormat(name, "a list of row groups");
  let counted = 0;
  for (const group of metadata.row_groups) {
    const groupRows = Number(group.num_rows);
    if (!Number.isSafeInteger(groupRows) || groupRows < 0)
      throw badFormat(name, "row groups of 0 or more rows", groupRows);
    counted += groupRows;
    for (const { meta_data: column } of group.columns) {
      if (column === undefined) throw badFormat(name, "a description of each column");
      const packed = Number(column.total_compressed_size);
      const start = Number(column.dictionary_page_offset ?? column.data_page_offset);
      if (!(start >= 0 && packed >= 0 && start + packed <= size)) {
        throw badFormat(name, "columns within the file", `${packed} bytes at ${start}`);
      }
      const values = Number(column.num_values);
      // A run of one value packs to nothing, yet each of its values takes memory when unpacked.
      if (
        !(values >= 0 && values * 8 <= limits.maxBytes && values <= FREE_BYTES + packed * limits.maxRatio * 8)
      ) {
        throw new VicinalError("LIMIT", {
          what: `${name}: values of a column`,
          got: values,
          limit: FREE_BYTES + packed * limits.maxRatio * 8,
        });
      }
    }
  }
  if (counted !== rows) throw badFormat(name, `${rows} rows in all row groups`, counted);
  return rows;
}

function assignRoles(schema: SchemaTree, options: ColumnOptions, what: string): Roles {
  const columns: Column[] = schema.children.map((node) => {
    if (typeof node.element.name !== "string") throw badFormat(what, "a name for each column");
    let leaf = node;
    while (leaf.children.length === 1) leaf = leaf.children[0]!;
    return {
      name: node.element.name,
      leaf,
      list: leaf !== node || node.element.repetition_type === "REPEATED",
    };
  });
  const find = (wanted: string | number): Column => {
    const column =
      columns.find((c) => c.name === String(wanted)) ??
      (typeof wanted === "number" ? columns[wanted] : undefined);
    if (column === undefined) {
      throw badFormat(
        what,
        `a column of the table (${columns
          .map((c) => c.name)
          .slice(0, 12)
          .join(", ")})`,
        JSON.stringify(wanted),
      );
    }
    return column;
  };
  const key =
    options.key === false
      ? undefined
      : options.key !== undefined
        ? find(options.key).name
        : columns.find((c) => !c.list && KEY_NAMES.includes(c.name.toLowerCase()))?.name;
  let vector: Column[];
  if (options.vector !== undefined) {
    vector = [options.vector].flat().map((column) => find(column as string | number));
  } else {
    const lists = columns.filter((c) => c.list && numberType(c.leaf) !== undefined);
    const list = lists.find((c) => VECTOR_NAMES.includes(c.name.toLowerCase())) ?? lists[0];
    const floats = columns.filter((c) => !c.list && ["FLOAT", "DOUBLE"].includes(c.leaf.element.type ?? ""));
    vector = list === undefined ? floats.filter((c) => c.name !== key) : [list];
  }
  if (vector.length === 0) throw badFormat(what, "a column of float lists, or columns of floats");
  const dtypes = vector.map((c) => numberType(c.leaf));
  if (dtypes.includes(undefined) || (vector.length > 1 && vector.some((c) => c.list))) {
    throw badFormat(
      what,
      "one column of number lists, or several columns of numbers",
      vector.map((c) => c.name).join(", "),
    );
  }
  const used = new Set([key, ...vector.map((c) => c.name)]);
  const metadata =
    options.metadata === false
      ? []
      : options.metadata === undefined
        ? columns.map((c) => c.name).filter((column) => !used.has(column))
        : options.metadata.map((column) => find(column).name);
  const dtype = dtypes.every((d) => d === dtypes[0]) ? dtypes[0]! : "f64";
  return { vector, key, metadata, dtype };
}

function numberType(leaf: SchemaTree): VectorDtype | undefined {
  const { type, converted_type: converted, logical_type: logical } = leaf.element;
  switch (type) {
    case "FLOAT":
      return "f32";
    case "DOUBLE":
      return "f64";
    case "INT32":
    case "INT64":
      if (converted === "UINT_8") return "u8";
      if (converted === "INT_8") return "i8";
      return converted === undefined || /^U?INT_/.test(converted) ? "f64" : undefined;
    case "FIXED_LEN_BYTE_ARRAY":
      return logical?.type === "FLOAT16" ? "f32" : undefined;
    default:
      return undefined;
  }
}

function listOf(value: unknown, what: string): ArrayLike<unknown> {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    return value as ArrayLike<unknown>;
  }
  throw badFormat(what, "a list of numbers in the vector column", value === null ? "null" : typeof value);
}

async function* blocks(
  name: string,
  context: FormatContext,
  metadata: FileMetaData,
  roles: Roles,
  dim: number,
  rows: number,
  read: (start: number, end: number) => Promise<Record<string, unknown>[]>,
): AsyncGenerator<VectorBlock> {
  const step = rowsPerBlock(context, dim * 8);
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    if (end === start) continue;
    const records = await read(start, end);
    if (records.length !== end - start)
      throw badFormat(name, `${end - start} rows in a row group`, records.length);
    for (let at = 0; at < records.length; at += step) {
      yield toBlock(records.slice(at, at + step), start + at, roles, dim, name);
    }
    start = end;
  }
  if (start !== rows) throw badFormat(name, `${rows} rows`, start);
}

function toBlock(
  records: Record<string, unknown>[],
  start: number,
  roles: Roles,
  dim: number,
  name: string,
): VectorBlock {
  const data = newScalars(roles.dtype, records.length * dim);
  const keys: DataKey[] = [];
  const metadata: Metadata[] = [];
  const [first] = roles.vector;
  records.forEach((record, i) => {
    const what = `${name}: row ${start + i}`;
    const values = first!.list
      ? listOf(record[first!.name], what)
      : roles.vector.map((column) => record[column.name]);
    if (values.length !== dim) throw badFormat(what, `${dim} components as in row 0`, values.length);
    for (let j = 0; j < dim; j++) {
      const value = values[j];
      if (value === null || value === undefined) data[i * dim + j] = Number.NaN;
      else if (typeof value === "number") data[i * dim + j] = value;
      else if (typeof value === "bigint" && Number.isSafeInteger(Number(value)))
        data[i * dim + j] = Number(value);
      else throw badFormat(what, `a number as component ${j}`, typeof value);
    }
    if (roles.key !== undefined) keys.push(jsonToKey(record[roles.key], what));
    if (roles.metadata.length > 0) {
      metadata.push(rowsAsMetadata(Object.fromEntries(roles.metadata.map((f) => [f, record[f]])), what));
    }
  });
  return {
    data,
    rows: records.length,
    cols: dim,
    stride: dim,
    start,
    ...(roles.key === undefined ? {} : { keys }),
    ...(roles.metadata.length === 0 ? {} : { metadata }),
  };
}
