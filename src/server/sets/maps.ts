import type { Matrix } from "../../core/index.ts";
import { runHeavy } from "../heavy/run.ts";
import { type JobStarter, Made, type Making } from "../made.ts";
import type { DataSet, Feature } from "./dataSet.ts";
import type { MapMethod } from "./layoutMap.ts";

/** Maps kept in memory, bytes; on disk all are. */
const MOST_BYTES = 64 * 2 ** 20;

export type MapShelf = Made<Matrix<Float32Array>>;

export function createMaps(jobs: JobStarter): MapShelf {
  return new Made(jobs, { most: MOST_BYTES, size: ({ data }) => data.byteLength });
}

/** The map if it is there, or else how its making goes; undefined where there is none to be made. */
export function mapOf(
  maps: MapShelf,
  set: Pick<DataSet, "name">,
  feature: Feature,
  method: MapMethod,
  cacheDir: string | undefined,
): Matrix<Float32Array> | Making<Matrix<Float32Array>> | undefined {
  const vectors = feature.vectors();
  const { maps: methods, metrics } = feature.describe();
  if (vectors === undefined || !methods.includes(method)) return undefined;
  const name = `${set.name}-${feature.name}`;
  const key = `${name}.${method}`;
  const input = { vectors, method, metric: metrics[0] as "l2" | "cosine", name, cacheDir };
  return (
    maps.get(key) ??
    maps.make(key, `map of ${set.name} by ${method}`, (run) => runHeavy("layoutMap", input, run))
  );
}
