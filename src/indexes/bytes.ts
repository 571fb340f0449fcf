import type { Dtype, Metric } from "../core/index.ts";
import { kindNamed, unknownKind } from "./kinds.ts";
import { parseSpec } from "./parts/spec.ts";

/** Where the bytes of an index will be. */
export interface Estimate {
  readonly vectors: number;
  readonly codes: number;
  readonly links: number;
  readonly total: number;
}

/** WebAssembly code, structs and scratch space. */
const FIXED = 200_000;

/** Bytes of an index of a named kind over n rows. */
export function bytesOf(
  spec: string,
  { n, dimension, metric, dtype }: { n: number; dimension: number; metric: Metric; dtype: Dtype },
): Estimate {
  const parsed = parseSpec(spec);
  const kind = kindNamed(parsed.kind);
  if (kind === undefined) throw unknownKind(parsed);
  const {
    vectors,
    codes,
    links,
    rest,
    fixed = FIXED,
  } = kind.estimate(parsed, n, { dimension, metric, dtype, seed: 0 });
  return {
    vectors: Math.round(vectors),
    codes: Math.round(codes),
    links: Math.round(links),
    total: Math.round(vectors + codes + links + rest + fixed),
  };
}
