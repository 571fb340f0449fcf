import { paretoFront, pointAtRecall } from "vicinal/evaluate";
import type { SweepPoint, SweepReport, SweepResult } from "../../../../src/server/protocol.ts";

/** A sweep that was measured here or read from a file. */
export interface Run {
  readonly id: number;
  readonly name: string;
  readonly report: SweepReport;
  readonly state: "running" | "done" | "stopped" | "loaded";
  /** Who measured it; absent for what was loaded. */
  readonly engine?: "server" | "page";
}

/** One setting of one index of one run: a point of the plot and a row of the table. */
export interface Measured {
  readonly series: string;
  readonly run: Run;
  readonly result: SweepResult;
  readonly point: SweepPoint;
  readonly recall: number;
  readonly qps: number;
  readonly settings: string;
  /** Tuned by --target-recall. */
  readonly isChosen: boolean;
}

/** Points of one index, one curve. */
export interface Series {
  readonly name: string;
  readonly run: Run;
  readonly result: SweepResult;
  readonly points: readonly Measured[];
  readonly front: readonly Measured[];
}

/** All indexes of all runs; where there are several runs, names say which. */
export function seriesOf(runs: readonly Run[]): Series[] {
  const names = new Map<string, number>();
  return runs.flatMap((run) =>
    run.report.results.map((result) => {
      const plain = runs.length === 1 ? result.index : `${result.index} (${run.name})`;
      const again = (names.get(plain) ?? 0) + 1;
      names.set(plain, again);
      const name = again === 1 ? plain : `${plain} #${again}`;
      const points = pointsOf(run, result, name);
      return { name, run, result, points, front: paretoFront(points) };
    }),
  );
}

function pointsOf(run: Run, result: SweepResult, series: string): Measured[] {
  const measured = (point: SweepPoint, isChosen: boolean): Measured => ({
    ...{ series, run, result, point, isChosen },
    recall: point.recall,
    qps: point.qps,
    settings: settingsOf(point),
  });
  const { points, chosen } = result;
  const isListed = points.some((point) => chosen !== undefined && settingsOf(point) === settingsOf(chosen));
  return [
    ...points.map((point) =>
      measured(point, chosen !== undefined && settingsOf(point) === settingsOf(chosen)),
    ),
    ...(chosen === undefined || isListed ? [] : [measured(chosen, true)]),
  ];
}

export function settingsOf({ params }: SweepPoint): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

export function wholeName({ series, settings }: Measured): string {
  return settings === "" ? series : `${series} with ${settings}`;
}

/** What was measured, in plain words, for somebody who wants at least that recall. */
export function verdictOf(series: readonly Series[], target: number): string[] {
  const all = series.flatMap(({ points }) => points);
  if (all.length === 0) return [];
  const fastest = pointAtRecall(all, target);
  if (fastest === undefined) {
    const best = all.reduce((a, b) => (b.recall > a.recall ? b : a));
    return [
      `Nothing measured reaches recall ${target}.`,
      `The nearest is ${wholeName(best)}: ${percent(best.recall)} of the true neighbours at ${rate(best.qps)}.`,
    ];
  }
  const lines = [
    `At recall ≥ ${target} the fastest is ${wholeName(fastest)}: ${rate(fastest.qps)}, ` +
      `${percent(fastest.recall)} of the true neighbours found.`,
  ];
  const exact = pointAtRecall(
    all.filter(({ result, run }) => result.index === "Flat" && run === fastest.run),
    target,
  );
  if (exact !== undefined && exact !== fastest) {
    lines.push(
      `That is ${(fastest.qps / exact.qps).toFixed(1)} times as fast as looking at every row (Flat).`,
    );
  }
  const reaching = all.filter(({ recall }) => recall >= target);
  const lightest = reaching.reduce((a, b) => (b.result.bytes < a.result.bytes ? b : a));
  if (lightest.result.bytes < fastest.result.bytes) {
    const share = Math.round((100 * lightest.result.bytes) / fastest.result.bytes);
    lines.push(
      `The smallest that reaches it is ${wholeName(lightest)}, with ${share} % of its memory, at ${rate(lightest.qps)}.`,
    );
  }
  return lines;
}

/** Why points of these runs cannot simply be compared, if they cannot. */
export function differenceOf(runs: readonly Run[]): string | undefined {
  const shapes = new Set(
    runs.map(({ report: { dataset } }) => JSON.stringify([dataset.n, dataset.d, dataset.metric, dataset.k])),
  );
  return shapes.size < 2
    ? undefined
    : "These runs differ in vectors, metric or k: their curves show different tasks.";
}

function rate(qps: number): string {
  return `${Math.round(qps).toLocaleString("en")} queries a second`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
