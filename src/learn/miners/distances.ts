import type { Tensor } from "../../autodiff/index.ts";
import { VicinalError } from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { batchShape } from "../losses/batch.ts";
import { type BatchLabels, codesOf } from "../losses/tuples.ts";
import { readRows } from "../rows.ts";

/** What a miner looks at: a batch on the tape, or rows as indexes take them. Gradients play no part. */
export type Embeddings = Tensor | VectorsInput;

/** The rows of a batch as numbers. */
export interface BatchRows {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly cols: number;
}

export function batchRows(z: Embeddings): BatchRows {
  if (typeof z === "object" && z !== null && "tape" in z) {
    const [rows, cols] = batchShape("embeddings", z);
    return { data: z.values(), rows, cols };
  }
  return readRows(z, "embeddings");
}

/** All distances within a batch, and the class of each row. */
export interface Table {
  readonly n: number;
  readonly codes: Uint32Array;
  /** Row-major, n × n. */
  readonly distances: Float64Array;
}

/**
 * Distances or cosines between all rows of a batch.
 *
 * @throws VicinalError BAD_INPUT unless z is a matrix with one label for each row
 */
export function tableOf(
  z: Embeddings,
  labels: BatchLabels,
  kind: "squared" | "plain" | "cosine" = "plain",
): Table {
  const { data, rows: n, cols } = batchRows(z);
  const codes = codesOf(labels, n);
  const distances = new Float64Array(n * n);
  const lengths = kind === "cosine" ? lengthsOf({ data, rows: n, cols }) : undefined;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let total = 0;
      for (let c = 0; c < cols; c++) {
        const [a, b] = [data[i * cols + c]!, data[j * cols + c]!];
        total += lengths === undefined ? (a - b) ** 2 : a * b;
      }
      if (lengths !== undefined) total /= lengths[i]! * lengths[j]!;
      else if (kind === "plain") total = Math.sqrt(total);
      distances[i * n + j] = total;
      distances[j * n + i] = total;
    }
  }
  return { n, codes, distances };
}

/** Length of each row, never below 1e-12, so that a row of zeros has cosines of 0. */
export function lengthsOf({ data, rows, cols }: BatchRows): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let total = 0;
    for (let c = i * cols; c < (i + 1) * cols; c++) total += data[c]! ** 2;
    return Math.max(1e-12, Math.sqrt(total));
  });
}

/** Throws OPTION_RANGE unless the number is finite and not below `low`. */
export function checkAtLeast(option: string, got: number, low: number): number {
  if (typeof got === "number" && Number.isFinite(got) && got >= low) return got;
  throw new VicinalError("OPTION_RANGE", { option, got, rule: `a finite number >= ${low}` });
}
