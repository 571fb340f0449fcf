import { paretoFront, type Tradeoff } from "../pareto.ts";
import { chart } from "./chart.ts";
import { logScale, recallScale, shortNumber } from "./scale.ts";

/** One curve of the plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly (Tradeoff & { readonly params?: Readonly<Record<string, number>> })[];
}

export interface PlotOptions {
  title?: string;
  /** A second, smaller line: data, machine, protocol. */
  subtitle?: string;
  /** Neighbours a query, for the axis title. */
  k?: number;
  width?: number;
  height?: number;
}

const DEFAULTS = { title: "Recall and speed", subtitle: "", width: 960, height: 600 };

/**
 * Recall against queries a second, one curve a series through its Pareto front; points behind the
 * front are drawn faint. Both axes are logarithmic (recall in 1 − r). Answers a whole SVG document
 * that follows the reader's light or dark scheme and needs no script, font or network.
 */
export function plotRecallQps(series: readonly Series[], options: PlotOptions = {}): string {
  const { title, subtitle, width, height } = { ...DEFAULTS, ...options };
  const points = series.flatMap((s) => s.points);
  const x = recallScale(points.map((p) => p.recall));
  const y = logScale(points.map((p) => p.qps));
  const recallName = options.k === undefined ? "Recall" : `Recall@${options.k}`;
  const drawn = series.map(({ name, points }) => {
    const front = paretoFront(points);
    return {
      name,
      line: front.map((p) => [x.place(p.recall), y.place(p.qps)] as const),
      marks: points.map((p) => ({
        x: x.place(p.recall),
        y: y.place(p.qps),
        faint: !front.includes(p),
        says: tooltip(p),
      })),
    };
  });
  const label = `${title}: ${recallName} against queries per second`;
  const titles = {
    xTitle: `${recallName} (better to the right)`,
    yTitle: "Queries per second (better upwards)",
  };
  return chart({ title, subtitle, width, height, label, ...titles }, x, y, drawn);
}

function tooltip(point: Series["points"][number]): string {
  const params = Object.entries(point.params ?? {}).map(([key, value]) => ` ${key}=${value}`);
  return `${params.join("")}: recall ${point.recall.toFixed(4)}, ${shortNumber(point.qps)} queries/s`;
}
