import { type Matrix, row } from "../../core/index.ts";
import { plotScatter } from "../../evaluate/index.ts";
import { PCA } from "../../learn/index.ts";

/** The rows in a plane, coloured by class, as an SVG document. */
export function classMap(
  title: string,
  rows: Matrix<Float32Array>,
  labels: ArrayLike<number>,
  names: readonly string[],
  seed: number,
): string {
  const plane = new PCA({ nComponents: 2, solver: "randomized", seed }).fit(rows).transform(rows);
  const classes = names.map((name, label) => ({
    name,
    points: Array.from({ length: rows.rows }, (_, i) => i)
      .filter((i) => labels[i] === label)
      .map((i) => {
        const [x, y] = row(plane, i);
        return { x: x!, y: y! };
      }),
  }));
  const subtitle = `${rows.rows} test pictures, the two directions of largest variance`;
  return plotScatter(classes, { title, subtitle, axes: false, width: 960, height: 620 });
}
