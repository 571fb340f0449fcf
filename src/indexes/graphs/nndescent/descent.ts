import { createRng } from "../../../core/index.ts";
import type { LinkGraph } from "../../hnsw/graph.ts";
import type { RowStore } from "../../rows.ts";
import { strictKind } from "../../scorers.ts";
import type { Space } from "../../space.ts";
import type { Tasks } from "../../task.ts";
import type { Workbench } from "../../workbench.ts";
import { dividePivots } from "../common/pivots.ts";

export interface DescentOptions {
  /** Neighbours a row keeps. */
  readonly K: number;
  readonly seed: number;
  /** Trees whose leaves the descent starts from. */
  readonly trees: number;
  /** Rows of a leaf, about. */
  readonly leaf: number;
  /** Rounds at most. */
  readonly rounds: number;
  /** The descent ends when a round changes fewer than this share of all entries. */
  readonly delta: number;
}

/** Where the descent does its work, and what with. */
export interface DescentPlace {
  readonly space: Space;
  readonly rows: RowStore;
  readonly bench: Workbench;
  /** Its scorer compares the rows. */
  readonly graph: LinkGraph;
}

/** Rows of a leaf that the descent starts from. */
const LEAF = 48;
const ROUNDS = 12;
const DELTA = 0.002;
const DESCENT_BYTES = 64;
/** Neighbours in both directions that a round looks at, in multiples of K. */
const ROOM = 2;
const PHASE = "descend";

/** How a descent for K neighbours over n rows is done. */
export function descentOptions(K: number, n: number, seed: number): DescentOptions {
  const trees = n <= 2 * LEAF ? 1 : Math.max(3, Math.min(8, Math.round(Math.log10(n)) + 1));
  return { K: Math.min(K, Math.max(1, n - 1)), seed, trees, leaf: LEAF, rounds: ROUNDS, delta: DELTA };
}

/**
 * The nearest rows of the listed rows among themselves, as K keys a row in section "knn" (rank bits, then twice the slot), ascending;
 * places without a row hold an infinite rank.
 *
 * NN-descent (Dong, Moses & Li, WWW 2011) from the leaves of random-projection trees. Every round reads what the last one
 * left, so that rows are independent and the result does not depend on the number of threads.
 */
export function* descend(
  place: DescentPlace,
  live: Uint32Array,
  options: DescentOptions,
  threads: number,
): Tasks<number> {
  const { space, rows, bench, graph } = place;
  const { K, seed, trees, leaf, delta } = options;
  const n = rows.rows;
  const room = ROOM * K;
  const pending = Math.max(Math.min(room * (room + 1), n), 4 * leaf) + 8;
  const needs = {
    ...{ pending, sorted: (pending >> 1) + K + 8, pool: 1, chosen: graph.options.capacity + 8 },
    ...{ code: rows.codeBytes + 16, visited: Math.max(rows.capacity, n) },
  };
  space.set({ descent: DESCENT_BYTES, knn: n * K * 8, near: n * (room + 1) * 4, knnChanged: n });
  space.set({ knnOrder: live.length * 4 });
  const total = trees + options.rounds;
  const begin = { ...{ phase: PHASE, adds: 0, of: total } };
  let done = 0;
  bench.ensure(threads, needs);
  const scratch = (): number[] => Array.from({ length: threads }, (_, t) => graph.scratch(t));
  const fn = "descentEmpty";
  yield { ...begin, fn, scratch: scratch(), args: [writeDescent(place, K)], total: n, chunk: 8192, done };

  // So few rows are one leaf: all are compared.
  const whole = live.length <= 2 * leaf ? { order: live, leaves: [0, live.length] } : undefined;
  for (let tree = 0; tree < trees; tree++) {
    const rng = createRng(seed, `tree ${tree} ${n}`);
    const { order, leaves } =
      whole ??
      (yield* dividePivots(space, graph, bench, live, {
        ...{ leaf, rng, threads },
        report: { phase: PHASE, done, of: total },
      }));
    const starts = Uint32Array.from(evenLeaves(leaves, leaf));
    space.set({ knnLeaves: starts.byteLength });
    space.u32("knnLeaves").set(starts);
    space.u32("knnOrder").set(order);
    const args = [writeDescent(place, K)];
    const leafTask = { ...begin, fn: "descentLeaves", total: starts.length - 1, chunk: 8 } as const;
    yield { ...leafTask, scratch: scratch(), args, done, adds: 1 };
    done++;
  }
  let rounds = 0;
  for (; rounds < options.rounds; rounds++) {
    const args = [writeDescent(place, K)];
    yield { ...begin, fn: "descentFreeze", scratch: scratch(), args, total: n, chunk: 8192, done };
    for (let k = 0; k < K; k++) space.engine.exports.descentReverse(args[0]!, n, k, k + 1);
    const join = { ...begin, fn: "descentJoin", total: live.length, chunk: 64 } as const;
    yield { ...join, scratch: scratch(), args: [graph.prepare(), args[0]!], done, adds: 1 };
    done++;
    let changed = 0;
    for (const c of space.u8("knnChanged")) changed += c;
    if (changed <= delta * K * live.length) break;
  }
  space.set({ near: 0, knnLeaves: 0, knnChanged: 0 });
  return rounds;
}

/** Replaces the ranks of codes by those of the vectors, and sorts each list anew. */
export function* rankStrictly(place: DescentPlace, K: number, threads: number): Tasks<void> {
  const { space, rows, bench, graph } = place;
  bench.ensure(threads, { sorted: K + 1 });
  const scratch = Array.from({ length: threads }, (_, t) => graph.scratch(t));
  const args = [writeDescent(place, K), strictKind(rows), space.ptr("vectors"), rows.rowBytes];
  const report = { phase: "rank", total: rows.rows, chunk: 256, done: 0, of: rows.rows };
  yield { fn: "descentStrict", scratch, args: [...args, rows.rowBytes], ...report };
}

/** Gives back what the descent holds. */
export function endDescent(space: Space): void {
  space.set({ descent: 0, knn: 0, near: 0, knnChanged: 0, knnOrder: 0, knnLeaves: 0 });
}

/** Fills the Descent struct (wasm/graphs/join.ts); returns its address. */
export function writeDescent({ space }: DescentPlace, K: number): number {
  const ptr = space.ptr("descent");
  const at = ptr >>> 2;
  const w = space.engine.u32;
  w[at] = space.ptr("knn");
  w[at + 1] = K;
  w[at + 2] = space.bytes("near") > 0 ? space.ptr("near") : 0;
  w[at + 3] = ROOM * K;
  w[at + 4] = space.ptr("knnOrder");
  w[at + 5] = space.bytes("knnLeaves") > 0 ? space.ptr("knnLeaves") : 0;
  w[at + 6] = space.bytes("knnChanged") > 0 ? space.ptr("knnChanged") : 0;
  return ptr;
}

/** Leaves that could not be divided, cut into parts of that size; the last start is the end. */
function evenLeaves(starts: readonly number[], size: number): number[] {
  const out: number[] = [];
  for (let i = 0; i + 1 < starts.length; i++) {
    const rows = starts[i + 1]! - starts[i]!;
    const parts = rows > 2 * size ? Math.ceil(rows / size) : 1;
    for (let part = 0; part < parts; part++) out.push(starts[i]! + Math.floor((rows * part) / parts));
  }
  out.push(starts.at(-1)!);
  return out;
}
