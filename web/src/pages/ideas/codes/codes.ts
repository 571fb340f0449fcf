import { createRng } from "vicinal/core";
import { kmeans } from "vicinal/quantize";
import { bruteForce, distance, type Point } from "../points.ts";

/** A product quantizer of the plane: one codebook for each of two parts, here the axes. */
export interface Codebooks {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Learns 2^bits values for each axis by k-means, ascending. */
export function learn(points: readonly Point[], bits: number, seed: number): Codebooks {
  const axis = (name: "x" | "y"): number[] => {
    const data = Float32Array.from(points, (point) => point[name]);
    const { centroids } = kmeans({ data, rows: data.length, cols: 1, stride: 1 }, { k: 2 ** bits, seed });
    return Array.from(centroids.data.subarray(0, centroids.rows)).sort((a, b) => a - b);
  };
  return { x: axis("x"), y: axis("y") };
}

function closest(values: readonly number[], value: number): number {
  return values.reduce((best, each) => (Math.abs(each - value) < Math.abs(best - value) ? each : best));
}

/** What is left of a point once it is stored as a code: the middle of its cell. */
export const decoded = ({ x, y }: Codebooks, point: Point): Point => ({
  x: closest(x, point.x),
  y: closest(y, point.y),
});

/** Borders between cells along one axis. */
export const borders = (values: readonly number[]): number[] =>
  values.slice(1).map((value, i) => (value + values[i]!) / 2);

/** The k nearest by codes; of `rerank` > k such candidates the k truly nearest. */
export function searchCodes(
  points: readonly Point[],
  codes: readonly Point[],
  query: Point,
  k: number,
  rerank: number,
): { candidates: number[]; ids: number[] } {
  const candidates = bruteForce(codes, query, Math.max(k, rerank));
  if (rerank <= k) return { candidates, ids: candidates };
  const away = (id: number): number => distance(points[id]!, query);
  return { candidates, ids: candidates.toSorted((i, j) => away(i) - away(j) || i - j).slice(0, k) };
}

const QUERIES = 200;

/** Share of the true k nearest that searches at drawn places find. */
export function recallOf(
  points: readonly Point[],
  codes: readonly Point[],
  k: number,
  rerank: number,
  seed: number,
): number {
  const draw = createRng(seed, "queries");
  let hits = 0;
  for (let q = 0; q < QUERIES; q++) {
    const { x, y } = points[draw.below(points.length)]!;
    const query = { x: x + 0.04 * draw.normal(), y: y + 0.04 * draw.normal() };
    const truth = new Set(bruteForce(points, query, k));
    hits += searchCodes(points, codes, query, k, rerank).ids.filter((id) => truth.has(id)).length;
  }
  return hits / (k * QUERIES);
}
