import { join } from "node:path";
import { cacheFolder } from "#platform";
import { type Matrix, type Metric, matrix, type RunOptions } from "../../core/index.ts";
import { digest, keepChecked, readChecked } from "../../labs/kept.ts";
import { workThreads } from "../../labs/machine.ts";
import { PCA, UMAP } from "../../learn/index.ts";
import type { Vectors } from "./dataSet.ts";

export type MapMethod = "umap" | "pca";

export interface MapInput {
  readonly vectors: Vectors;
  readonly method: MapMethod;
  readonly metric: Metric;
  /** Names the file in which the map is kept. */
  readonly name: string;
  /** Default the user's cache folder. */
  readonly cacheDir?: string | undefined;
}

/** Raise with whatever changes maps of the same vectors. */
const VERSION = 1;
/** Principal directions are learned from as many rows at most, spread over the set. */
const PCA_ROWS = 10_000;

/** Rows laid out in the plane, count × 2: as kept from an earlier time, or made and kept. */
export async function layoutMap(input: MapInput, run: RunOptions): Promise<Matrix<Float32Array>> {
  const { vectors, method, metric, name } = input;
  const folder = input.cacheDir === undefined ? cacheFolder("maps") : join(input.cacheDir, "maps");
  const path = folder && join(folder, `${name}.${method}.map`);
  const { data, rows, cols } = vectors;
  const told = JSON.stringify({ VERSION, PCA_ROWS, method, metric, rows, cols });
  const key = digest(
    new TextEncoder().encode(told),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  const kept = path && (await readChecked(path, key));
  if (kept && kept.length === rows * 2 * 4) return matrix(new Float32Array(kept.buffer), 2, rows);
  const made = method === "pca" ? await principalMap(vectors, run) : await neighbourMap(vectors, metric, run);
  if (path)
    await keepChecked(
      path,
      key,
      new Uint8Array(made.data.buffer, made.data.byteOffset, made.data.byteLength),
    );
  return made;
}

async function neighbourMap(
  vectors: Vectors,
  metric: Metric,
  run: RunOptions,
): Promise<Matrix<Float32Array>> {
  const umap = new UMAP({ metric, nNeighbors: Math.min(15, vectors.rows) });
  const { embedding_ } = await umap.fitAsync(vectors, { ...run, threads: workThreads() });
  return matrix(embedding_.data.slice(0, vectors.rows * 2), 2, vectors.rows);
}

async function principalMap(vectors: Vectors, run: RunOptions): Promise<Matrix<Float32Array>> {
  const { rows, cols, stride } = vectors;
  const step = Math.ceil(rows / PCA_ROWS);
  const some = { ...vectors, rows: Math.ceil(rows / step), cols, stride: stride * step } as Vectors;
  const pca = new PCA({ nComponents: 2, solver: "randomized" });
  await pca.fitAsync(some, run);
  const placed = pca.transform(vectors);
  return matrix(Float32Array.from(placed.data), 2, rows);
}
