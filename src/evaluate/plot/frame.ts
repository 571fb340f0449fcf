import type { Scale } from "./scale.ts";
import { type Attributes, escapeXml, tag } from "./svg.ts";

// What all plots share: a titled SVG document in the reader's light or dark scheme, axes, and text.

/** What stands around a picture. */
export interface FrameOptions {
  readonly title: string;
  /** A second, smaller line: data, machine, protocol. */
  readonly subtitle: string;
  readonly width: number;
  readonly height: number;
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

/**
 * Wong's colour-blind-safe palette (Nature Methods 8, 441), darkened where it must stand on white; series have the first
 * eight, classes all twelve.
 */
export const LIGHT: readonly string[] = [
  ...["#0072b2", "#d55e00", "#007a58", "#b04a8c", "#9a6b00", "#3c8fc4", "#5c5c5c", "#8a3c1a"],
  ...["#4a4ac8", "#6f9a00", "#c2185b", "#00939e"],
];
const DARK = [
  ...["#58b4f0", "#ff8a3c", "#2fd0a0", "#e9a2cf", "#f0c040", "#9ad4ff", "#c0c0c0", "#e0a080"],
  ...["#9a9aff", "#b4dd4a", "#ff6f9f", "#4fd8e0"],
];
/** Colours of series before they come round. */
export const SERIES_COLORS = 8;
/** Colours of classes before they come round. */
export const CLASS_COLORS: number = LIGHT.length;

const STYLE = `
.bg{fill:#ffffff}.ink{fill:#1b1f24}.soft{fill:#57606a}.grid{stroke:#e3e7eb}.minor{stroke:#f1f3f5}.axis{stroke:#8c959f}.halo{stroke:#ffffff}.line{stroke:#1b1f24}
${palette(LIGHT)}
@media (prefers-color-scheme: dark){
.bg{fill:#0f1318}.ink{fill:#e8ecf0}.soft{fill:#a0aab4}.grid{stroke:#2a313a}.minor{stroke:#1d232b}.axis{stroke:#6b7580}.halo{stroke:#0f1318}.line{stroke:#e8ecf0}
${palette(DARK)}
}`;

function palette(colors: readonly string[]): string {
  return colors.map((c, i) => `.c${i}{stroke:${c}}.f${i}{fill:${c}}`).join("");
}

/** Height that title and subtitle take. */
export const headHeight = (subtitle: string): number => (subtitle ? 84 : 64);

/** The whole document. It needs no script, font or network. */
export function frame({ title, subtitle, width, height, label }: FrameOptions, ...content: string[]): string {
  return tag(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": label,
      "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
      "font-size": 15,
    },
    tag("style", {}, STYLE),
    tag("rect", { width, height, class: "bg" }),
    text(title, 24, 38, { class: "ink", "font-size": 21, "font-weight": 600 }),
    subtitle ? text(subtitle, 24, 62, { class: "soft" }) : "",
    ...content,
  );
}

/** Lines and labels of the ticks of both axes. */
export function grid(x: Scale, y: Scale, box: Box): string {
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

/** Names of the axes, below and to the left of the plane. */
export function axisTitles(xTitle: string, yTitle: string, box: Box, height: number): string[] {
  return [
    text(xTitle, box.left + box.width / 2, height - 20, { class: "ink", "text-anchor": "middle" }),
    text(yTitle, 0, 0, {
      class: "ink",
      "text-anchor": "middle",
      transform: `translate(24 ${box.top + box.height / 2}) rotate(-90)`,
    }),
  ];
}

/** Letters of a name that a legend shows. */
export const LEGEND_LETTERS = 30;

/** Width of a legend of these names, without its margin. */
export function legendWidth(names: readonly string[]): number {
  return 58 + Math.max(60, ...names.map((name) => textWidth(shorten(name, LEGEND_LETTERS))));
}

/** About how wide a text of 15 pixels is; sans-serif capitals and digits are wider than small letters. */
export function textWidth(name: string): number {
  let width = 0;
  for (const c of name) width += /[mwMW]/.test(c) ? 14 : /[a-z ,.:;'|]/.test(c) ? 8.4 : 10.4;
  return Math.min(width, 270);
}

export function shorten(name: string, most: number): string {
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join("")}\u2026`;
}

export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return tag("line", { x1, y1, x2, y2, class: name, "stroke-width": 1 });
}

export function text(content: string, x: number, y: number, attributes: Attributes): string {
  return tag("text", { x, y, ...attributes }, escapeXml(content));
}
