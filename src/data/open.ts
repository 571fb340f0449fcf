import { oneOf, type RunOptions, VicinalError, wholeNumber } from "../core/index.ts";
import { ByteCursor } from "./cursor.ts";
import { detectFormat, VECTOR_FORMATS } from "./detect.ts";
import { openBigAnn } from "./formats/bigann.ts";
import { type ColumnOptions, type CsvOptions, openCsv } from "./formats/csv.ts";
import { openHdf5 } from "./formats/hdf5.ts";
import { openIdx } from "./formats/idx.ts";
import { openJsonl } from "./formats/jsonl.ts";
import { openNpy } from "./formats/npy.ts";
import { openNpz } from "./formats/npz.ts";
import { openParquet } from "./formats/parquet.ts";
import { openVecs } from "./formats/vecs.ts";
import { openWord2vec } from "./formats/word2vec.ts";
import { openWords } from "./formats/words.ts";
import { type DataLimits, resolveLimits } from "./limits.ts";
import {
  type ByteSource,
  fileExists,
  gunzipSource,
  looksGzipped,
  type SourceInput,
  toByteSource,
} from "./source.ts";
import {
  asFloat32,
  collect,
  type FormatContext,
  type OpenedFormat,
  type VectorBlock,
  type VectorFormat,
  type VectorReader,
  type VectorTable,
} from "./table.ts";

/** How to read a file of vectors; all optional. */
export interface ReadOptions {
  /** The format, where content and name do not tell. */
  format?: VectorFormat;
  /** A name for bytes and streams; its ending may tell the format. */
  name?: string;
  /** Array of an .npz or data set of an HDF5 file; also given as `file.hdf5#name`. */
  dataset?: string;
  /** Which HDF5 data set is meant when none is named: `train` for the base, `test` for queries. */
  role?: "base" | "queries";
  /** "f32" converts every other element type. */
  as?: "f32";
  /** Which columns of csv, jsonl and Parquet are keys, vectors and metadata. */
  columns?: ColumnOptions;
  csv?: Pick<CsvOptions, "header" | "delimiter">;
  /** Rows a block when streaming; default about 4 MiB. */
  blockRows?: number;
  limits?: Partial<DataLimits>;
}

const OPTION_NAMES = ["format", "name", "dataset", "role", "as", "columns", "csv", "blockRows", "limits"];

function checkOptions(options: ReadOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTION_NAMES.includes(key))
      throw new VicinalError("OPTION_UNKNOWN", { got: key, known: OPTION_NAMES });
  }
  if (options.format !== undefined) oneOf("format", options.format, VECTOR_FORMATS);
  if (options.role !== undefined) oneOf("role", options.role, ["base", "queries"] as const);
  if (options.as !== undefined) oneOf("as", options.as, ["f32"] as const);
  if (options.blockRows !== undefined) wholeNumber("blockRows", options.blockRows, 1, 1 << 24);
}

/** A path with `#name` split off, unless a file has that very name. */
async function splitFragment(input: SourceInput): Promise<{ input: SourceInput; fragment?: string }> {
  if (typeof input !== "string") return { input };
  const hash = input.lastIndexOf("#");
  if (hash < 1 || (await fileExists(input))) return { input };
  return { input: input.slice(0, hash), fragment: input.slice(hash + 1) };
}

/**
 * Opens a file of vectors to be read in blocks, so that it may be larger than memory.
 *
 * The format is told by content where it has a magic number, else by the name; gzip is seen through.
 * Not larger than memory: column-major .npy and HDF5 from a stream, which are held whole.
 *
 * @throws FILE, FORMAT, FORMAT_UNKNOWN, LIMIT, UNSUPPORTED, DEPENDENCY_MISSING
 */
export async function openVectorFile(input: SourceInput, options: ReadOptions = {}): Promise<VectorReader> {
  return (await openWithSize(input, options)).reader;
}

