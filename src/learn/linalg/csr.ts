import { VicinalError } from "../../core/index.ts";
import { type Dense, zeros } from "./dense.ts";
import type { LinearOperator } from "./randomized.ts";

/**
 * A sparse matrix by rows: row i has columns `indices` indptr[i] … indptr[i + 1), ascending, with values `data`. Names and
 * order are those of SciPy's csr_matrix.
 */
export interface Csr {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Uint32Array;
  readonly indices: Uint32Array;
  readonly data: Float64Array;
}

/** Checks the parts of a sparse matrix against each other. Throws BAD_INPUT, NOT_FINITE. */
export function checkCsr(m: Csr, what = "sparse rows"): Csr {
  const refuse = (got: string, rule: string): never => {
    throw new VicinalError("BAD_INPUT", { what, got, rule });
  };
  if (typeof m !== "object" || m === null || m.indptr?.length !== m.rows + 1 || m.indptr[0] !== 0) {
    refuse("without a row pointer for each row", "a Csr: rows, cols, indptr of rows + 1, indices, data");
  }
  const entries = m.indptr[m.rows]!;
  if (m.indices.length !== entries || m.data.length !== entries) {
    refuse(`${m.indices.length} columns and ${m.data.length} values`, `${entries} of each, as indptr says`);
  }
  for (let i = 0; i < m.rows; i++) {
    if (m.indptr[i + 1]! < m.indptr[i]!) refuse(`row ${i} of negative length`, "by rows in order");
    for (let at = m.indptr[i]!; at < m.indptr[i + 1]!; at++) {
      const column = m.indices[at]!;
      if (column >= m.cols || (at > m.indptr[i]! && column <= m.indices[at - 1]!)) {
        refuse(`row ${i} with column ${column}`, `columns ascending and below ${m.cols}`);
      }
      const got = m.data[at]!;
      if (!Number.isFinite(got)) throw new VicinalError("NOT_FINITE", { what, row: i, column, got });
    }
  }
  return m;
}

/** A · X. */
export function csrMultiply(a: Csr, x: Dense): Dense {
  const l = x.cols;
  const out = zeros(a.rows, l);
  for (let i = 0; i < a.rows; i++) {
    for (let at = a.indptr[i]!; at < a.indptr[i + 1]!; at++) {
      addScaled(out.data, i * l, x.data, a.indices[at]! * x.stride, l, a.data[at]!);
    }
  }
  return out;
}

/** Aᵀ · Y. */
export function csrTransposedMultiply(a: Csr, y: Dense): Dense {
  const l = y.cols;
  const out = zeros(a.cols, l);
  for (let i = 0; i < a.rows; i++) {
    for (let at = a.indptr[i]!; at < a.indptr[i + 1]!; at++) {
      addScaled(out.data, a.indices[at]! * l, y.data, i * y.stride, l, a.data[at]!);
    }
  }
  return out;
}

export const csrOperator = (a: Csr): LinearOperator => ({
  rows: a.rows,
  cols: a.cols,
  apply: (x) => csrMultiply(a, x),
  applyTransposed: (y) => csrTransposedMultiply(a, y),
});

/** The transpose; columns ascend in each row, whatever the order was. */
export function csrTranspose({ rows, cols, indptr, indices, data }: Csr): Csr {
  const turned = transposedEntries(cols, indptr, indices, data);
  return { rows: cols, cols: rows, indptr: turned.indptr, indices: turned.indices, data: turned.values };
}

/** Entries by rows sorted by columns: rows of the transpose, columns ascending in each. */
export function transposedEntries<V extends Float32Array | Float64Array>(
  cols: number,
  indptr: Uint32Array,
  indices: Uint32Array,
  values: V,
): { indptr: Uint32Array; indices: Uint32Array; values: V } {
  const to = new Uint32Array(cols + 1);
  for (const j of indices) to[j + 1]!++;
  for (let j = 0; j < cols; j++) to[j + 1]! += to[j]!;
  const next = to.slice(0, cols);
  const outIndices = new Uint32Array(indices.length);
  const outValues = values.slice() as V;
  for (let i = 0; i + 1 < indptr.length; i++) {
    for (let at = indptr[i]!; at < indptr[i + 1]!; at++) {
      const place = next[indices[at]!]!++;
      outIndices[place] = i;
      outValues[place] = values[at]!;
    }
  }
  return { indptr: to, indices: outIndices, values: outValues };
}

/** The same numbers, zeros filled in. */
export function csrToDense(a: Csr): Dense {
  const out = zeros(a.rows, a.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let at = a.indptr[i]!; at < a.indptr[i + 1]!; at++) {
      out.data[i * a.cols + a.indices[at]!] = a.data[at]!;
    }
  }
  return out;
}

function addScaled(
  to: Float64Array,
  at: number,
  from: Float64Array,
  start: number,
  count: number,
  factor: number,
): void {
  for (let j = 0; j < count; j++) to[at + j]! += factor * from[start + j]!;
}
