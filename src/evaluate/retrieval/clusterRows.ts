import { type Matrix, oneOf, VicinalError, wholeNumber } from "../../core/index.ts";

// Rows and their properties as both forms of the cluster ratio take them.

export type Rows = Matrix<Float32Array | Float64Array>;

/** What each row has of a property; null, undefined and blank text: nothing, and the row is left out. */
export type PropertyValues = ArrayLike<string | number | null | undefined>;

const DISTANCES = ["unit", "cosine", "euclidean"] as const;
export type Distance = (typeof DISTANCES)[number];

/** Of the ratios of all properties. */
export interface RatioMeans {
  readonly geometric: number;
  readonly arithmetic: number;
}

/** Options of both forms. */
interface SharedOptions {
  readonly minimum: number;
  readonly distance: Distance;
  readonly seed: number;
}

export function checkShared({ minimum, distance, seed }: SharedOptions): void {
  wholeNumber("minimum", minimum, 2, Number.MAX_SAFE_INTEGER);
  oneOf("distance", distance, DISTANCES);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
}

interface Ratios {
  readonly micro: { readonly ratio: number };
  readonly macro: { readonly ratio: number };
}

interface PropertiesRatios<P extends string, R> {
  readonly properties: Readonly<Record<P, R>>;
  readonly micro: RatioMeans;
  readonly macro: RatioMeans;
}

/** Ratios of each property, and their means. */
export function overProperties<P extends string, R extends Ratios>(
  properties: Readonly<Record<P, PropertyValues>>,
  ratiosOf: (name: P) => R,
): PropertiesRatios<P, R> {
  const names = namesOf(properties);
  const found = {} as Record<P, R>;
  for (const name of names) found[name] = ratiosOf(name);
  return {
    properties: found,
    micro: meansOver(names.map((name) => found[name].micro.ratio)),
    macro: meansOver(names.map((name) => found[name].macro.ratio)),
  };
}

function meansOver(ratios: readonly number[]): RatioMeans {
  const mean = (of: readonly number[]): number => of.reduce((sum, x) => sum + x, 0) / of.length;
  return { geometric: Math.exp(mean(ratios.map(Math.log))), arithmetic: mean(ratios) };
}

/** Names of the properties, one or more. */
function namesOf<P extends string>(properties: Readonly<Record<P, PropertyValues>>): P[] {
  const names = Object.keys(properties) as P[];
  if (names.length > 0) return names;
  throw new VicinalError("BAD_INPUT", { what: "properties", got: "empty", rule: "at least one property" });
}

/** Numbers of the rows of each value that has enough of them. */
export function usableGroups(
  values: PropertyValues,
  rows: number,
  minimum: number,
  what: string,
): number[][] {
  if (values.length !== rows) {
    const rule = `one for each of ${rows} rows`;
    throw new VicinalError("BAD_INPUT", { what, got: `${values.length} values`, rule });
  }
  const groups = groupsOf(values).filter((group) => group.length >= minimum);
  if (groups.length < 2) {
    const got = `${groups.length} value${groups.length === 1 ? "" : "s"} with at least ${minimum} rows`;
    throw new VicinalError("BAD_INPUT", { what, got, rule: "2 of them or more" });
  }
  return groups;
}

/** Numbers of the rows of each value, values in the order they come. */
function groupsOf(values: PropertyValues): number[][] {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < values.length; i++) {
    const value = String(values[i] ?? "")
      .normalize("NFC")
      .toLowerCase()
      .trim()
      .replace(/\s+/gu, " ");
    if (value === "") continue;
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [i]);
    else group.push(i);
  }
  return [...groups.values()];
}

/** Rows in float64 one after another, of unit length unless the distance is Euclidean. */
export function prepared(rows: Rows, distance: Distance): Float64Array {
  const { rows: n, cols: d, data, stride } = rows;
  const points = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let squares = 0;
    for (let j = 0; j < d; j++) {
      const value = data[i * stride + j]!;
      if (!Number.isFinite(value)) {
        throw new VicinalError("NOT_FINITE", { what: "rows", row: i, column: j, got: value });
      }
      points[i * d + j] = value;
      squares += value * value;
    }
    if (distance === "euclidean") continue;
    if (squares === 0) throw new VicinalError("ZERO_VECTOR", { what: "rows", row: i });
    const length = Math.sqrt(squares);
    for (let j = 0; j < d; j++) points[i * d + j]! /= length;
  }
  return points;
}

/** Distance of the rows that start at a and b. */
export function between(points: Float64Array, a: number, b: number, d: number, cosine: boolean): number {
  let squares = 0;
  for (let l = 0; l < d; l++) {
    const difference = points[a + l]! - points[b + l]!;
    squares += difference * difference;
  }
  // Between unit rows 1 − cosine is half the squared distance.
  return cosine ? squares / 2 : Math.sqrt(squares);
}
