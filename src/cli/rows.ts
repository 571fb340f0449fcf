import { stat } from "node:fs/promises";
import { isVicinalError, type Matrix, type RunOptions, VicinalError } from "../core/index.ts";
import {
  type ColumnOptions,
  type DataKey,
  readImageFolder,
  readLabels,
  toFloat32,
  type VectorTable,
} from "../data/index.ts";
import { fileProblem, readVectors } from "./inputs.ts";

/** How pictures of a folder become rows. */
export interface PictureShape {
  /** Side of the square that each is stretched to. */
  readonly size: number;
  /** One channel of brightness instead of three of colour. */
  readonly grey: boolean;
}

/** Rows of a command's input: a folder of pictures, or a file of vectors. */
export interface RowsInput {
  readonly path: string;
  readonly rows: Matrix<Float32Array>;
  /** Names of the files of pictures, or the keys that the file of vectors has. */
  readonly keys?: readonly DataKey[];
  /** Present where the rows are pictures, of values 0 … 255. */
  readonly pictures?: PictureShape;
  readonly metadata?: VectorTable["metadata"];
}

/**
 * Rows of a folder of pictures, or of a file of vectors of any format.
 *
 * @param run with columns of a table that are no part of the vectors
 * @throws FILE, FORMAT and their like, NOT_FINITE, DEPENDENCY_MISSING (pictures need sharp)
 */
export async function readRows(
  path: string,
  shape: PictureShape,
  run: RunOptions & { columns?: ColumnOptions } = {},
): Promise<RowsInput> {
  if (!(await isFolder(path))) {
    const { data, keys, metadata } = await readVectors(path, "base", run);
    return {
      path,
      rows: floats(data),
      ...(keys === undefined ? {} : { keys }),
      ...(metadata === undefined ? {} : { metadata }),
    };
  }
  const { signal, onProgress } = run;
  const { data, keys } = await readImageFolder(path, { ...shape, signal, onProgress });
  return { path, rows: floats(data), keys, pictures: shape };
}

/** Rows of a table without the column that holds the class; other inputs as they are. */
export function readTable(
  path: string,
  label: string | undefined,
  shape: PictureShape,
  run: RunOptions,
): Promise<RowsInput> {
  return readRows(path, shape, {
    ...run,
    ...(label === undefined ? {} : { columns: { metadata: [label] } }),
  });
}

/** The same of a table that may lack that column. */
export async function readOpenTable(
  path: string,
  label: string | undefined,
  shape: PictureShape,
  run: RunOptions,
): Promise<RowsInput> {
  try {
    return await readTable(path, label, shape, run);
  } catch (error) {
    if (label === undefined || !isVicinalError(error, "FORMAT")) throw error;
    return readTable(path, undefined, shape, run);
  }
}

export interface LabelSource {
  /** A file with one label a row. */
  labels?: string | undefined;
  /** A column of the table itself. */
  label?: string | undefined;
}

/**
 * The class of each row: of a picture the name of the folder directly below the input that it lies in; of a vector the
 * line of a file of labels, or a column of its table.
 *
 * @throws BAD_INPUT where there is none for a row; USAGE where nothing says what the classes are
 */
export async function labelsOf(input: RowsInput, { labels, label }: LabelSource): Promise<string[]> {
  const { path, rows } = input;
  if (labels !== undefined) {
    const read = (await readLabels(labels)).map(String);
    if (read.length === rows.rows) return read;
    const rule = `one for each of the ${rows.rows} rows of ${path}`;
    throw new VicinalError("BAD_INPUT", { what: labels, got: `${read.length} labels`, rule });
  }
  if (label !== undefined) return columnOf(input, label);
  if (input.pictures !== undefined) return input.keys!.map((key) => folderOf(String(key), path));
  throw new VicinalError("USAGE", {
    why: `${path} is a file of vectors: give its classes as --labels FILE (one a row) or --label COLUMN.`,
  });
}

function columnOf({ path, metadata }: RowsInput, column: string): string[] {
  const known = [...new Set((metadata ?? []).flatMap((fields) => Object.keys(fields ?? {})))];
  if (!known.includes(column)) {
    const got = known.length === 0 ? "no columns beside the vectors" : known.join(", ");
    throw new VicinalError("BAD_INPUT", { what: `columns of ${path}`, got, rule: `one named ${column}` });
  }
  return metadata!.map((fields, row) => {
    const value = fields?.[column];
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return String(value);
    }
    const what = `${path}: ${column} of row ${row}`;
    throw new VicinalError("BAD_INPUT", {
      what,
      got: String(value),
      rule: "text, a number or true or false",
    });
  });
}

function folderOf(name: string, path: string): string {
  const end = name.indexOf("/");
  if (end > 0) return name.slice(0, end);
  throw new VicinalError("BAD_INPUT", {
    what: `${path}/${name}`,
    got: "a picture outside the folders of classes",
    rule: "one folder for each class, with its pictures inside",
  });
}

function floats(m: VectorTable["data"]): Matrix<Float32Array> {
  const { data, rows, cols, stride } = m;
  if (data instanceof Float32Array) return { data, rows, cols, stride };
  return { data: toFloat32(data), rows, cols, stride };
}

/** Whether there is a folder at the path. Throws FILE where there is nothing. */
export async function isFolder(path: string): Promise<boolean> {
  // A container names one of its arrays after a "#", which is no part of the path.
  const bare = path.replace(/#[^#/]*$/, "");
  try {
    return (await stat(path).catch(() => stat(bare))).isDirectory();
  } catch (error) {
    throw fileProblem(path, error);
  }
}
