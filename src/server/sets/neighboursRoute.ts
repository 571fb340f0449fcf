import type { Context } from "hono";
import { z } from "zod";
import { checkK, parseMetric, VicinalError } from "../../core/index.ts";
import type { ServerLimits } from "../limits.ts";
import { type Made, type Making, soon } from "../made.ts";
import { readRequest } from "../request.ts";
import type { BuiltIndex } from "./buildIndex.ts";
import type { DataSet, Feature, LoadedSet } from "./dataSet.ts";
import { compareNeighbours, type IndexedSpace, indexOf, vectorOf } from "./neighbours.ts";

/** Answers of one request. */
const MOST_K = 1000;

const REQUEST = z.strictObject({
  feature: z.string(),
  metric: z.string(),
  index: z.string().max(200),
  params: z.record(z.string().max(50), z.number()).optional(),
  k: z.int().min(1).max(MOST_K),
  row: z.int().min(0).optional(),
  vector: z.array(z.number()).max(65_535).optional(),
  pixels: z
    .array(z.number().min(0).max(255))
    .max(1 << 20)
    .optional(),
});

/** POST /api/sets/{set}/neighbours: the answer, or the job that builds what it needs. */
export async function answerNeighbours(
  context: Context,
  { indexes, limits }: { indexes: Made<BuiltIndex>; limits: Readonly<ServerLimits> },
  set: DataSet,
  loaded: LoadedSet,
): Promise<Response> {
  const asked = await readRequest(context, REQUEST, limits);
  const { feature, space } = spaceOf(set, loaded, asked.feature, asked.metric);
  const vector = queryVector(loaded, feature, space, asked);
  const k = Math.min(checkK(asked.k), loaded.count);
  const built: BuiltIndex[] = [];
  for (const spec of ["Flat", asked.index]) {
    const found = indexOf(indexes, space, spec);
    const index = "job" in found ? await soon(found) : found;
    if (index === undefined) return context.json({ job: (found as Making<BuiltIndex>).job }, 202);
    built.push(index);
  }
  const query = { vector, row: asked.row, k, params: asked.params ?? {} };
  return context.json(compareNeighbours(space, built[0]!, built[1]!, query));
}

/** A feature of a set with its vectors. Throws OPTION_RANGE, METRIC_UNKNOWN, NOT_FITTED while it is still to be made. */
export function spaceOf(
  { name }: DataSet,
  { features }: LoadedSet,
  wanted: string,
  metricName: string,
): { feature: Feature; space: IndexedSpace } {
  const feature = features.find((each) => each.name === wanted);
  const oneOf = (names: readonly string[]): string => `one of ${names.join(", ")}`;
  if (feature === undefined) {
    const rule = oneOf(features.map((each) => each.name));
    throw new VicinalError("OPTION_RANGE", { option: "feature", got: wanted, rule });
  }
  const vectors = feature.vectors();
  const { title, metrics } = feature.describe();
  if (vectors === undefined) throw new VicinalError("NOT_FITTED", { what: title });
  const metric = parseMetric(metricName);
  if (!metrics.includes(metric)) {
    throw new VicinalError("OPTION_RANGE", { option: "metric", got: metricName, rule: oneOf(metrics) });
  }
  return { feature, space: { name: `${name}/${wanted}`, vectors, metric } };
}

function queryVector(
  { pictures }: LoadedSet,
  feature: Feature,
  { vectors }: IndexedSpace,
  { row, vector, pixels }: z.infer<typeof REQUEST>,
): Float32Array {
  const given = [row, vector, pixels].filter((each) => each !== undefined);
  if (given.length !== 1) {
    const got = `${given.length} of row, vector and pixels`;
    throw new VicinalError("BAD_INPUT", { what: "query", got, rule: "one of them" });
  }
  if (row !== undefined) return vectorOf(vectors, row);
  if (vector !== undefined) {
    if (vector.length === vectors.cols) return Float32Array.from(vector);
    throw new VicinalError("DIM_MISMATCH", { what: "vector", got: vector.length, want: vectors.cols });
  }
  if (feature.embed === undefined || pictures === undefined) {
    throw new VicinalError("UNSUPPORTED", { what: "a picture as query", rule: "this space embeds none" });
  }
  const { side, channels } = pictures;
  if (pixels!.length !== side * side * channels) {
    const rule = `${side} × ${side} × ${channels} numbers`;
    throw new VicinalError("BAD_INPUT", { what: "pixels", got: String(pixels!.length), rule });
  }
  return feature.embed(Uint8Array.from(pixels!, Math.round));
}
