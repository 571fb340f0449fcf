import { paretoFront, type Tradeoff } from "../pareto.ts";
import { logScale, recallScale, type Scale, shortNumber } from "./scale.ts";
import { type Attributes, escapeXml, marker, tag } from "./svg.ts";

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

/** Wong's colour-blind-safe palette (Nature Methods 8, 441), darkened where it must stand on white. */
const LIGHT = ["#0072b2", "#d55e00", "#007a58", "#b04a8c", "#9a6b00", "#3c8fc4", "#5c5c5c", "#8a3c1a"];
const DARK = ["#58b4f0", "#ff8a3c", "#2fd0a0", "#e9a2cf", "#f0c040", "#9ad4ff", "#c0c0c0", "#e0a080"];

const STYLE = `
.bg{fill:#ffffff}.ink{fill:#1b1f24}.soft{fill:#57606a}.grid{stroke:#e3e7eb}.minor{stroke:#f1f3f5}.axis{stroke:#8c959f}.halo{stroke:#ffffff}
${palette(LIGHT)}
@media (prefers-color-scheme: dark){
.bg{fill:#0f1318}.ink{fill:#e8ecf0}.soft{fill:#a0aab4}.grid{stroke:#2a313a}.minor{stroke:#1d232b}.axis{stroke:#6b7580}.halo{stroke:#0f1318}
${palette(DARK)}
}`;

function palette(colors: readonly string[]): string {
  return colors.map((c, i) => `.c${i}{stroke:${c}}.f${i}{fill:${c}}`).join("");
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

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
  const legend = 58 + Math.max(60, ...series.map((s) => textWidth(shorten(s.name, LEGEND_LETTERS))));
  const frame: Frame = { left: 84, top: subtitle ? 84 : 64, width: width - 84 - legend - 16, height: 0 };
  const box = { ...frame, height: height - frame.top - 76 };
  const recallName = options.k === undefined ? "Recall" : `Recall@${options.k}`;
  return tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `${title}: ${recallName} against queries per second`,
      "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
      "font-size": 15,
    },
    tag("style", {}, STYLE),
    tag("rect", { width, height, class: "bg" }),
    text(title, 24, 38, { class: "ink", "font-size": 21, "font-weight": 600 }),
    subtitle ? text(subtitle, 24, 62, { class: "soft" }) : "",
    grid(x, y, box),
    text(`${recallName} (better to the right)`, box.left + box.width / 2, height - 20, {
      class: "ink",
      "text-anchor": "middle",
    }),
    text("Queries per second (better upwards)", 0, 0, {
      class: "ink",
      "text-anchor": "middle",
      transform: `translate(24 ${box.top + box.height / 2}) rotate(-90)`,
    }),
    ...series.map((s, i) => curve(s, i, x, y, box)),
    ...series.map((s, i) => legendEntry(s, i, box.left + box.width + 28, box.top + 14 + i * 28)),
  );
}

function grid(x: Scale, y: Scale, box: Frame): string {
  const bottom = box.top + box.height;
  const parts: string[] = [];
  for (const tick of x.ticks) {
    const at = box.left + tick.at * box.width;
    parts.push(line(at, box.top, at, bottom, tick.label ? "grid" : "minor"));
    if (tick.label) parts.push(text(tick.label, at, bottom + 24, { class: "soft", "text-anchor": "middle" }));
  }
  for (const tick of y.ticks) {
    const at = bottom - tick.at * box.height;
    parts.push(line(box.left, at, box.left + box.width, at, tick.label ? "grid" : "minor"));
    if (tick.label)
      parts.push(text(tick.label, box.left - 12, at + 5, { class: "soft", "text-anchor": "end" }));
  }
  parts.push(line(box.left, bottom, box.left + box.width, bottom, "axis"));
  parts.push(line(box.left, box.top, box.left, bottom, "axis"));
  return parts.join("");
}

function curve(series: Series, index: number, x: Scale, y: Scale, box: Frame): string {
  const color = index % LIGHT.length;
  const at = (p: Tradeoff): [number, number] => [
    box.left + x.place(p.recall) * box.width,
    box.top + (1 - y.place(p.qps)) * box.height,
  ];
  const front = paretoFront(series.points);
  const parts: string[] = [];
  if (front.length > 1) {
    const d = front
      .map((p) =>
        at(p)
          .map((v) => v.toFixed(2))
          .join(" "),
      )
      .join("L");
    parts.push(
      tag("path", {
        d: `M${d}`,
        class: `c${color}`,
        fill: "none",
        "stroke-width": 2.5,
        "stroke-linejoin": "round",
        "stroke-dasharray": index >= LIGHT.length ? "7 4" : undefined,
      }),
    );
  }
  for (const point of series.points) {
    const behind = !front.includes(point);
    parts.push(
      marker(
        index,
        ...at(point),
        { class: `f${color} halo`, "stroke-width": 1.5, opacity: behind ? 0.35 : undefined },
        tag("title", {}, tooltip(series.name, point)),
      ),
    );
  }
  return tag("g", {}, ...parts);
}

function tooltip(name: string, point: Series["points"][number]): string {
  const params = Object.entries(point.params ?? {}).map(([key, value]) => ` ${key}=${value}`);
  return escapeXml(
    `${name}${params.join("")}: recall ${point.recall.toFixed(4)}, ${shortNumber(point.qps)} queries/s`,
  );
}

function legendEntry(series: Series, index: number, x: number, y: number): string {
  const color = index % LIGHT.length;
  return tag(
    "g",
    {},
    tag("path", {
      d: `M${x} ${y}h28`,
      class: `c${color}`,
      "stroke-width": 2.5,
      "stroke-dasharray": index >= LIGHT.length ? "7 4" : undefined,
    }),
    marker(index, x + 14, y, { class: `f${color} halo`, "stroke-width": 1.5 }),
    text(shorten(series.name, LEGEND_LETTERS), x + 38, y + 5, { class: "ink" }),
  );
}

const LEGEND_LETTERS = 30;

/** About how wide a text of 15 pixels is; sans-serif capitals and digits are wider than small letters. */
function textWidth(name: string): number {
  let width = 0;
  for (const c of name) width += /[a-z ,.:;'|]/.test(c) ? 8 : 10.4;
  return Math.min(width, 270);
}

function shorten(name: string, most: number): string {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join("")}\u2026`;
}

function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return tag("line", { x1, y1, x2, y2, class: name, "stroke-width": 1 });
}

function text(content: string, x: number, y: number, attributes: Attributes): string {
  return tag("text", { x, y, ...attributes }, escapeXml(content));
}
