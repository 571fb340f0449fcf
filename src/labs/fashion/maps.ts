import { type Matrix, type RunOptions, row } from "../../core/index.ts";
import { plotScatter } from "../../evaluate/index.ts";
import { PCA, UMAP } from "../../learn/index.ts";

export interface MapOptions extends RunOptions {
  metric: "l2" | "cosine";
  /** By neighbourhoods, or by the two directions of largest variance, which is quicker. */
  by: "umap" | "pca";
  classes: readonly string[];
  seed: number;
  threads: number;
}

/** The rows in a plane, coloured by class, as an SVG document. */
export async function classMap(
  title: string,
  rows: Matrix<Float32Array>,
  labels: ArrayLike<number>,
  { metric, by, classes, seed, threads, signal, onProgress }: MapOptions,
): Promise<string> {
  const plane =
    by === "pca"
      ? new PCA({ nComponents: 2, solver: "randomized", seed }).fit(rows).transform(rows)
      : (await new UMAP({ metric, seed }).fitAsync(rows, { threads, signal, onProgress })).embedding_;
  const drawn = classes.map((name, label) => ({
    name,
    points: Array.from({ length: rows.rows }, (_, i) => i)
      .filter((i) => labels[i] === label)
      .map((i) => {
        const [x, y] = row(plane, i);
        return { x: x!, y: y! };
      }),
  }));
  const how = by === "pca" ? "the two directions of largest variance" : "laid out by UMAP";
  const subtitle = `${rows.rows} test pictures, ${how}`;
  return plotScatter(drawn, { title, subtitle, axes: false, width: 960, height: 620 });
}
