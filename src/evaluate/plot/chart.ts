import type { Scale } from "./scale.ts";
import { type Attributes, escapeXml, marker, tag } from "./svg.ts";

// What all plots share: a titled SVG document with two axes and a legend, in the reader's light or dark scheme.

/** What stands around the lines. */
export interface ChartOptions {
  readonly title: string;
  /** A second, smaller line: data, machine, protocol. */
  readonly subtitle: string;
  readonly width: number;
  readonly height: number;
  readonly xTitle: string;
  readonly yTitle: string;
  /** What the picture is, for those who cannot see it. */
  readonly label: string;
}

/** The plane between the axes, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

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

/** A point of a series: where its mark stands, whether it is drawn faint, and what hovering says. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly faint: boolean;
  readonly says: string;
}

/** A series as drawn: through which places its line goes, and its marks; all in [0, 1] of the axes. */
export interface Drawn {
  readonly name: string;
  readonly line: readonly (readonly [x: number, y: number])[];
  readonly marks: readonly Mark[];
}

/** The whole document. It needs no script, font or network. */
export function chart(options: ChartOptions, x: Scale, y: Scale, series: readonly Drawn[]): string {
  const { title, subtitle, width, height } = options;
  const legend = 58 + Math.max(60, ...series.map((s) => textWidth(shorten(s.name, LEGEND_LETTERS))));
  const top = subtitle ? 84 : 64;
  const box = { left: 84, top, width: width - 84 - legend - 16, height: height - top - 76 };
  const legendStep = Math.min(28, (height - top - 20) / Math.max(1, series.length));
  return tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": options.label,
      "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
      "font-size": 15,
    },
    tag("style", {}, STYLE),
    tag("rect", { width, height, class: "bg" }),
    text(title, 24, 38, { class: "ink", "font-size": 21, "font-weight": 600 }),
    subtitle ? text(subtitle, 24, 62, { class: "soft" }) : "",
    grid(x, y, box),
    text(options.xTitle, box.left + box.width / 2, height - 20, { class: "ink", "text-anchor": "middle" }),
    text(options.yTitle, 0, 0, {
      class: "ink",
      "text-anchor": "middle",
      transform: `translate(24 ${box.top + box.height / 2}) rotate(-90)`,
    }),
    ...series.map((s, i) => curve(s, i, box)),
    ...series.map((s, i) => legendEntry(s.name, i, box.left + box.width + 28, box.top + 14 + i * legendStep)),
  );
}

function grid(x: Scale, y: Scale, box: Box): string {
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

function curve({ line, marks, name }: Drawn, index: number, box: Box): string {
  const color = index % LIGHT.length;
  const at = (x: number, y: number): [number, number] => [
    box.left + x * box.width,
    box.top + (1 - y) * box.height,
  ];
  const parts: string[] = [];
  if (line.length > 1) {
    const d = line
      .map(([x, y]) =>
        at(x, y)
          .map((v) => v.toFixed(2))
          .join(" "),
      )
      .join("L");
    parts.push(tag("path", { d: `M${d}`, fill: "none", ...stroke(index), "stroke-linejoin": "round" }));
  }
  for (const { x, y, faint, says } of marks) {
    const look = { class: `f${color} halo`, "stroke-width": 1.5, opacity: faint ? 0.35 : undefined };
    parts.push(marker(index, ...at(x, y), look, tag("title", {}, escapeXml(`${name}${says}`))));
  }
  return tag("g", {}, ...parts);
}

/** Colours come round after eight series; the second round is dashed. */
function stroke(index: number): Attributes {
  return {
    class: `c${index % LIGHT.length}`,
    "stroke-width": 2.5,
    "stroke-dasharray": index >= LIGHT.length ? "7 4" : undefined,
  };
}

function legendEntry(name: string, index: number, x: number, y: number): string {
  return tag(
    "g",
    {},
    tag("path", { d: `M${x} ${y}h28`, ...stroke(index) }),
    marker(index, x + 14, y, { class: `f${index % LIGHT.length} halo`, "stroke-width": 1.5 }),
    text(shorten(name, LEGEND_LETTERS), x + 38, y + 5, { class: "ink" }),
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
