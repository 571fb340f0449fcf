import type { Draw } from "../points.ts";

export const DIMENSIONS: readonly number[] = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000];
export const POINTS = 400;
/** Neighbours that a point names when hubs are counted. */
export const HUB_K = 10;

/** Where the points are: anywhere, or on a flat sheet that lies askew. */
export type Kind = "anywhere" | "sheet";

/** Histograms: shares of distances by distance / mean in tenths up to 3, points by how often they are named. */
const DISTANCE_BINS = 60;
export const DISTANCE_TOP = 3;
export const HUB_BINS = 25;
export const HUB_BIN = 3;

export interface Crowd {
  readonly dimension: number;
  /** Share of distances in each bin of distance / mean; the last takes all beyond. */
  readonly distances: readonly number[];
  /** Of a typical (median) point: its nearest and farthest over the mean of all distances. */
  readonly nearest: number;
  readonly farthest: number;
  /** Median of (farthest − nearest) / nearest. */
  readonly contrast: number;
  /** Points in each bin of how many others count them among their nearest; the last takes all beyond. */
  readonly named: readonly number[];
  /** How often the most popular point is named, and how many points nobody names. */
  readonly most: number;
  readonly never: number;
}

export type Crowds = Readonly<Record<Kind, readonly Crowd[]>>;

const WIDEST = DIMENSIONS.at(-1)!;

/**
 * Standard normal in all dimensions, or in two and spread over all by a random map; float32 [points, 1000]. The first
 * d columns are such points in d dimensions.
 */
export function rowsOf(kind: Kind, draw: Draw): Float32Array {
  const data = new Float32Array(POINTS * WIDEST);
  if (kind === "anywhere") {
    for (let i = 0; i < data.length; i++) data[i] = draw.normal();
    return data;
  }
  const map = Float32Array.from({ length: 2 * WIDEST }, () => draw.normal());
  for (let i = 0; i < POINTS; i++) {
    const [u, v] = [draw.normal(), draw.normal()];
    for (let j = 0; j < WIDEST; j++) data[i * WIDEST + j] = u * map[2 * j]! + v * map[2 * j + 1]!;
  }
  return data;
}

/** Adds what columns `from` to `to` contribute to the squared distances of all pairs. */
function addColumns(squared: Float64Array, data: Float32Array, from: number, to: number): void {
  for (let i = 0; i < POINTS; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = from; c < to; c++) sum += (data[i * WIDEST + c]! - data[j * WIDEST + c]!) ** 2;
      squared[i * POINTS + j]! += sum;
      squared[j * POINTS + i]! += sum;
    }
  }
}

const median = (values: Float64Array): number => values.toSorted()[values.length >> 1]!;

function crowd(dimension: number, squared: Float64Array): Crowd {
  const pairs = POINTS * (POINTS - 1);
  const mean = squared.reduce((sum, each) => sum + Math.sqrt(each), 0) / pairs;
  const distances = new Array<number>(DISTANCE_BINS).fill(0);
  const names = new Int32Array(POINTS);
  const ends = { nearest: new Float64Array(POINTS), farthest: new Float64Array(POINTS) };
  for (let i = 0; i < POINTS; i++) {
    const row = squared.subarray(i * POINTS, (i + 1) * POINTS);
    // The first of all is the point itself.
    const sorted = row.toSorted();
    for (let j = 1; j < POINTS; j++) {
      const bin = Math.floor((Math.sqrt(sorted[j]!) / mean) * (DISTANCE_BINS / DISTANCE_TOP));
      distances[Math.min(DISTANCE_BINS - 1, bin)]! += 1 / pairs;
    }
    for (let j = 0; j < POINTS; j++) if (j !== i && row[j]! <= sorted[HUB_K]!) names[j]! += 1;
    ends.nearest[i] = Math.sqrt(sorted[1]!);
    ends.farthest[i] = Math.sqrt(sorted[POINTS - 1]!);
  }
  const named = new Array<number>(HUB_BINS).fill(0);
  for (const times of names) named[Math.min(HUB_BINS - 1, Math.floor(times / HUB_BIN))]! += 1;
  return {
    dimension,
    distances,
    nearest: median(ends.nearest) / mean,
    farthest: median(ends.farthest) / mean,
    contrast: median(ends.nearest.map((nearest, i) => (ends.farthest[i]! - nearest) / nearest)),
    named,
    most: Math.max(...names),
    never: names.filter((times) => times === 0).length,
  };
}

/** Points of one kind in every number of dimensions. */
export function crowdsOf(kind: Kind, draw: Draw): Crowd[] {
  const data = rowsOf(kind, draw);
  const squared = new Float64Array(POINTS * POINTS);
  return DIMENSIONS.map((to, i) => {
    addColumns(squared, data, i === 0 ? 0 : DIMENSIONS[i - 1]!, to);
    return crowd(to, squared);
  });
}
