import {
  type Box,
  frame,
  headHeight,
  LEGEND_LETTERS,
  SERIES_COLORS,
  shorten,
  text,
  textWidth,
} from "./frame.ts";
import { linearScale } from "./scale.ts";
import { escapeXml, tag } from "./svg.ts";

// plotBars(bars: Bar[], { title, subtitle?, xTitle?, series?, format?, reach? }): SVG. Bars lie, so that names are read.

/** One row: a name, and a bar for each series. */
export interface Bar {
  readonly label: string;
  /** One value a series; NaN for none. */
  readonly values: readonly number[];
  /** Ends of an interval around each value. */
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

export interface BarOptions {
  title: string;
  subtitle?: string;
  xTitle?: string;
  width?: number;
  /** Names of the series, when there is more than one. */
  series?: readonly string[];
  /** What stands at the end of a bar; default three digits. */
  format?: (value: number) => string;
  /** Values that the axis must reach to besides those drawn; 0 is always there. */
  reach?: readonly number[];
}

const THICK = 18;

/** Bars from 0, as an SVG document that follows the reader's light or dark scheme. */
export function plotBars(bars: readonly Bar[], options: BarOptions): string {
  const { title, subtitle = "", xTitle = "", width = 960, series = [] } = options;
  const { format = (v: number) => String(Number(v.toPrecision(3))), reach = [] } = options;
  const perRow = Math.max(1, ...bars.map((bar) => bar.values.length));
  const rowHeight = perRow * THICK + 14;
  const head = headHeight(subtitle) + (series.length > 1 ? 30 : 0);
  const height = head + bars.length * rowHeight + (xTitle === "" ? 44 : 72);
  const left = 36 + Math.max(40, ...bars.map(({ label }) => textWidth(shorten(label, LEGEND_LETTERS))));
  const box = { left, top: head, width: width - left - 90, height: bars.length * rowHeight };
  const x = linearScale([0, ...reach, ...bars.flatMap(valuesOf)]);
  const at = (value: number): number => box.left + x.place(value) * box.width;
  return frame(
    { title, subtitle, width, height, label: `${title}: ${bars.map((bar) => bar.label).join(", ")}` },
    ...x.ticks.map((tick) => upright(box, tick.at, tick.label)),
    ...legend(series, head - 22, left),
    ...bars.map((bar, i) => row(bar, series, box, box.top + i * rowHeight + 7, at, format)),
    tag("line", { x1: at(0), y1: box.top, x2: at(0), y2: box.top + box.height, class: "axis" }),
    xTitle === ""
      ? ""
      : text(xTitle, box.left + box.width / 2, height - 16, { class: "ink", "text-anchor": "middle" }),
  );
}

const valuesOf = ({ values, low = [], high = [] }: Bar): number[] =>
  [...values, ...low, ...high].filter(Number.isFinite);

function upright(box: Box, share: number, label: string): string {
  const x = box.left + share * box.width;
  const bottom = box.top + box.height;
  return (
    tag("line", { x1: x, y1: box.top, x2: x, y2: bottom, class: "grid" }) +
    text(label, x, bottom + 22, { class: "soft", "text-anchor": "middle" })
  );
}

function legend(series: readonly string[], y: number, left: number): string[] {
  if (series.length < 2) return [];
  let x = left;
  return series.map((name, i) => {
    const shown = shorten(name, LEGEND_LETTERS);
    const at = x;
    x += 50 + textWidth(shown);
    const swatch = tag("rect", {
      x: at,
      y: y - 11,
      width: 16,
      height: 12,
      rx: 3,
      class: `f${i % SERIES_COLORS}`,
    });
    return swatch + text(shown, at + 24, y, { class: "ink" });
  });
}

function row(
  { label, values, low = [], high = [] }: Bar,
  series: readonly string[],
  box: Box,
  top: number,
  at: (value: number) => number,
  format: (value: number) => string,
): string {
  const middle = top + (values.length * THICK) / 2;
  const name = text(shorten(label, LEGEND_LETTERS), box.left - 12, middle + 4, {
    class: "ink",
    "text-anchor": "end",
  });
  const drawn = values.map((value, i) => {
    if (!Number.isFinite(value)) return "";
    const y = top + i * THICK;
    const [from, to] = [Math.min(at(0), at(value)), Math.max(at(0), at(value))];
    const says = tag(
      "title",
      {},
      escapeXml(`${label}${series[i] ? `, ${series[i]}` : ""}: ${format(value)}`),
    );
    const size = { x: from, y: y + 1, width: Math.max(0.5, to - from), height: THICK - 3, rx: 2 };
    const bar = tag("rect", { ...size, class: `f${i % SERIES_COLORS}`, opacity: 0.85 }, says);
    const [l, h] = [low[i] ?? value, high[i] ?? value];
    const whisker = l === h ? "" : interval(at(l), at(h), y + (THICK - 1) / 2);
    const end = Math.max(to, at(Math.max(l, h, 0)));
    return bar + whisker + text(format(value), end + 8, y + THICK - 4, { class: "soft", "font-size": 14 });
  });
  return tag("g", {}, name, ...drawn);
}

function interval(x1: number, x2: number, y: number): string {
  const d = `M${x1.toFixed(1)} ${y}H${x2.toFixed(1)}M${x1.toFixed(1)} ${y - 4}v8M${x2.toFixed(1)} ${y - 4}v8`;
  return tag("path", { d, class: "line", fill: "none", "stroke-width": 1.5 });
}
