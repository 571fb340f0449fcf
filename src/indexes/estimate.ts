import { type Dtype, type Metric, parseMetric, VicinalError, wholeNumber } from "../core/index.ts";
import { formatSpec, parseSpec } from "./parts/spec.ts";
import { pad16 } from "./space.ts";
import { defaultDtype } from "./support.ts";

export interface EstimateOptions {
  n: number;
  dimension: number;
  metric?: Metric;
  dtype?: Dtype;
}

export interface Estimate {
  readonly vectors: number;
  readonly codes: number;
  readonly links: number;
  readonly total: number;
}

/** WebAssembly code, structs and scratch space. */
const FIXED = 200_000;

/**
 * Bytes that an index of n rows with default keys will take, before it is built; within a few per cent of
 * `stats().memory.total` once n is large.
 *
 * @throws VicinalError SPEC_SYNTAX, UNSUPPORTED, OPTION_RANGE
 */
export function estimate(spec: string, { n, dimension, metric = "l2", dtype }: EstimateOptions): Estimate {
  const parsed = parseSpec(spec);
  if (parsed.kind !== "Flat" && parsed.kind !== "HNSW" && parsed.kind !== "Auto") {
    throw new VicinalError("UNSUPPORTED", {
      what: `estimate() of ${formatSpec(parsed)}`,
      rule: "it can be read but not built in this version; take Flat or HNSW<M>",
    });
  }
  wholeNumber("n", n, 0, 0xffff_fffe);
  wholeNumber("dimension", dimension, 1, 65_535);
  const type = dtype ?? defaultDtype(parseMetric(metric));
  const graph = parsed.kind === "HNSW" ? parsed : parsed.kind === "Auto" ? AUTO : undefined;
  const floats = dimension + (metric === "ip" && graph !== undefined ? 1 : 0);
  const rowBytes =
    type === "f32" ? pad16(floats * 4) : pad16(type === "bits" ? Math.ceil(dimension / 8) : dimension);
  const flatCodes =
    parsed.kind === "Flat" && type === "f32" && (metric === "ip" || !NO_BOUND.includes(metric));
  const keepsVectors = graph === undefined || graph.codes === undefined || graph.refine;
  const vectors = keepsVectors ? n * rowBytes : 0;
  let codes = 0;
  if (graph?.codes !== undefined) codes = n * (pad16(floats) + (graph.codes === "SQ7" ? 4 : 0));
  else if (flatCodes) codes = Math.ceil(n / 8) * 8 * (Math.ceil(floats / 8) * 8 + 4.5);
  let links = 0;
  if (graph !== undefined) {
    const { M } = graph;
    // Level-0 list, offset, level, and 1/(M − 1) upper lists a row on average.
    links = n * ((2 * M + 1) * 4 + 4 + 1 + ((M + 1) * 4) / (M - 1));
  }
  // A bit for removal, a visited mark, and after renumbering two numbers for the key.
  const rest = n * (1 / 8 + (graph === undefined ? 0 : 9));
  return {
    vectors,
    codes,
    links: Math.round(links),
    total: Math.round(vectors + codes + links + rest) + FIXED,
  };
}

const AUTO = { M: 16, codes: "SQ7", refine: true } as const;
const NO_BOUND: readonly Metric[] = ["l1", "linf", "hamming"];
