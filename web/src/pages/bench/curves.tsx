import * as Plot from "@observablehq/plot";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Theme, theme } from "../../shell/theme.ts";
import { type Look, looksOf } from "./look.ts";
import { type Measured, type Series, wholeName } from "./series.ts";

interface CurvesProps {
  readonly series: readonly Series[];
  readonly scale: "even" | "nines";
  /** A point to stand out, such as that of the table's row under the pointer. */
  readonly marked?: Measured | undefined;
  /** Where the picture is once it is drawn. */
  readonly holder: RefObject<HTMLDivElement | null>;
}

const HEIGHT = 430;
/** Recall of this many nines is drawn as 1. */
const MOST_NINES = 4;

/** Recall against queries a second: the Pareto front of each index, and what lies behind it. */
export function Curves({ series, scale, marked, holder }: CurvesProps) {
  const own = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const shade = theme.value;
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(own.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    holder.current = own.current;
    if (width > 0) own.current!.replaceChildren(curves(series, scale, marked, width, shade));
  }, [series, scale, marked, width, shade, holder]);
  return <div class="bench-curves" ref={own} />;
}

function curves(
  series: readonly Series[],
  scale: "even" | "nines",
  marked: Measured | undefined,
  width: number,
  shade: Theme,
): SVGElement {
  const looks = looksOf(series, shade);
  const at = scale === "nines" ? (recall: number) => nines(recall) : (recall: number) => recall;
  const points = series.flatMap((one) => one.points);
  const k = series[0]?.run.report.dataset.k;
  const x = (point: Measured): number => at(point.recall);
  const drawn = Plot.plot({
    width,
    height: HEIGHT,
    marginLeft: 58,
    marginRight: 22,
    marginTop: 26,
    marginBottom: 42,
    style: { fontSize: "12.5px", overflow: "visible", background: "none" },
    ariaLabel: "Recall against queries a second",
    x: { label: `recall@${k ?? "k"} →`, grid: true, ...recallAxis(points, scale) },
    y: { type: "log", domain: rateDomain(points), label: "↑ queries a second", grid: true, tickFormat: "~s" },
    marks: [
      series.map((one, i) => marksOf(one, looks[i]!, x)),
      legend(series, looks),
      marked && Plot.dot([marked], { x, y: "qps", r: 10, stroke: "currentColor", strokeWidth: 2 }),
      Plot.tip(
        points,
        Plot.pointer({ x, y: "qps", title: told, fill: shade === "dark" ? "#1c222c" : "#ffffff" }),
      ),
    ],
  });
  drawn.setAttribute("role", "img");
  // Names of what the picture is made of, which only tell a reader of it "line" and "dot".
  for (const part of drawn.querySelectorAll("g[aria-label]")) part.removeAttribute("aria-label");
  return drawn as unknown as SVGElement;
}

function marksOf(
  one: Series,
  { colour, symbol, dash }: Look,
  x: (point: Measured) => number,
): Plot.Markish[] {
  const behind = one.points.filter((point) => !one.front.includes(point));
  const dots = { x, y: "qps", symbol, r: 4.5 } as const;
  return [
    Plot.line(one.front, { x, y: "qps", stroke: colour, strokeWidth: 2, strokeDasharray: dash }),
    Plot.dot(behind, { ...dots, stroke: colour, strokeOpacity: 0.55 }),
    Plot.dot(one.front, { ...dots, fill: colour, stroke: colour }),
  ];
}

/** In the lower left, where few searches and poor answers would be: nobody measures those. */
function legend(series: readonly Series[], looks: readonly Look[]): Plot.Markish[] {
  return series.flatMap(({ name }, i) => {
    const { colour, symbol } = looks[i]!;
    const place = { frameAnchor: "bottom-left" as const, dy: -12 - 18 * (series.length - 1 - i) };
    return [
      Plot.dot([0], { ...place, dx: 12, symbol, fill: colour, stroke: colour, r: 4.5 }),
      Plot.text([name], {
        ...place,
        dx: 24,
        textAnchor: "start",
        lineAnchor: "middle",
        fill: "currentColor",
        stroke: "var(--panel)",
        strokeWidth: 4,
      }),
    ];
  });
}

/** A little more than the rates take, so that a single one has an axis, too. */
function rateDomain(points: readonly Measured[]): [number, number] {
  const rates = points.map(({ qps }) => qps);
  return [Math.min(...rates) / 1.5, Math.max(...rates) * 1.5];
}

function told(point: Measured): string {
  const { recall, qps } = point;
  return `${wholeName(point)}\nrecall ${recall.toFixed(4)}\n${Math.round(qps).toLocaleString("en")} queries a second`;
}

/** 0.9, 0.99 and 0.999 are equally far apart. */
function nines(recall: number): number {
  return Math.min(MOST_NINES, -Math.log10(Math.max(1e-9, 1 - recall)));
}

function recallAxis(points: readonly Measured[], scale: "even" | "nines"): Plot.ScaleOptions {
  const least = points.reduce((a, { recall }) => Math.min(a, recall), 0.9);
  if (scale === "even") return { domain: [Math.max(0, Math.floor(least * 20 - 0.5) / 20), 1], nice: false };
  const ticks = [0, 0.5, 0.9, 0.99, 0.999].map(nines);
  return {
    domain: [Math.max(0, nines(least) - 0.1), MOST_NINES],
    ticks: [...ticks, MOST_NINES],
    tickFormat: (value: number) => (value === MOST_NINES ? "1" : `${Number((1 - 10 ** -value).toFixed(4))}`),
  };
}
