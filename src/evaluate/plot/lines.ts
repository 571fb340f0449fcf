import { chart } from "./chart.ts";
import { logScale, shortNumber } from "./scale.ts";

/** One line of the plot, by rising x. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LinePlotOptions {
  title: string;
  subtitle?: string;
  xTitle: string;
  yTitle: string;
  width?: number;
  height?: number;
}

/**
 * Lines over two logarithmic axes, as an SVG document that follows the reader's light or dark scheme.
 *
 * @param series values above 0
 */
export function plotLines(series: readonly LineSeries[], options: LinePlotOptions): string {
  const { title, subtitle = "", xTitle, yTitle, width = 960, height = 600 } = options;
  const points = series.flatMap((s) => s.points);
  const x = logScale(points.map((p) => p.x));
  const y = logScale(points.map((p) => p.y));
  const drawn = series.map(({ name, points }) => ({
    name,
    line: points.map((p) => [x.place(p.x), y.place(p.y)] as const),
    marks: points.map((p) => ({
      x: x.place(p.x),
      y: y.place(p.y),
      faint: false,
      says: `: ${shortNumber(p.x)}, ${shortNumber(p.y)}`,
    })),
  }));
  return chart(
    { title, subtitle, xTitle, yTitle, width, height, label: `${title}: ${yTitle} against ${xTitle}` },
    x,
    y,
    drawn,
  );
}