async function openWithSize(
  input: SourceInput,
  options: ReadOptions,
): Promise<{ reader: VectorReader; sizeChecked: boolean }> {
  checkOptions(options);
  const limits = resolveLimits(options.limits);
  const context: FormatContext = { limits, blockRows: options.blockRows ?? 0 };
  const { input: where, fragment } = await splitFragment(input);
  const source = await toByteSource(where, {
    ...(options.name === undefined ? {} : { name: options.name }),
    limits,
  });
  try {
    const opened = await openSource(source, context, { ...options, dataset: options.dataset ?? fragment });
    return {
      reader: makeReader(opened.format, opened.cursor, source, options.as),
      sizeChecked: opened.sizeChecked,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface Opened {
  format: OpenedFormat & { release?(): void };
  cursor: ByteCursor | undefined;
  sizeChecked: boolean;
}

async function openSource(raw: ByteSource, context: FormatContext, options: ReadOptions): Promise<Opened> {
  // The first bytes come through the cursor that reads on, for a stream can be begun only once.
  let source = raw;
  let cursor = new ByteCursor(source);
  let head = await cursor.peek(64);
  if (looksGzipped(head)) {
    source = gunzipSource(replayed(raw, cursor), context.limits);
    cursor = new ByteCursor(source);
    head = await cursor.peek(64);
  }
  const format = options.format ?? detectFormat(head, source.name);
  const sizeChecked = source.size !== undefined || source.maxSize !== undefined;
  const columns = options.columns ?? {};
  switch (format) {
    case "npz": {
      const { opened, cursor: member } = await openNpz(replayed(source, cursor), context, options.dataset);
      return { format: opened, cursor: member, sizeChecked: true };
    }
    case "hdf5":
      return {
        format: await openHdf5(replayed(source, cursor), context, options.dataset, options.role ?? "base"),
        cursor: undefined,
        sizeChecked: true,
      };
    case "parquet":
      return {
        format: await openParquet(replayed(source, cursor), context, columns),
        cursor,
        sizeChecked: true,
      };
    default:
      return {
        format: await openStreamed(format, cursor, context, { ...columns, ...options.csv }),
        cursor,
        sizeChecked,
      };
  }
}

function openStreamed(
  format: Exclude<VectorFormat, "npz" | "hdf5" | "parquet">,
  cursor: ByteCursor,
  context: FormatContext,
  columns: CsvOptions,
): Promise<OpenedFormat> {
  switch (format) {
    case "npy":
      return openNpy(cursor, context);
    case "fvecs":
    case "bvecs":
    case "ivecs":
      return openVecs(cursor, context, format);
    case "fbin":
    case "u8bin":
    case "i8bin":
    case "ibin":
      return openBigAnn(cursor, context, format);
    case "idx":
      return openIdx(cursor, context);
    case "csv":
      return openCsv(cursor, context, columns);
    case "jsonl":
      return openJsonl(cursor, context, columns);
    case "text":
      return openWords(cursor, context);
    case "word2vec":
      return openWord2vec(cursor, context);
  }
}

/** The same source, beginning with bytes its cursor has already been given when it cannot begin again. */
function replayed(source: ByteSource, cursor: ByteCursor): ByteSource {
  return source.size !== undefined ? source : cursor.asSource(source);
}

function makeReader(
  opened: OpenedFormat & { release?(): void },
  cursor: ByteCursor | undefined,
  source: ByteSource,
  as: "f32" | undefined,
): VectorReader {
  let state: "fresh" | "reading" | "closed" = "fresh";
  const close = async (): Promise<void> => {
    if (state === "closed") return;
    state = "closed";
    opened.release?.();
    await cursor?.close();
    await source.close();
  };
  async function* blocks(): AsyncGenerator<VectorBlock> {
    if (state !== "fresh") {
      throw new VicinalError("CLOSED", { what: `reader of ${source.name}` });
    }
    state = "reading";
    try {
      for await (const block of opened.blocks()) yield as === "f32" ? asFloat32(block) : block;
    } finally {
      await close();
    }
  }
  const { format, dim, rows, rowShape, attributes } = opened;
  return {
    format,
    dtype: as ?? opened.dtype,
    dim,
    ...(rows === undefined ? {} : { rows }),
    ...(rowShape === undefined ? {} : { rowShape }),
    ...(attributes === undefined ? {} : { attributes }),
    get duplicates() {
      return opened.duplicates ?? 0;
    },
    blocks,
    close,
  };
}

/**
 * Reads a whole file of vectors. Bytes stay bytes, halves stay halves (a Uint16Array of bit patterns).
 *
 * @param input a path (`file.hdf5#test` names a data set), bytes, a Blob, a Response, or a stream
 * @throws as {@link openVectorFile}; aborting rejects with `signal.reason`
 */
export async function readVectorFile(
  input: SourceInput,
  { signal, onProgress, ...options }: ReadOptions & RunOptions = {},
): Promise<VectorTable> {
  signal?.throwIfAborted();
  const { reader, sizeChecked } = await openWithSize(input, options);
  try {
    return await collect(reader, resolveLimits(options.limits), sizeChecked, {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  } finally {
    await reader.close();
  }
}
