import { type Matrix, VicinalError } from "../core/index.ts";

/** Values to learn: one a row, or several as a matrix of n × outputs or a list of rows. */
export type TargetsInput =
  | ArrayLike<number>
  | Matrix<Float32Array | Float64Array>
  | readonly ArrayLike<number>[];

/** Values of rows, end to end: rows × outputs. */
export interface Targets {
  readonly values: Float64Array;
  readonly outputs: number;
}

/**
 * A copy of the values.
 *
 * @param rows how many rows there have to be
 * @throws VicinalError BAD_INPUT for another shape, NOT_FINITE for NaN and what is infinite
 */
export function readTargets(input: TargetsInput, rows: number, what = "values"): Targets {
  if (typeof input === "object" && input !== null && "data" in input && "cols" in input) {
    checkRows(input.rows, rows, what);
    const { data, cols, stride } = input;
    return gather(rows, cols, (i, j) => data[i * stride + j], what);
  }
  const length = typeof input === "object" && input !== null ? input.length : undefined;
  checkRows(length, rows, what);
  if (rows > 0 && typeof input[0] === "object") {
    const list = input as readonly ArrayLike<number>[];
    const outputs = list[0]?.length;
    if (!(outputs! > 0)) {
      const got = list[0] === null ? "null" : `of ${outputs ?? "no"} values`;
      throw new VicinalError("BAD_INPUT", {
        what: `${what} row 0`,
        got,
        rule: "a list of one value or more",
      });
    }
    for (let i = 0; i < rows; i++) {
      if (list[i]?.length === outputs) continue;
      const got = list[i] === undefined ? "missing" : `of ${list[i]!.length} values`;
      throw new VicinalError("BAD_INPUT", {
        what: `${what} row ${i}`,
        got,
        rule: `of ${outputs}, as the first`,
      });
    }
    return gather(rows, outputs, (i, j) => list[i]![j], what);
  }
  return gather(rows, 1, (i) => (input as ArrayLike<number>)[i], what);
}

function checkRows(got: number | undefined, rows: number, what: string): void {
  if (got === rows) return;
  throw new VicinalError("BAD_INPUT", {
    what,
    got: got === undefined ? "no list" : `of ${got} rows`,
    rule: `one for each of ${rows} rows`,
  });
}

function gather(
  rows: number,
  outputs: number,
  at: (row: number, output: number) => number | undefined,
  what: string,
): Targets {
  const values = new Float64Array(rows * outputs);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < outputs; j++) {
      const value = at(i, j);
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw new VicinalError("NOT_FINITE", { what, row: i, column: j, got: value ?? String(value) });
      }
      values[i * outputs + j] = value;
    }
  }
  return { values, outputs };
}

/** The values of some rows. */
export function rowsOf({ values, outputs }: Targets, rows: Int32Array): Targets {
  const some = new Float64Array(rows.length * outputs);
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < outputs; j++) some[i * outputs + j] = values[rows[i]! * outputs + j]!;
  }
  return { values: some, outputs };
}

/**
 * Coefficient of determination, R²: 1 − Σ(y−ŷ)² / Σ(y−ȳ)², the mean over outputs. 1 is perfect, 0 as good as the
 * mean. An output that does not vary scores 1 when predicted exactly, else 0. NaN predictions give NaN.
 *
 * @param predicted rows × outputs, as {@link Targets} has them
 */
export function r2(predicted: Float64Array, { values, outputs }: Targets): number {
  const rows = values.length / outputs;
  let sum = 0;
  for (let j = 0; j < outputs; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += values[i * outputs + j]! / rows;
    let residual = 0;
    let total = 0;
    for (let i = 0; i < rows; i++) {
      residual += (values[i * outputs + j]! - predicted[i * outputs + j]!) ** 2;
      total += (values[i * outputs + j]! - mean) ** 2;
    }
    sum +=
      total === 0 ? (residual === 0 ? 1 : Number.isNaN(residual) ? Number.NaN : 0) : 1 - residual / total;
  }
  return sum / outputs;
}
