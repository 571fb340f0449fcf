import type { SweepPoint, SweepReport, SweepResult } from "../../../../src/server/protocol.ts";
import { SourceError } from "../../client/index.ts";

const MOST_BYTES = 20 << 20;

/**
 * The reports in a file: one, as `vicinal eval --json` prints, or a list of them, as this page writes.
 *
 * @throws SourceError FORMAT, saying where the file differs and what belongs there
 */
export async function readReports(file: File): Promise<SweepReport[]> {
  if (file.size > MOST_BYTES)
    return fail(file.name, `has ${file.size} bytes; at most ${MOST_BYTES} are read`);
  let json: unknown;
  try {
    json = JSON.parse(await file.text());
  } catch (error) {
    return fail(file.name, `is no JSON (${error instanceof Error ? error.message : error})`);
  }
  const all = Array.isArray(json) ? json : [json];
  if (all.length === 0) return fail(file.name, "is an empty list");
  return all.map((value, i) => report(value, Array.isArray(json) ? `${file.name}[${i}]` : file.name));
}

function fail(where: string, what: string): never {
  throw new SourceError("FORMAT", `${where} ${what}. Give what \`vicinal eval … --json\` prints.`);
}

type Fields = Readonly<Record<string, unknown>>;

function object(value: unknown, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  return fail(where, "must be an object");
}

function list(value: unknown, where: string): unknown[] {
  return Array.isArray(value) && value.length > 0 ? value : fail(where, "must be a list that is not empty");
}

function text(value: unknown, where: string): string {
  return typeof value === "string" ? value : fail(where, "must be a text");
}

function number(value: unknown, where: string, low: number, high = Number.MAX_VALUE): number {
  if (typeof value === "number" && value >= low && value <= high) return value;
  const rule = high === Number.MAX_VALUE ? `at least ${low}` : `from ${low} to ${high}`;
  return fail(where, `is ${JSON.stringify(value)}; it must be a number ${rule}`);
}

function report(value: unknown, where: string): SweepReport {
  const { dataset, results } = object(value, where);
  const { n, d, queries, metric, k } = object(dataset, `${where}: dataset`);
  return {
    dataset: {
      n: number(n, `${where}: dataset.n`, 0),
      d: number(d, `${where}: dataset.d`, 0),
      queries: number(queries, `${where}: dataset.queries`, 0),
      metric: text(metric, `${where}: dataset.metric`),
      k: number(k, `${where}: dataset.k`, 1),
    },
    results: list(results, `${where}: results`).map((each, i) => result(each, `${where}: results[${i}]`)),
  };
}

function result(value: unknown, where: string): SweepResult {
  const { index, buildSeconds, bytes, points, chosen } = object(value, where);
  return {
    index: text(index, `${where}.index`),
    buildSeconds: number(buildSeconds, `${where}.buildSeconds`, 0),
    bytes: number(bytes, `${where}.bytes`, 0),
    points: list(points, `${where}.points`).map((each, i) => point(each, `${where}.points[${i}]`)),
    ...(chosen !== undefined && { chosen: point(chosen, `${where}.chosen`) }),
  };
}

function point(value: unknown, where: string): SweepPoint {
  const { params, recall, qps, p50Ms, p99Ms, batchQps } = object(value, where);
  const named = Object.entries(object(params, `${where}.params`));
  return {
    params: Object.fromEntries(
      named.map(([name, given]) => [name, number(given, `${where}.params.${name}`, -Number.MAX_VALUE)]),
    ),
    recall: number(recall, `${where}.recall`, 0, 1),
    // The rate is drawn on a logarithmic axis, which has no zero.
    qps: number(qps, `${where}.qps`, Number.MIN_VALUE),
    p50Ms: number(p50Ms, `${where}.p50Ms`, 0),
    p99Ms: number(p99Ms, `${where}.p99Ms`, 0),
    ...(batchQps !== undefined && { batchQps: number(batchQps, `${where}.batchQps`, Number.MIN_VALUE) }),
  };
}
