import {
  axisTitles,
  type Box,
  CLASS_COLORS,
  frame,
  grid,
  headHeight,
  LEGEND_LETTERS,
  legendWidth,
  shorten,
  text,
} from "./frame.ts";
import { linearScale, type Scale } from "./scale.ts";
import { escapeXml, tag } from "./svg.ts";

// plotScatter(classes: ScatterClass[], { title, subtitle?, xTitle?, yTitle?, axes?, equal?, size?, lines? }): SVG.

/** Points of one colour. */
export interface ScatterClass {
  readonly name: string;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    /** Shown while hovering, in an SVG opened by itself; costs about 100 bytes a point. */
    readonly says?: string;
  }[];
  /** Colour by number, of twelve; default the place among the classes. */
  readonly color?: number;
}

export interface ScatterOptions {
  title: string;
  subtitle?: string;
  xTitle?: string;
  yTitle?: string;
  width?: number;
  height?: number;
  /** False leaves out axes and their numbers, as for maps whose axes mean nothing; default true. */
  axes?: boolean;
  /** One unit is as long on both axes; default true without axes, else false. */
  equal?: boolean;
  /** Radius of a point in pixels; default smaller the more points there are. */
  size?: number;
  /** Lines through places in the units of the axes, drawn over the points. */
  lines?: readonly (readonly (readonly [x: number, y: number])[])[];
}

/** Points of several classes in a plane, as an SVG document that follows the reader's light or dark scheme. */
export function plotScatter(classes: readonly ScatterClass[], options: ScatterOptions): string {
  const { title, subtitle = "", width = 960, height = 640, axes = true, lines = [] } = options;
  const { xTitle = "", yTitle = "" } = options;
  const all = [...classes.flatMap((c) => c.points), ...lines.flat().map(([x, y]) => ({ x, y }))];
  const x = linearScale(all.map((p) => p.x));
  const y = linearScale(all.map((p) => p.y));
  const named = classes.some(({ name }) => name !== "");
  const legend = named ? legendWidth(classes.map((c) => c.name)) : 0;
  const top = headHeight(subtitle);
  const left = axes ? 84 : 24;
  const room = {
    left,
    top,
    width: width - left - legend - 24,
    height: height - top - (axes ? 76 : 24),
  };
  const box = (options.equal ?? !axes) ? evenBox(room, x, y) : room;
  return frame(
    { title, subtitle, width, height, label: `${title}: ${classes.map((c) => c.name).join(", ")}` },
    ...(axes ? [grid(x, y, box), ...axisTitles(xTitle, yTitle, box, height)] : []),
    ...drawPoints(classes, x, y, box, options.size),
    ...drawLines(lines, x, y, box),
    ...(named ? [dotLegend(classes, box.left + box.width + 28, top + 14, height - top - 20)] : []),
  );
}

/** The largest box within another in which one unit is as long on both axes. @internal */
export function evenBox(room: Box, x: Scale, y: Scale): Box {
  const span = (scale: Scale): number => 1 / (scale.place(1) - scale.place(0));
  const unit = Math.min(room.width / span(x), room.height / span(y));
  return { ...room, width: unit * span(x), height: unit * span(y) };
}

/** Points as dots; those that say nothing are one path a class, which keeps large maps small. @internal */
export function drawPoints(
  classes: readonly ScatterClass[],
  x: Scale,
  y: Scale,
  box: Box,
  size?: number,
): string[] {
  const count = classes.reduce((sum, c) => sum + c.points.length, 0);
  const r = size ?? Math.min(5, Math.max(1.2, 70 / Math.sqrt(count || 1)));
  return classes.map(({ name, points, color }, i) => {
    const number = (color ?? i) % CLASS_COLORS;
    const place = (p: { x: number; y: number }): [string, string] => [
      (box.left + x.place(p.x) * box.width).toFixed(1),
      (box.top + (1 - y.place(p.y)) * box.height).toFixed(1),
    ];
    const silent = points.filter((p) => p.says === undefined);
    const dots = silent.map((p) => `M${place(p).join(" ")}h0`).join("");
    const look = { fill: "none", "stroke-linecap": "round", opacity: count > 800 ? 0.7 : undefined };
    const rim =
      count > 800 ? "" : tag("path", { d: dots, ...look, class: "halo", "stroke-width": 2 * r + 2 });
    const speaking = points.map((p) => {
      if (p.says === undefined) return "";
      const [cx, cy] = place(p);
      const says = tag("title", {}, escapeXml(`${name === "" ? "" : `${name}: `}${p.says}`));
      return tag("circle", { cx, cy, r, class: `f${number} halo`, "stroke-width": 1 }, says);
    });
    const drawn =
      dots === ""
        ? ""
        : `${rim}${tag("path", { d: dots, ...look, class: `c${number}`, "stroke-width": 2 * r })}`;
    return tag("g", {}, drawn, ...speaking);
  });
}

/** @internal */
export function drawLines(
  lines: readonly (readonly (readonly [x: number, y: number])[])[],
  x: Scale,
  y: Scale,
  box: Box,
): string[] {
  return lines
    .filter((places) => places.length > 1)
    .map((places) => {
      const at = places.map(([a, b]) => {
        const left = box.left + x.place(a) * box.width;
        const top = box.top + (1 - y.place(b)) * box.height;
        return `${left.toFixed(1)} ${top.toFixed(1)}`;
      });
      return tag("path", { d: `M${at.join("L")}`, class: "line", fill: "none", "stroke-width": 1.5 });
    });
}

/** Names of classes beside their dots; as many as the height has room for. @internal */
export function dotLegend(
  classes: readonly Pick<ScatterClass, "name" | "color">[],
  x: number,
  top: number,
  height: number,
): string {
  const step = Math.min(28, Math.max(18, height / Math.max(1, classes.length)));
  const shown = classes.slice(0, Math.max(1, Math.floor(height / step)));
  const entries = shown.map(({ name, color }, i) => {
    const at = top + i * step;
    const dot = tag("circle", { cx: x + 8, cy: at, r: 6, class: `f${(color ?? i) % CLASS_COLORS}` });
    return dot + text(shorten(name, LEGEND_LETTERS), x + 24, at + 5, { class: "ink" });
  });
  const left = classes.length - shown.length;
  const more =
    left > 0 ? text(`and ${left} more`, x + 24, top + shown.length * step + 5, { class: "soft" }) : "";
  return tag("g", {}, ...entries, more);
}
