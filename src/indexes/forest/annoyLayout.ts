import type { Dtype, Metric } from "../../core/index.ts";

/** Annoy's names of its metrics. */
export const ANNOY_METRICS = ["angular", "euclidean", "manhattan", "dot", "hamming"] as const;

export type AnnoyMetric = (typeof ANNOY_METRICS)[number];

/** Where the fields of a node are; bytes, little-endian. The file is nodes of one size and nothing else. */
export interface AnnoyLayout {
  readonly nodeBytes: number;
  readonly children: number;
  readonly vector: number;
  /** Most rows of a leaf: as many ids as fit behind `children`. */
  readonly K: number;
  /** f32 offset of a plane. */
  readonly offset?: number;
  /** f32 component that inner product adds. */
  readonly factor?: number;
  /** f32 squared norm of an item. */
  readonly norm?: number;
  /** A byte that says that trees are built. */
  readonly built?: number;
}

/** What an index of ours must be for a metric of Annoy's. */
export const OURS: Readonly<Record<AnnoyMetric, { metric: Metric; dtype: Dtype }>> = {
  angular: { metric: "cosine", dtype: "f32" },
  euclidean: { metric: "l2", dtype: "f32" },
  manhattan: { metric: "l1", dtype: "f32" },
  dot: { metric: "ip", dtype: "f32" },
  hamming: { metric: "hamming", dtype: "bits" },
};

/** Annoy's metric for one of ours. */
export const THEIRS: Readonly<Partial<Record<Metric, AnnoyMetric>>> = {
  cosine: "angular",
  l2: "euclidean",
  l2sq: "euclidean",
  l1: "manhattan",
  ip: "dot",
  hamming: "hamming",
};

/** Which form nodes of metric dot have: Annoy's from 1.17.2 on, or that of older releases. */
export type DotLayout = "current" | "older";

export function annoyLayout(metric: AnnoyMetric, dimension: number, dot: DotLayout): AnnoyLayout {
  const sized = (layout: Omit<AnnoyLayout, "K">): AnnoyLayout => ({
    ...layout,
    K: (layout.nodeBytes - layout.children) / 4,
  });
  const floats = 4 * dimension;
  if (metric === "angular") return sized({ nodeBytes: 12 + floats, children: 4, vector: 12, norm: 4 });
  if (metric === "hamming") {
    return sized({ nodeBytes: 16 + 8 * Math.ceil(dimension / 64), children: 4, vector: 16 });
  }
  if (metric !== "dot") return sized({ nodeBytes: 16 + floats, children: 8, vector: 16, offset: 4 });
  if (dot === "older") return sized({ nodeBytes: 16 + floats, children: 4, vector: 16, factor: 12 });
  return sized({ nodeBytes: 24 + floats, children: 4, vector: 24, factor: 12, norm: 16, built: 20 });
}

/** Annoy counts the bits of a word from its highest; ours from the lowest. The same both ways. */
export const otherBit = (bit: number): number => bit - (bit % 64) + 63 - (bit % 64);
