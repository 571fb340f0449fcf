import type { Matrix, RunOptions, Scalars } from "../core/index.ts";
import { newScalars, scalarBytes, toFloat32, type VectorDtype } from "./elements.ts";
import { allocate, badFormat, checkLimit, type DataLimits } from "./limits.ts";
import type { Metadata } from "./metadata.ts";

/** Formats that can be read. */
export type VectorFormat =
  | "npy"
  | "npz"
  | "fvecs"
  | "bvecs"
  | "ivecs"
  | "fbin"
  | "u8bin"
  | "i8bin"
  | "ibin"
  | "idx"
  | "csv"
  | "jsonl"
  | "text"
  | "word2vec"
  | "hdf5"
  | "parquet";

export type DataKey = string | number;

/** Consecutive rows of a file; a matrix, with what else the file says of these rows. */
export interface VectorBlock extends Matrix<Scalars> {
  /** Row number of the first row among those delivered. */
  readonly start: number;
  readonly keys?: DataKey[];
  readonly metadata?: (Metadata | undefined)[];
}

/** What is known of a file once it is open. */
export interface VectorFileInfo {
  readonly format: VectorFormat;
  readonly dtype: VectorDtype;
  readonly dim: number;
  /** Rows, when the file says so before it is read. */
  readonly rows?: number;
  /** Shape of one row where it has more than one axis, such as [28, 28]. */
  readonly rowShape?: readonly number[];
  /** Facts stated in the file, such as `distance` in ann-benchmarks' HDF5. */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

/** An open file of vectors, read once from its beginning in blocks of rows. */
export interface VectorReader extends VectorFileInfo {
  /** Rows dropped so far because their key came before (word vectors keep the first). */
  readonly duplicates: number;
  blocks(): AsyncIterable<VectorBlock>;
  /** Releases the file; called for you once `blocks()` has ended or was left. */
  close(): Promise<void>;
}

/** A whole file of vectors. */
export interface VectorTable {
  readonly data: Matrix<Scalars>;
  readonly dtype: VectorDtype;
  readonly format: VectorFormat;
  readonly keys?: DataKey[];
  readonly metadata?: (Metadata | undefined)[];
  readonly rowShape?: readonly number[];
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** Rows dropped because their key came before. */
  readonly duplicates: number;
}

/** What a format's opener answers; `duplicates` may change while blocks are read. */
export interface OpenedFormat extends VectorFileInfo {
  duplicates?: number;
  blocks(): AsyncGenerator<VectorBlock>;
}

/** What every format's opener is given. */
export interface FormatContext {
  readonly limits: Readonly<DataLimits>;
  /** Rows a block, or 0 for about 4 MiB. */
  readonly blockRows: number;
}

const BLOCK_BYTES = 1 << 22;

/** Rows a block for rows of so many bytes. */
export function rowsPerBlock(context: FormatContext, rowBytes: number): number {
  if (context.blockRows > 0) return context.blockRows;
  return Math.max(1, Math.min(65536, Math.floor(BLOCK_BYTES / Math.max(1, rowBytes))));
}

/** Dimension and row count as a header states them, within limits. @throws FORMAT, LIMIT */
export function checkShape(name: string, rows: number, dim: number, limits: DataLimits): void {
  if (!Number.isSafeInteger(rows) || rows < 0) throw badFormat(name, "a row count of 0 or more", rows);
  if (!Number.isSafeInteger(dim) || dim < 1) throw badFormat(name, "at least one component a row", dim);
  checkLimit(`${name}: components a row`, dim, limits.maxDim);
  if (!Number.isSafeInteger(rows * dim * 8))
    throw badFormat(name, "a countable number of bytes", `${rows} × ${dim}`);
}

/** The same block with float32 data. */
export function asFloat32(block: VectorBlock): VectorBlock {
  return block.data instanceof Float32Array ? block : { ...block, data: toFloat32(block.data) };
}

/**
 * Everything a reader delivers, in one matrix. Space is set aside at once only where the stated row
 * count has been checked against the size of the source. @throws LIMIT past `maxBytes`
 */
export async function collect(
  reader: VectorReader,
  limits: DataLimits,
  sizeChecked: boolean,
  { signal, onProgress }: RunOptions = {},
): Promise<VectorTable> {
  const { dim, dtype } = reader;
  const rowBytes = dim * scalarBytes(dtype);
  if (reader.rows !== undefined) {
    checkLimit("vectors, in bytes,", reader.rows * rowBytes, limits.maxBytes);
  }
  const make = (rows: number): Scalars => allocate("vectors", rows * dim, (n) => newScalars(dtype, n));
  const whole = sizeChecked && reader.rows !== undefined ? make(reader.rows) : undefined;
  const parts: VectorBlock[] = [];
  let rows = 0;
  let keys: DataKey[] | undefined;
  let metadata: (Metadata | undefined)[] | undefined;
  for await (const block of reader.blocks()) {
    signal?.throwIfAborted();
    checkLimit("vectors, in bytes,", (rows + block.rows) * rowBytes, limits.maxBytes);
    if (whole === undefined) parts.push(block);
    else whole.set(block.data, rows * dim);
    if (block.keys !== undefined) {
      keys ??= [];
      for (const key of block.keys) keys.push(key);
    }
    if (block.metadata !== undefined) {
      // Earlier blocks may have had none.
      metadata ??= new Array<Metadata | undefined>(rows).fill(undefined);
      for (const record of block.metadata) metadata.push(record);
    }
    rows += block.rows;
    if (metadata !== undefined) while (metadata.length < rows) metadata.push(undefined);
    onProgress?.({ phase: "read", done: rows, total: reader.rows ?? rows });
  }
  let data: Scalars;
  if (whole === undefined) {
    data = make(rows);
    for (const part of parts) data.set(part.data, part.start * dim);
  } else {
    data = rows === reader.rows ? whole : (whole.slice(0, rows * dim) as Scalars);
  }
  return {
    data: { data, rows, cols: dim, stride: dim },
    dtype,
    format: reader.format,
    ...(keys === undefined ? {} : { keys }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(reader.rowShape === undefined ? {} : { rowShape: reader.rowShape }),
    ...(reader.attributes === undefined ? {} : { attributes: reader.attributes }),
    duplicates: reader.duplicates,
  };
}
