import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import {
  isVicinalError,
  type Matrix,
  type Progress,
  type RunOptions,
  type Scalars,
  VicinalError,
} from "../core/index.ts";
import { type ColumnOptions, readVectorFile, type VectorTable } from "../data/index.ts";

/** What the vectors are for; it decides which array of an ann-benchmarks file is read. */
export type Role = "base" | "queries";

/**
 * Vectors from a file of any format of the command line.
 *
 * @throws FILE, FORMAT and their like, NOT_FINITE
 */
export async function readVectors(
  path: string,
  role: Role,
  run: RunOptions & { columns?: ColumnOptions } = {},
): Promise<VectorTable> {
  const { signal, onProgress, columns } = run;
  const report = onProgress && ((p: Progress) => onProgress({ ...p, phase: `read ${role}` }));
  const table = await readVectorFile(path, { role, columns, signal, onProgress: report });
  checkFinite(table.data, path);
  return table;
}

/** The first number that is none, found before anything long begins. */
export function checkFinite(m: Matrix<Scalars>, what: string, firstRow = 0): void {
  if (!(m.data instanceof Float32Array) && !(m.data instanceof Float64Array)) return;
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < m.cols; j++) {
      const got = m.data[i * m.stride + j]!;
      if (!Number.isFinite(got))
        throw new VicinalError("NOT_FINITE", { what, row: firstRow + i, column: j, got });
    }
  }
}

/** Refuses an output whose folder is missing or that is a folder itself, before any work is done for it. */
export async function checkOutput(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new VicinalError("FILE", { path, why: `${folder} is no folder` });
    }
  } catch (error) {
    throw fileProblem(path, error);
  }
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new VicinalError("FILE", { path, why: "it is a folder" });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EISDIR: "it is a folder",
  ENOTDIR: "part of the path is no folder",
  EACCES: "permission was denied",
  EPERM: "permission was denied",
  ELOOP: "its links go in a circle",
  ENAMETOOLONG: "the name is too long",
};

/** A FILE error in place of a system error; other errors as they are. */
export function fileProblem(path: string, error: unknown): unknown {
  if (isVicinalError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new VicinalError("FILE", { path, why: REASONS[code] ?? message }, { cause: error });
}
