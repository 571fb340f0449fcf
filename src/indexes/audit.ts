import { checkNames, createRng, permutation, turn, VicinalError, wholeNumber } from "../core/index.ts";
import type { AuditOptions, AuditReport, Key } from "./contract.ts";
import { recallInterval } from "./parts/confidence.ts";
import type { VectorIndex } from "./vectorIndex.ts";

/** Distances within this relative margin of the k-th count as hits: equal in exact arithmetic, they tie. */
const TIE = 1e-6;
const AUDIT_OPTIONS = ["sample", "k", "seed", "efSearch", "rerank", "signal", "onProgress"];

/**
 * Recall of the index as it stands: rows it holds, drawn with a seed, are searched for approximately and
 * exactly, each without itself.
 *
 * @throws VicinalError EMPTY_INDEX with fewer than two rows, OPTION_RANGE
 */
export async function auditIndex<K extends Key>(
  index: VectorIndex<K>,
  options: AuditOptions,
): Promise<AuditReport> {
  checkNames(options, AUDIT_OPTIONS);
  const { sample = 200, k = 10, seed = index.seed, signal, onProgress } = options;
  const { version } = index;
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  wholeNumber("sample", sample, 1, 1_000_000);
  wholeNumber("k", k, 1, 0x7fffffff - 1);
  if (index.size < 2) throw new VicinalError("EMPTY_INDEX", { what: "An audit" });
  const live: number[] = [];
  for (let slot = 0; slot < index.rows.rows; slot++) if (!index.rows.isRemoved(slot)) live.push(slot);
  const drawn = permutation(live.length, createRng(seed, "audit")).subarray(0, sample);
  const params: Record<string, number> = {};
  for (const name of ["efSearch", "rerank"] as const) {
    if (options[name] !== undefined) params[name] = options[name];
  }
  const recalls: number[] = [];
  let last = performance.now();
  for (const i of drawn) {
    signal?.throwIfAborted();
    const slot = live[i]!;
    const query = index.rows.vector(slot);
    const want = others(index.search(query, { k: k + 1, exact: true }).row(0), slot, k);
    const got = others(index.search(query, { k: k + 1, ...params }).row(0), slot, k);
    const limit = want.length === 0 ? 0 : want[want.length - 1]!;
    const margin = Math.abs(limit) * TIE;
    const hits = got.filter((distance) => distance <= limit + margin).length;
    recalls.push(want.length === 0 ? 1 : Math.min(1, hits / want.length));
    onProgress?.({ phase: "audit", done: recalls.length, total: drawn.length });
    if (performance.now() - last > 12) {
      await turn();
      if (index.version !== version)
        throw new VicinalError("BUSY", { what: "The index changed during audit()" });
      last = performance.now();
    }
  }
  const { mean, low, high } = recallInterval(recalls, k);
  return { recall: mean, low, high, sample: recalls.length, k, params: { ...index.defaults, ...params } };
}

/** Distances of the first k answers other than the row itself. */
function others(row: { ids: Uint32Array; distances: Float32Array }, self: number, k: number): number[] {
  return [...row.distances].filter((_, i) => row.ids[i] !== self).slice(0, k);
}
