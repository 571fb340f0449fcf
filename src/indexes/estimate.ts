import { type Dtype, type Metric, parseMetric, wholeNumber } from "../core/index.ts";
import { kindNamed, unknownKind } from "./kinds.ts";
import { parseSpec } from "./parts/spec.ts";
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
  wholeNumber("n", n, 0, 0xffff_fffe);
  wholeNumber("dimension", dimension, 1, 65_535);
  const type = dtype ?? defaultDtype(parseMetric(metric));
  // What Auto takes for data of this size, when it does not take Flat.
  const chosen = parsed.kind === "Auto" ? parseSpec("HNSW16,SQ7,Refine") : parsed;
  const shape = { dimension, metric, dtype: type, seed: 0 };
  const kind = kindNamed(chosen.kind);
  if (kind === undefined) throw unknownKind(chosen);
  const { vectors, codes, links, rest } = kind.estimate(chosen, n, shape);
  return {
    vectors,
    codes,
    links: Math.round(links),
    total: Math.round(vectors + codes + links + rest) + FIXED,
  };
}
