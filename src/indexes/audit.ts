import {
  checkNames,
  createRng,
  permutation,
  type RunOptions,
  turn,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import type { AuditOptions, AuditReport, Key, SearchOptions, SearchParams } from "./contract.ts";
import { recallInterval } from "./parts/confidence.ts";
import type { VectorIndex } from "./vectorIndex.ts";

/** Distances within this relative margin of the k-th count as hits: equal in exact arithmetic, they tie. */
const TIE = 1e-6;
const AUDIT_OPTIONS = ["sample", "k", "seed", "signal", "onProgress"];
/** Exact searches that run between two turns of the event loop. */
const TRUTH_BATCH = 16;

/** Rows of an index and the true distances around them. */
export interface HeldSample {
  readonly k: number;
  readonly slots: readonly number[];
  /** For each row, distances of its k nearest others, ascending. */
  readonly truth: readonly Float32Array[];
  /** The index's change counter when this was drawn. */
  readonly version: number;
}

/**
 * Recall of the index as it stands: rows it holds, drawn with a seed, are searched for exactly and approximately.
 * The structure treats each as if it were not there, for a stored row is far easier to find than a new query.
 *
 * @throws VicinalError EMPTY_INDEX with fewer than two rows, OPTION_RANGE, OPTION_UNKNOWN, BUSY
 */
export async function auditIndex<K extends Key>(
  index: VectorIndex<K>,
  options: AuditOptions,
): Promise<AuditReport> {
  checkNames(options, [...AUDIT_OPTIONS, ...index.searchParams]);
  const { sample = 200, k = 10, seed = index.seed } = options;
  const params: Record<string, number> = {};
  for (const name of index.searchParams) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) params[name] = value as number;
  }
  return measureRecall(index, await drawSample(index, sample, k, seed, "audit", options), params, options);
}

/** Draws rows and finds their true neighbours. */
export async function drawSample<K extends Key>(
  index: VectorIndex<K>,
  count: number,
  k: number,
  seed: number,
  phase: string,
  { signal, onProgress }: RunOptions,
): Promise<HeldSample> {
  const slots = drawSlots(index, count, k, seed);
  const { version } = index;
  const truth: Float32Array[] = [];
  for (let from = 0; from < slots.length; from += TRUTH_BATCH) {
    signal?.throwIfAborted();
    const part = slots.slice(from, from + TRUTH_BATCH);
    const queries = part.map((slot) => index.rows.vector(slot));
    const found = index.search(queries, { k: k + 1, exact: true });
    part.forEach((slot, q) => {
      const { ids, distances } = found.row(q);
      truth.push(distances.filter((_, i) => ids[i] !== slot).subarray(0, k));
    });
    onProgress?.({ phase: `${phase}: exact`, done: truth.length, total: slots.length });
    await turn();
    requireUnchanged(index, version);
  }
  return { k, slots, truth, version };
}

/** So many live rows, drawn with a seed. */
export function drawSlots<K extends Key>(
  index: VectorIndex<K>,
  count: number,
  k: number,
  seed: number,
): number[] {
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  wholeNumber("sample", count, 1, 1_000_000);
  wholeNumber("k", k, 1, 0x7fffffff - 1);
  if (index.size < 2) throw new VicinalError("EMPTY_INDEX", { what: "An audit" });
  const live: number[] = [];
  for (let slot = 0; slot < index.rows.rows; slot++) if (!index.rows.isRemoved(slot)) live.push(slot);
  const drawn = permutation(live.length, createRng(seed, "audit")).subarray(0, count);
  return Array.from(drawn, (i) => live[i]!);
}

/** Throws BUSY when rows came or went since. */
export function requireUnchanged<K extends Key>(index: VectorIndex<K>, version: number): void {
  if (index.version !== version)
    throw new VicinalError("BUSY", { what: "The index changed during an audit" });
}

/** Recall on a sample under these search parameters. */
async function measureRecall<K extends Key>(
  index: VectorIndex<K>,
  { k, slots, truth, version }: HeldSample,
  params: SearchParams,
  { signal, onProgress }: RunOptions,
): Promise<AuditReport> {
  const recalls: number[] = [];
  let last = performance.now();
  for (let i = 0; i < slots.length; i++) {
    signal?.throwIfAborted();
    const want = truth[i]!;
    const got = index.searchAround(slots[i]!, k, params as SearchOptions<K>).distances;
    recalls.push(recallOf(got, want));
    onProgress?.({ phase: "audit", done: i + 1, total: slots.length });
    if (performance.now() - last < 12) continue;
    await turn();
    requireUnchanged(index, version);
    last = performance.now();
  }
  const { mean, low, high } = recallInterval(recalls, k);
  return { recall: mean, low, high, sample: recalls.length, k, params: { ...index.defaults, ...params } };
}

/** Share of the true neighbours found, by distance, so that ties count. */
export function recallOf(got: Float32Array, want: Float32Array): number {
  if (want.length === 0) return 1;
  const limit = want[want.length - 1]!;
  const margin = Math.abs(limit) * TIE;
  let hits = 0;
  for (const distance of got) if (distance <= limit + margin) hits++;
  return Math.min(1, hits / want.length);
}
