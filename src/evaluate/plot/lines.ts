import { chart } from "./chart.ts";
import { linearScale, logScale, type Scale, shortNumber } from "./scale.ts";

// plotLines(series, { title, xTitle, yTitle, xScale?, yScale?, … }): SVG; axes "log" (default) or "linear".

/** One line of the plot, by rising x. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    /** Ends of an interval around y, drawn as a band. */
    readonly low?: number;
    readonly high?: number;
  }[];
  /** A dashed line without marks: a law that measurements are held against. */
  readonly law?: boolean;
  /** A line without marks, for curves of many points. */
  readonly plain?: boolean;
  /** Colour by number, so that a law may share that of its measurements; default the place among the series. */
  readonly color?: number;
}

export interface LinePlotOptions {
  title: string;
  subtitle?: string;
  xTitle: string;
  yTitle: string;
  width?: number;
  height?: number;
  /** Default log, for which values must be above 0. */
  xScale?: "log" | "linear";
  yScale?: "log" | "linear";
  /** Values that an axis must reach to besides those drawn. */
  xReach?: readonly number[];
  yReach?: readonly number[];
}

/** Lines over two axes, as an SVG document that follows the reader's light or dark scheme. */
export function plotLines(series: readonly LineSeries[], options: LinePlotOptions): string {
  const { title, subtitle = "", xTitle, yTitle, width = 960, height = 600 } = options;
  const points = series.flatMap((s) => s.points);
  const ends = points.flatMap(({ y, low = y, high = y }) => [low, high]);
  const x = scaleOf(options.xScale, [...points.map((p) => p.x), ...(options.xReach ?? [])]);
  const y = scaleOf(options.yScale, [...ends, ...(options.yReach ?? [])]);
  const drawn = series.map(({ name, points, law = false, plain = law, color }) => ({
    name,
    ...(color === undefined ? {} : { color }),
    dashed: law,
    line: points.map((p) => [x.place(p.x), y.place(p.y)] as const),
    band: points.some((p) => p.low !== undefined)
      ? points.map((p) => [x.place(p.x), y.place(p.low ?? p.y), y.place(p.high ?? p.y)] as const)
      : [],
    plain,
    marks: plain
      ? []
      : points.map((p) => ({
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

function scaleOf(kind: "log" | "linear" | undefined, values: readonly number[]): Scale {
  return kind === "linear" ? linearScale(values) : logScale(values);
}
