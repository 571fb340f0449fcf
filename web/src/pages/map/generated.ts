import { createRng } from "vicinal/core";
import type { NeighboursAnswer, RankedRows, SetDetails } from "../../../../src/server/protocol.ts";
import type { Source } from "../../client/index.ts";

/** What the map asks of a source. */
export type MapSource = Pick<Source, "details" | "map" | "neighbours">;

const HEAPS = 12;
export const MOST_GENERATED = 2_000_000;

/** A made-up set of so many points in the plane, to try the map with: #/map?generated=100000 */
export function generatedSource(count: number): MapSource {
  const { next, normal, below } = createRng(count, "map");
  const data = new Float32Array(2 * count);
  const heap: number[] = [];
  const centres = Array.from({ length: HEAPS }, () => [next() * 2 - 1, next() * 2 - 1, 0.05 + 0.15 * next()]);
  const radius: number[] = [];
  for (let row = 0; row < count; row++) {
    const h = below(HEAPS);
    const [x, y, spread] = centres[h]!;
    const [dx, dy] = [normal(), normal()];
    data[2 * row] = x! + spread! * dx;
    data[2 * row + 1] = y! + spread! * dy;
    heap.push(h);
    radius.push(Math.min(40, Math.floor(10 * Math.hypot(dx, dy))));
  }
  const details: SetDetails = {
    name: "generated",
    title: "Generated points",
    kind: "items",
    count,
    note: `${count} points in ${HEAPS} heaps.`,
    properties: [
      { name: "heap", values: centres.map((_, h) => `heap ${h + 1}`), of: heap },
      {
        name: "distance from the middle",
        values: Array.from({ length: 41 }, (_, i) => `${i / 10}`),
        of: radius,
      },
    ],
    features: [{ name: "plane", title: "Plane", dimension: 2, dtype: "f32", metrics: ["l2"], maps: ["pca"] }],
    credits: [],
  };
  return {
    details: async () => details,
    map: async () => ({ data, rows: count, columns: 2 }),
    neighbours: async (_set, { row = 0, k }) => planeNeighbours(data, row, k),
  };
}

function planeNeighbours(data: Float32Array, row: number, k: number): NeighboursAnswer {
  const start = performance.now();
  const distances = new Float64Array(data.length / 2);
  for (let i = 0; i < distances.length; i++) {
    distances[i] = Math.hypot(data[2 * i]! - data[2 * row]!, data[2 * i + 1]! - data[2 * row + 1]!);
  }
  const rows = Array.from(distances, (_, i) => i)
    .filter((i) => i !== row)
    .sort((a, b) => distances[a]! - distances[b]! || a - b)
    .slice(0, k);
  const exact: RankedRows = {
    rows,
    distances: rows.map((i) => distances[i]!),
    milliseconds: performance.now() - start,
  };
  return { exact, approximate: exact, recall: 1, built: { seconds: 0, bytes: 0, spec: "Flat" } };
}
