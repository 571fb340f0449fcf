import { checkNames, type Metric, type MetricOptions, VicinalError } from "../core/index.ts";

/** Numbers of a metric, checked: plain arrays, one number an axis, that a file's header can hold. */
export interface ResolvedMetricOptions {
  readonly p: number;
  readonly weights?: readonly number[];
  readonly boxSize?: readonly number[];
  readonly matrix?: readonly (readonly number[])[];
}

const NAMES: Readonly<Partial<Record<Metric, readonly string[]>>> = {
  minkowski: ["p", "weights", "boxSize"],
  mahalanobis: ["matrix"],
};

/** Whether a metric takes numbers beside the vectors. */
export function takesMetricOptions(metric: Metric): boolean {
  return NAMES[metric] !== undefined;
}

/**
 * The options of a metric with defaults filled in; undefined for metrics that take none.
 *
 * @param dimension components of a vector; undefined where that is not known yet
 * @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN, BAD_INPUT
 */
export function resolveMetricOptions(
  metric: Metric,
  dimension: number | undefined,
  given: MetricOptions | undefined,
): ResolvedMetricOptions | undefined {
  if (metric === "haversine" && dimension !== undefined && dimension !== 2) {
    const rule = "2 under haversine: latitude and longitude in degrees";
    throw new VicinalError("OPTION_RANGE", { option: "dimension", got: dimension, rule });
  }
  const names = NAMES[metric];
  if (names === undefined) {
    if (given === undefined) return undefined;
    throw new VicinalError("OPTION_RANGE", {
      option: "metricOptions",
      got: `given for ${metric}`,
      rule: `left out: only ${Object.keys(NAMES).join(" and ")} take numbers of their own`,
    });
  }
  checkNames(given ?? {}, names);
  const { p = 2, weights, boxSize, matrix } = given ?? {};
  if (typeof p !== "number" || !(p >= 1)) {
    throw new VicinalError("OPTION_RANGE", { option: "p", got: p, rule: "from 1 to Infinity" });
  }
  const box = typeof boxSize === "number" ? new Float64Array(dimension ?? 1).fill(boxSize) : boxSize;
  const resolved = {
    p,
    ...(weights === undefined ? {} : { weights: axes("weights", weights, dimension) }),
    ...(box === undefined ? {} : { boxSize: axes("boxSize", box, dimension) }),
  };
  return metric === "mahalanobis" ? { p, matrix: square(matrix, dimension) } : resolved;
}

/** One finite number >= 0 an axis. */
function axes(option: string, given: ArrayLike<number>, dimension: number | undefined): readonly number[] {
  const isList = typeof given === "object" && given !== null && typeof given.length === "number";
  const list = isList ? Array.from(given) : [];
  const bad = list.find((x) => typeof x !== "number" || !(x >= 0 && x < Number.POSITIVE_INFINITY));
  if (!isList || bad !== undefined || (dimension !== undefined && list.length !== dimension)) {
    throw new VicinalError("OPTION_RANGE", {
      option,
      got: bad === undefined ? (isList ? `${list.length} numbers` : typeof given) : bad,
      rule: `one finite number >= 0 for each of the ${dimension ?? ""} axes`,
    });
  }
  return Object.freeze(list);
}

function square(given: MetricOptions["matrix"], dimension: number | undefined): (readonly number[])[] {
  const rows = Array.isArray(given) ? given : [];
  const d = dimension ?? rows.length;
  const finite = (row: ArrayLike<number>): boolean =>
    row?.length === d && Array.from(row).every(Number.isFinite);
  if (rows.length === 0 || rows.length !== d || !rows.every(finite)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "matrix",
      got: rows.length === 0 ? typeof given : `${rows.length} rows`,
      rule: `${d || "d"} rows of as many finite numbers, usually the inverse of a covariance matrix`,
    });
  }
  return rows.map((row: ArrayLike<number>) => Object.freeze(Array.from(row)));
}
