import { csvOf } from "../../parts/saveFile.ts";
import type { Run, Series } from "./series.ts";

/** One run as `vicinal eval --json` has it; of several, the list of them. */
export function runsAsJson(runs: readonly Run[]): string {
  const reports = runs.map(({ report }) => report);
  return `${JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 1)}\n`;
}

/** One line a setting, in full precision. */
export function seriesAsCsv(series: readonly Series[]): string {
  return csvOf([
    ["run", "index", "params", "k", "recall", "qps", "p50Ms", "p99Ms", "buildSeconds", "bytes"],
    ...series.flatMap(({ run, result, points }) =>
      points.map(({ point, settings }) => [
        run.name,
        result.index,
        settings,
        run.report.dataset.k,
        point.recall,
        point.qps,
        point.p50Ms,
        point.p99Ms,
        result.buildSeconds,
        result.bytes,
      ]),
    ),
  ]);
}

/** The picture as a file of its own. */
export function svgText(drawn: SVGElement): string {
  const copy = drawn.cloneNode(true) as SVGElement;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("font-family", "system-ui, sans-serif");
  copy.style.color = getComputedStyle(drawn).color;
  copy.style.background = getComputedStyle(drawn.closest(".panel") ?? document.body).backgroundColor;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}
