import { DTYPES, type Dtype, type Metric, oneOf, wholeNumber } from "../core/index.ts";
import type { Spec } from "./parts/spec.ts";

type Kind = Exclude<Spec["kind"], "Auto">;

const VECTORS: Readonly<Record<Dtype, readonly Metric[]>> = {
  f32: ["l2", "l2sq", "cosine", "ip", "l1", "linf"],
  u8: ["l2", "l2sq", "l1", "linf"],
  i8: ["l2", "l2sq", "l1", "linf"],
  bits: ["hamming"],
};
/** What codes of float32 vectors serve. */
const CODED: Readonly<Record<Dtype, readonly Metric[]>> = {
  f32: ["l2", "l2sq", "cosine", "ip"],
  u8: [],
  i8: [],
  bits: [],
};

/** Metrics that take numbers of their own, or are made of them: over float32 vectors, by their definition. */
const NUMBERED = ["minkowski", "haversine", "mahalanobis"] as const;

/** Which metrics each kind of index answers, by dtype; the contract suite runs over this table. */
export const SUPPORT: Readonly<Record<Kind, Readonly<Record<Dtype, readonly Metric[]>>>> = {
  Flat: {
    f32: ["l2", "l2sq", "cosine", "ip", "l1", "linf", ...NUMBERED],
    u8: ["l2", "l2sq", "cosine", "ip", "l1", "linf"],
    i8: ["l2", "l2sq", "cosine", "ip", "l1", "linf"],
    bits: ["hamming"],
  },
  HNSW: VECTORS,
  KDTree: { f32: ["l2", "l2sq", "cosine", "l1", "linf", "minkowski"], u8: [], i8: [], bits: [] },
  BallTree: { ...VECTORS, f32: ["l2", "l2sq", "cosine", "l1", "linf", ...NUMBERED] },
  RPForest: { f32: ["l2", "l2sq", "cosine", "ip", "l1"], u8: [], i8: [], bits: ["hamming"] },
  NNDescent: VECTORS,
  ANNG: VECTORS,
  ONNG: VECTORS,
  Vamana: VECTORS,
  QG: CODED,
  Lists: CODED,
  ScaNN: CODED,
};

/** Metrics of graphs over codes, which stand for float32 vectors. */
export const CODE_METRICS: readonly Metric[] = ["l2", "l2sq", "cosine", "ip"];

/** Why a combination is not supported, or undefined when it is. */
export function support(kind: Kind, metric: Metric, dtype: Dtype, codes: boolean): string | undefined {
  if (codes && dtype !== "f32")
    return `codes stand for float32 vectors; leave the codes out for dtype ${dtype}`;
  if (codes && !CODE_METRICS.includes(metric))
    return `codes serve ${CODE_METRICS.join(", ")}; leave the codes out`;
  if (SUPPORT[kind][dtype].includes(metric)) return undefined;
  const dtypes = DTYPES.filter((other) => SUPPORT[kind][other].includes(metric));
  const known = `${dtype} takes ${SUPPORT[kind][dtype].join(", ") || "none"}`;
  return dtypes.length === 0 ? known : `${known}; give ${metric} vectors as ${dtypes.join(" or ")}`;
}

/** Most components of a vector. */
export const MAX_DIMENSION = 65_535;
/** Sums over bytes are 32-bit: 255² × 32,768 is the most that fits. */
const MAX_BYTE_DIMENSION = 32_768;

/** Checks what all indexes need to know of their rows; see UNSUPPORTED for combinations. */
export function checkRowOptions(o: { dimension: number; metric: Metric; dtype: Dtype; seed: number }): void {
  oneOf("dtype", o.dtype, DTYPES);
  const most = o.dtype === "u8" || o.dtype === "i8" ? MAX_BYTE_DIMENSION : MAX_DIMENSION;
  wholeNumber("dimension", o.dimension, 1, most);
  wholeNumber("seed", o.seed, 0, Number.MAX_SAFE_INTEGER);
}

/** The dtype that suits a metric when none is named. */
export function defaultDtype(metric: Metric): Dtype {
  return metric === "hamming" ? "bits" : "f32";
}
