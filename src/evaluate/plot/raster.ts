import { VicinalError } from "../../core/index.ts";
import {
  axisTitles,
  type Box,
  CLASS_COLORS,
  frame,
  grid as gridLines,
  headHeight,
  LIGHT,
  legendWidth,
  text,
  textWidth,
} from "./frame.ts";
import { indexedPngUri, type Palette } from "./png.ts";
import { linearScale, type Scale } from "./scale.ts";
import { dotLegend, drawLines, drawPoints, evenBox, type ScatterClass } from "./scatter.ts";
import { tag } from "./svg.ts";

// plotRaster(grid: { values, rows, cols }, { title, x, y, scale: "sequential" | "diverging" | "classes", … }): SVG.
// For maps, heat maps and decision regions; points and lines may be drawn over them.

/** Values over a plane, row-major, the top row first; NaN is left blank. */
export interface RasterGrid {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly cols: number;
}

export interface RasterOptions {
  title: string;
  subtitle?: string;
  /** What the left and the right end of the grid stand for; without both x and y there are no axes. */
  x?: readonly [from: number, to: number];
  /** What the bottom and the top of the grid stand for. */
  y?: readonly [from: number, to: number];
  xTitle?: string;
  yTitle?: string;
  width?: number;
  height?: number;
  /** Dark to bright (default); blue over grey to orange; or numbers of classes, drawn pale. */
  scale?: "sequential" | "diverging" | "classes";
  /** Values of the ends of the colours; default the extremes, for diverging alike on both sides of 0. */
  range?: readonly [low: number, high: number];
  /** Names of classes, or of what the colours measure. */
  classes?: readonly string[];
  legend?: string;
  /** Classes drawn over it in the units of the axes. */
  points?: readonly ScatterClass[];
  /** Radius of a point in pixels. */
  size?: number;
  lines?: readonly (readonly (readonly [x: number, y: number])[])[];
  /** One unit is as long on both axes; default true. */
  equal?: boolean;
}

const SEQUENTIAL = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"];
const DIVERGING = ["#0b5fa5", "#7fb3dd", "#dcdcdc", "#f0a875", "#b3410f"];
const LEVELS = 255;
const PALE = 84;

/**
 * Values over a plane as colours, as an SVG document that follows the reader's light or dark scheme.
 *
 * @throws VicinalError BAD_INPUT when the values are not rows × cols
 */
export function plotRaster(grid: RasterGrid, options: RasterOptions): string {
  const { title, subtitle = "", width = 960, height = 640, scale = "sequential" } = options;
  const { xTitle = "", yTitle = "", points = [], lines = [], classes = [] } = options;
  if (grid.rows * grid.cols !== grid.values.length || grid.values.length === 0) {
    const got = `${grid.values.length} values for ${grid.rows} × ${grid.cols}`;
    throw new VicinalError("BAD_INPUT", { what: "grid", got, rule: "rows × cols values, at least one" });
  }
  const axes = options.x !== undefined && options.y !== undefined;
  const x = linearScale(options.x ?? [0, grid.cols], { exact: true });
  const y = linearScale(options.y ?? [0, grid.rows], { exact: true });
  const named = scale === "classes" ? legendOf(classes, points) : points.filter((p) => p.name !== "");
  const colors: Colors | undefined =
    scale === "classes" ? undefined : { scale, range: rangeOf(grid.values, scale, options.range) };
  const legend =
    colors === undefined
      ? legendWidth(named.map((c) => c.name))
      : 110 + (named.length > 0 ? legendWidth(named.map((c) => c.name)) - 80 : 0) + (options.legend ? 10 : 0);
  const top = headHeight(subtitle);
  const left = axes ? 84 : 24;
  const room = { left, top, width: width - left - legend - 24, height: height - top - (axes ? 76 : 24) };
  const box = options.equal === false ? room : evenCells(room, grid, x, y, axes);
  const image = colors === undefined ? classImage(grid) : valueImage(grid, colors);
  const right = box.left + box.width + 28;
  return frame(
    { title, subtitle, width, height, label: `${title}${options.legend ? `: ${options.legend}` : ""}` },
    picture(image, box, grid.cols < box.width / 3),
    ...(axes ? [gridLines(x, y, box), ...axisTitles(xTitle, yTitle, box, height)] : []),
    ...drawPoints(points.map(within(x, y)), x, y, box, options.size),
    ...drawLines(lines, x, y, box),
    colors === undefined ? "" : colorBar(colors, options.legend ?? "", right, box),
    named.length === 0
      ? ""
      : dotLegend(named, right + (colors === undefined ? 0 : 90), top + 14, height - top - 20),
  );
}

