import { type Matrix, VicinalError } from "../../core/index.ts";

/**
 * Distances of queries to candidates: one row a query. A flat array is one query. They need not be sorted; smaller
 * is nearer, +∞ masks a candidate.
 */
export type DistancesInput =
  | Float64Array
  | Float32Array
  | readonly number[]
  | readonly ArrayLike<number>[]
  | Matrix<Float32Array | Float64Array>;

/** Distances as float64, row-major (a copy). */
export interface DistanceTable {
  readonly data: Float64Array;
  readonly queries: number;
  readonly candidates: number;
}

function rowsOf(input: DistancesInput): ArrayLike<number>[] {
  if (input instanceof Float64Array || input instanceof Float32Array) return [input];
  if (Array.isArray(input)) {
    return input.length > 0 && typeof input[0] === "number"
      ? [input as readonly number[]]
      : [...(input as readonly ArrayLike<number>[])];
  }
  const given = input as Matrix<Float32Array | Float64Array>;
  if (typeof given !== "object" || given === null || !("stride" in given)) {
    const rule = "an array of numbers, a list of such, or a matrix";
    throw new VicinalError("BAD_INPUT", { what: "distances", got: typeof given, rule });
  }
  return Array.from({ length: given.rows }, (_, i) =>
    given.data.subarray(i * given.stride, i * given.stride + given.cols),
  );
}

/** Throws BAD_INPUT for what is no table, NOT_FINITE for NaN and −∞. */
export function readDistances(input: DistancesInput): DistanceTable {
  const rows = rowsOf(input);
  const candidates = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * candidates);
  rows.forEach((row, q) => {
    if (row.length !== candidates) {
      const got = `${row.length} candidates in row ${q}, ${candidates} in row 0`;
      throw new VicinalError("BAD_INPUT", { what: "distances", got, rule: "rows of one length" });
    }
    for (let i = 0; i < candidates; i++) {
      const value = row[i]!;
      if (!(typeof value === "number" && value > -Infinity)) {
        throw new VicinalError("NOT_FINITE", { what: "distances", row: q, column: i, got: value });
      }
      data[q * candidates + i] = value;
    }
  });
  return { data, queries: rows.length, candidates };
}

/** One temperature, or one a query, each finite and above 0 (or at least 0 where 0 has a meaning). */
export function readTemperatures(
  t: number | ArrayLike<number>,
  queries: number,
  { zero = false }: { zero?: boolean } = {},
): Float64Array {
  const all = typeof t === "number" ? new Float64Array(queries).fill(t) : Float64Array.from(t);
  if (all.length !== queries) {
    const got = `${all.length} for ${queries} queries`;
    throw new VicinalError("BAD_INPUT", { what: "t", got, rule: "one number, or one for each query" });
  }
  const checked = typeof t === "number" ? Float64Array.of(t) : all;
  const bad = checked.find((each) => !(each < Infinity && (each > 0 || (zero && each === 0))));
  if (bad !== undefined) {
    const rule = zero ? "a finite number, at least 0" : "a finite number above 0";
    throw new VicinalError("OPTION_RANGE", { option: "t", got: bad, rule });
  }
  return all;
}
