/** What the choice between a quantized graph and an HNSW graph over 7-bit codes depends on. */
export interface QuantizedGraphCase {
  readonly n: number;
  readonly dimension: number;
  readonly targetRecall: number;
  /** Bytes that the finished index may take. */
  readonly memoryBudget?: number | undefined;
}

/** Speed of `QG32` as a multiple of that of `HNSW16,SQ7,Refine` at the same recall, least of the sets of a dimension. */
const MEASURED: readonly { readonly dimension: number; readonly recall: number; readonly ratio: number }[] = [
  { dimension: 128, recall: 0.95, ratio: 0.37 },
  { dimension: 128, recall: 0.99, ratio: 0.26 },
  { dimension: 768, recall: 0.95, ratio: 0.77 },
  { dimension: 768, recall: 0.99, ratio: 0.83 },
];
/** Gains below this are noise, and no reason to spend twice the memory. */
const WORTH = 1.1;

/**
 * Whether a quantized graph answers faster than an HNSW graph over 7-bit codes, and fits: decided by what was measured
 * (docs/qg.md) in the nearest smaller dimension and at the nearest smaller recall. As measured so far, it does nowhere.
 */
export function quantizedGraphPays({
  n,
  dimension,
  targetRecall,
  memoryBudget = Number.POSITIVE_INFINITY,
}: QuantizedGraphCase): boolean {
  // Vector, code, links, and a block of 32 neighbours: a bit a component and three numbers each.
  const bytes = n * (5 * dimension + 4 * dimension + 32 * 12 + 160);
  if (bytes > memoryBudget) return false;
  const nearest = MEASURED.filter((m) => m.dimension <= dimension && m.recall <= targetRecall).at(-1);
  return nearest !== undefined && nearest.ratio >= WORTH;
}
