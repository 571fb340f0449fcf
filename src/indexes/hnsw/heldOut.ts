import { recallOf } from "../audit.ts";
import type { AuditReport, Key } from "../contract.ts";
import type { GraphIndex } from "../graphs/common/graphIndex.ts";
import { recallInterval } from "../parts/confidence.ts";
import { readVectors } from "../parts/vectors.ts";
import type { Answers, Plan } from "../plan.ts";
import type { Searcher } from "../searcher.ts";
import { smallestPassing } from "../smallestPassing.ts";
import type { Task, Tasks } from "../task.ts";

/** What to tune for while an index is built, and where the outcome goes. */
export interface HeldOutTuning {
  readonly targetRecall: number;
  readonly k: number;
  /** Rows that wait to be linked until they have been searched for; at most a tenth of all. */
  readonly sample: number;
  report?: AuditReport;
}

/** Searches between two turns of the event loop. */
const EXACT_BATCH = 16;
const GRAPH_BATCH = 64;

/**
 * Chooses `efSearch` on rows that are in the store but not yet in the graph: to it they are new queries from the
 * data's own distribution.
 */
export function* tuneOnHeldOut<K extends Key>(
  index: GraphIndex<K>,
  searcher: Searcher,
  slots: Uint32Array,
  tuning: HeldOutTuning,
): Tasks<void> {
  const { targetRecall, k } = tuning;
  if (slots.length === 0 || k >= index.rows.rows - slots.length) return;
  // Vectors that are dropped once the block is in cannot help the searches to come; they still judge them.
  const codesAlone = index.rows.hasVectors && !index.rows.options.keepVectors;
  const truth: Float32Array[] = [];
  for (let from = 0; from < slots.length; from += EXACT_BATCH) {
    skipHeldOut(index, slots);
    const part = slots.subarray(from, from + EXACT_BATCH);
    truth.push(...distancesAround(index, searcher, part, exactPlan(index, slots, k)));
    yield pause("tune: exact", truth.length, slots.length);
  }
  const search = smallestPassing(targetRecall, k, index.rows.rows);
  let step = search.next();
  while (!step.done) {
    const efSearch = step.value;
    const { ef, rerank } = index.planSearch(k, index.rows.rows, { efSearch }) ?? { ef: efSearch, rerank: 0 };
    const later = codesAlone ? 0 : rerank;
    const plan: Plan = { k, exact: false, ef, rerank: later, skip: false, matches: index.rows.rows };
    const recalls: number[] = [];
    for (let from = 0; from < slots.length; from += GRAPH_BATCH) {
      const part = slots.subarray(from, from + GRAPH_BATCH);
      for (const got of distancesAround(index, searcher, part, plan)) {
        recalls.push(recallOf(got, truth[recalls.length]!));
      }
      yield pause("tune", recalls.length, slots.length);
    }
    const { mean, low, high } = recallInterval(recalls, k);
    const params = { ...index.defaults, efSearch };
    step = search.next({ recall: mean, low, high, sample: recalls.length, k, params });
  }
  tuning.report = step.value.report;
  index.adopt({ efSearch: step.value.efSearch });
}

/** A task without items: the event loop gets a turn. */
function pause(phase: string, done: number, of: number): Task {
  return { fn: "relaxedBuild", scratch: [0], args: [], total: 0, chunk: 1, phase, done, of };
}

function exactPlan<K extends Key>(index: GraphIndex<K>, slots: Uint32Array, k: number): Plan {
  return { k, exact: true, ef: 0, rerank: 0, skip: true, matches: index.rows.live - slots.length };
}

/** Marks removed rows and those that wait as not to be answered. */
function skipHeldOut<K extends Key>(index: GraphIndex<K>, slots: Uint32Array): void {
  const { space, rows } = index;
  const bytes = Math.ceil(rows.rows / 8);
  space.atLeast("skip", bytes);
  const skip = space.u8("skip");
  skip.set(space.u8("dead").subarray(0, bytes));
  for (const slot of slots) skip[slot >> 3]! |= 1 << (slot & 7);
}

function distancesAround<K extends Key>(
  index: GraphIndex<K>,
  searcher: Searcher,
  slots: Uint32Array,
  plan: Plan,
): Float32Array[] {
  const { k } = plan;
  const queries = Array.from(slots, (slot) => index.rows.vector(slot));
  const out: Answers = {
    ids: new Uint32Array(slots.length * k),
    distances: new Float32Array(slots.length * k),
    counts: new Uint32Array(slots.length),
  };
  const reader = readVectors(queries, index.dimension, index.dtype, "queries");
  searcher.run(reader, plan, out, plan.exact ? undefined : index.graph);
  const fromCodes = !plan.exact && plan.rerank === 0 && index.rows.codeBytes > 0 && index.rows.hasVectors;
  return Array.from(slots, (_, q) => {
    const [from, to] = [q * k, q * k + out.counts[q]!];
    if (!fromCodes) return out.distances.subarray(from, to);
    const query = readVectors(queries[q]!, index.dimension, index.dtype, "queries");
    return searcher.rankRows(query, [...out.ids.subarray(from, to)], index.graph, true).distances;
  });
}