/** A class without the points that lie beside the picture. */
function within(x: Scale, y: Scale): (each: ScatterClass) => ScatterClass {
  const inside = (at: number): boolean => at >= 0 && at <= 1;
  return (each) => ({
    ...each,
    points: each.points.filter((p) => inside(x.place(p.x)) && inside(y.place(p.y))),
  });
}

/** What colours stand for. */
interface Colors {
  readonly scale: "sequential" | "diverging";
  readonly range: readonly [low: number, high: number];
}

/** Classes by name, and points whose colour no class has. */
function legendOf(classes: readonly string[], points: readonly ScatterClass[]): ScatterClass[] {
  const known = classes.map((name, color) => ({ name, color, points: [] }));
  const others = points.filter(({ name, color }, i) => name !== "" && (color ?? i) >= classes.length);
  return [...known, ...others];
}

/** Keeps cells of a grid without axes square, and units of one with axes even where both ends are of one kind. */
function evenCells(room: Box, grid: RasterGrid, x: Scale, y: Scale, axes: boolean): Box {
  if (axes) return evenBox(room, x, y);
  const unit = Math.min(room.width / grid.cols, room.height / grid.rows);
  return { ...room, width: unit * grid.cols, height: unit * grid.rows };
}

function rangeOf(
  values: ArrayLike<number>,
  scale: Colors["scale"],
  given: RasterOptions["range"],
): readonly [number, number] {
  if (given !== undefined) return given;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (scale === "diverging") {
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return [-most, most];
  }
  return low === high ? [low, low + 1] : [low, high];
}

function valueImage({ values, rows, cols }: RasterGrid, { scale, range: [low, high] }: Colors): string {
  const pixels = Uint8Array.from({ length: rows * cols }, (_, i) => {
    const value = values[i]!;
    if (Number.isNaN(value)) return LEVELS;
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return Math.round(share * (LEVELS - 1));
  });
  return indexedPngUri(pixels, cols, rows, ramp(scale));
}

function classImage({ values, rows, cols }: RasterGrid): string {
  const pixels = Uint8Array.from({ length: rows * cols }, (_, i) =>
    Number.isNaN(values[i]!) ? CLASS_COLORS : values[i]! % CLASS_COLORS,
  );
  // Half transparent, so that the same picture suits light and dark.
  const palette = LIGHT.map((color) => [...channels(color), PALE] as const);
  return indexedPngUri(pixels, cols, rows, [...palette, [0, 0, 0, 0]]);
}

function ramp(scale: Colors["scale"]): Palette {
  const stops = (scale === "diverging" ? DIVERGING : SEQUENTIAL).map(channels);
  const colors = Array.from({ length: LEVELS }, (_, i) => {
    const at = (i / (LEVELS - 1)) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(at));
    const mix = (c: number): number =>
      Math.round(stops[below]![c]! + (at - below) * (stops[below + 1]![c]! - stops[below]![c]!));
    return [mix(0), mix(1), mix(2), 255] as const;
  });
  return [...colors, [0, 0, 0, 0]];
}

function channels(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function picture(href: string, box: Box, crisp: boolean): string {
  const { left: x, top: y, width, height } = box;
  const look = { style: crisp ? "image-rendering:pixelated" : undefined, preserveAspectRatio: "none" };
  return tag("image", { href, x, y, width, height, ...look });
}

function colorBar({ scale, range }: Colors, title: string, x: number, box: Box): string {
  const height = Math.min(260, box.height - 20);
  const top = box.top + (title === "" ? 4 : 24);
  const column = Uint8Array.from({ length: LEVELS }, (_, i) => LEVELS - 1 - i);
  const image = indexedPngUri(column, 1, LEVELS, ramp(scale));
  const ticks = linearScale(range, { exact: true, ticks: 6 }).ticks.map(({ at, label }) =>
    text(label, x + 28, top + (1 - at) * height + 5, { class: "soft" }),
  );
  const named =
    title === "" ? "" : text(title, x - Math.max(0, textWidth(title) - 100), box.top + 8, { class: "ink" });
  return named + picture(image, { left: x, top, width: 20, height }, false) + ticks.join("");
}
