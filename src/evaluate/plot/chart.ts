import {
  axisTitles,
  type Box,
  type FrameOptions,
  frame,
  grid,
  headHeight,
  LEGEND_LETTERS,
  legendWidth,
  SERIES_COLORS,
  shorten,
  text,
} from "./frame.ts";
import type { Scale } from "./scale.ts";
import { type Attributes, escapeXml, marker, tag } from "./svg.ts";

/** What stands around the lines. */
export interface ChartOptions extends FrameOptions {
  readonly xTitle: string;
  readonly yTitle: string;
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
  /** A faint band around the line, such as an interval of confidence. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
  /** Without marks in the legend too. */
  readonly plain?: boolean;
  /** Dashed, such as a law that measurements are held against. */
  readonly dashed?: boolean;
  /** Colour by number; default the place among the series. */
  readonly color?: number;
}

/** Lines over two axes, with a legend. */
export function chart(options: ChartOptions, x: Scale, y: Scale, series: readonly Drawn[]): string {
  const { subtitle, width, height } = options;
  const legend = legendWidth(series.map((s) => s.name));
  const top = headHeight(subtitle);
  const box = { left: 84, top, width: width - 84 - legend - 16, height: height - top - 76 };
  const legendStep = Math.min(28, (height - top - 20) / Math.max(1, series.length));
  return frame(
    options,
    grid(x, y, box),
    ...axisTitles(options.xTitle, options.yTitle, box, height),
    ...series.map((s, i) => curve(s, i, box)),
    ...series.map((s, i) => legendEntry(s, i, box.left + box.width + 28, box.top + 14 + i * legendStep)),
  );
}

function curve(drawn: Drawn, index: number, box: Box): string {
  const { line, marks, name, band = [] } = drawn;
  const number = drawn.color ?? index;
  const color = number % SERIES_COLORS;
  const at = (x: number, y: number): [number, number] => [
    box.left + x * box.width,
    box.top + (1 - y) * box.height,
  ];
  const path = (places: readonly (readonly [number, number])[]): string =>
    places
      .map(([x, y]) =>
        at(x, y)
          .map((v) => v.toFixed(2))
          .join(" "),
      )
      .join("L");
  const parts: string[] = [];
  if (band.length > 1) {
    const around = [
      ...band.map(([x, low]) => [x, low] as const),
      ...band.map(([x, , high]) => [x, high] as const).reverse(),
    ];
    parts.push(tag("path", { d: `M${path(around)}Z`, class: `f${color}`, opacity: 0.16 }));
  }
  if (line.length > 1) {
    const d = `M${path(line)}`;
    parts.push(tag("path", { d, fill: "none", ...stroke(number, drawn.dashed), "stroke-linejoin": "round" }));
  }
  for (const { x, y, faint, says } of marks) {
    const look = { class: `f${color} halo`, "stroke-width": 1.5, opacity: faint ? 0.35 : undefined };
    parts.push(marker(number, ...at(x, y), look, tag("title", {}, escapeXml(`${name}${says}`))));
  }
  return tag("g", {}, ...parts);
}

/** Colours come round after eight series; the second round is dashed. */
function stroke(number: number, dashed = false): Attributes {
  return {
    class: `c${number % SERIES_COLORS}`,
    "stroke-width": 2.5,
    "stroke-dasharray": number >= SERIES_COLORS || dashed ? "7 4" : undefined,
  };
}

function legendEntry({ name, plain, dashed, color }: Drawn, index: number, x: number, y: number): string {
  const number = color ?? index;
  return tag(
    "g",
    {},
    tag("path", { d: `M${x} ${y}h28`, ...stroke(number, dashed) }),
    plain === true
      ? ""
      : marker(number, x + 14, y, { class: `f${number % SERIES_COLORS} halo`, "stroke-width": 1.5 }),
    text(shorten(name, LEGEND_LETTERS), x + 38, y + 5, { class: "ink" }),
  );
}
