import { createRng, type Job, type Matrix, VicinalError, wholeNumber } from "../../core/index.ts";
import { type Dense, zeros } from "../linalg/dense.ts";
import { symmetricEigenJob } from "../linalg/eigen.ts";
import type { Classes } from "../rows.ts";
import { ldaJob } from "./lda.ts";
import { meanOf, scatterOf } from "./moments.ts";

/**
 * Where the optimisation of a linear metric starts: "lda" or "pca" directions, the "identity", "random" numbers, rows of the
 * caller's, or "auto": lda where it has enough directions, else pca where fewer than all are wanted, else the identity.
 */
export type MetricStart = "auto" | "pca" | "lda" | "identity" | "random" | readonly ArrayLike<number>[];

const NAMES = ["auto", "pca", "lda", "identity", "random"];

/** Checks what does not depend on data. Throws OPTION_RANGE. */
export function checkStart(init: MetricStart, nComponents: number | undefined): void {
  if (nComponents !== undefined) wholeNumber("nComponents", nComponents, 1, 2 ** 31 - 1);
  if (typeof init === "string" ? NAMES.includes(init) : Array.isArray(init) && init.length > 0) return;
  const rule = `one of ${NAMES.join(", ")}, or the rows of a matrix`;
  throw new VicinalError("OPTION_RANGE", { option: "init", got: String(init), rule });
}

/** The same for JSON: rows of the caller's as plain arrays. */
export function plainStart(init: MetricStart): MetricStart {
  return typeof init === "string" ? init : init.map((row) => Array.from(row));
}

export interface StartOptions {
  readonly init: MetricStart;
  readonly nComponents?: number | undefined;
  readonly seed: number;
}

/** The m × d matrix to start from. */
export function* startOf(
  rows: Matrix<Float64Array>,
  { codes, classes }: Classes,
  { init, nComponents, seed }: StartOptions,
): Job<Dense> {
  const d = rows.cols;
  const m = nComponents ?? (typeof init === "string" ? d : init.length);
  if (m > d) {
    const rule = `at most ${d}, the columns of the data`;
    throw new VicinalError("OPTION_RANGE", { option: "nComponents", got: m, rule });
  }
  if (typeof init !== "string") return givenRows(init, m, d);
  const discriminants = Math.min(classes.length - 1, d);
  const shorter = Math.min(d, rows.rows);
  const kind = init !== "auto" ? init : m <= discriminants ? "lda" : m < shorter ? "pca" : "identity";
  const out = zeros(m, d);
  if (kind === "random") {
    const rng = createRng(seed, "metricStart");
    for (let i = 0; i < out.data.length; i++) out.data[i] = rng.normal();
  } else if (kind === "identity") {
    for (let i = 0; i < m; i++) out.data[i * d + i] = 1;
  } else if (kind === "pca") {
    const source = {
      rows: rows.rows,
      cols: d,
      copyInto: (into: Float64Array | Float32Array, from: number, to: number) =>
        into.set(rows.data.subarray(from * d, to * d)),
    };
    const scatter = yield* scatterOf(source, yield* meanOf(source));
    const { vectors } = yield* symmetricEigenJob(scatter);
    out.data.set(vectors.data.subarray(0, m * d));
  } else {
    const labels = Array.from(codes);
    const { components } = yield* ldaJob(rows, labels, Math.min(m, discriminants));
    out.data.set(components.data.subarray(0, Math.min(m, components.rows) * d));
  }
  return out;
}

function givenRows(init: readonly ArrayLike<number>[], m: number, d: number): Dense {
  const out = zeros(m, d);
  if (init.length !== m) {
    const rule = `${m} rows, as nComponents says`;
    throw new VicinalError("OPTION_RANGE", { option: "init", got: `${init.length} rows`, rule });
  }
  init.forEach((row, i) => {
    if (row.length !== d) {
      throw new VicinalError("DIM_MISMATCH", { what: `init row ${i}`, got: row.length, want: d });
    }
    out.data.set(Array.from(row), i * d);
  });
  const bad = out.data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    const got = out.data[bad]!;
    throw new VicinalError("NOT_FINITE", { what: "init", row: Math.floor(bad / d), column: bad % d, got });
  }
  return out;
}
