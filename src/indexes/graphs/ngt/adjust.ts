import type { Tasks } from "../../task.ts";
import { type DescentPlace, writeDescent } from "../nndescent/descent.ts";

interface Degrees {
  /** Nearest rows that a row links to. */
  readonly edges: number;
  /** Nearest rows that link to it. */
  readonly inward: number;
}

const EDGES_BYTES = 32;
const DESCENT_BYTES = 64;
/** Places for tree links that are kept free. */
const SPARE = 2;

/**
 * Makes the links of all rows anew (Iwasaki & Miyazaki, arXiv:1810.07355): each row links to its nearest `edges` and is
 * linked to by its nearest `inward`; from the shortest on, a link n → m is left out when a kept p gives a way n → p → m both
 * of whose links are shorter. Rounds go by the rank of a link among those of its row, and see what was kept before.
 * Half-made links are never seen: what is there is replaced in the end.
 *
 * @remarks holds about 16 · (edges + 2 · inward) bytes a row meanwhile
 */
export function* adjustPaths(
  place: DescentPlace,
  linked: Uint32Array,
  { edges, inward }: Degrees,
  threads: number,
): Tasks<void> {
  const { space, rows, bench, graph } = place;
  const n = rows.rows;
  const K = Math.max(edges, inward);
  const { capacity } = graph.options;
  const scratch = (): number[] => Array.from({ length: threads }, (_, t) => graph.scratch(t));
  try {
    space.set({ descent: DESCENT_BYTES, knn: n * K * 8, near: 0, knnOrder: 0, knnLeaves: 0, knnChanged: 0 });
    space.u32("knn").fill(0xffffffff);
    bench.ensure(threads, {
      ...{ pool: K + 2, pending: capacity + 8, sorted: 8, chosen: 8, code: rows.codeBytes + 16 },
      visited: Math.max(rows.capacity, n),
    });
    const search = { phase: "list", total: n, chunk: 16, done: 0, of: n };
    // With a plan, the search does not end at the range of building.
    const all = { k: K, exact: false, ef: K, rerank: 0, skip: false, matches: n };
    yield {
      fn: "edgesList",
      scratch: scratch(),
      args: [graph.prepare(all), writeDescent(place, K)],
      ...search,
    };
    const { offsets, keys } = candidates(space.u32("knn"), linked, n, K, { edges, inward });
    space.set({ knn: 0 });
    const bytes = keys.byteLength;
    space.set({ edges: EDGES_BYTES, edgeKeys: bytes, edgeSpare: bytes, edgeOffsets: (n + 1) * 4 });
    space.set({ edgeCounts: n * 4, edgeKept: n * 4, edgeBefore: n * 4 });
    space.u32("edgeKeys").set(keys);
    space.u32("edgeOffsets").set(offsets);
    for (const name of ["edgeKept", "edgeBefore"]) space.u32(name).fill(0);
    const at = space.ptr("edges");
    const names = ["edgeKeys", "edgeSpare", "edgeOffsets", "edgeCounts", "edgeKept", "edgeBefore"];
    names.forEach((name, i) => {
      space.engine.u32[(at >>> 2) + i] = space.ptr(name);
    });
    space.engine.u32[(at >>> 2) + names.length] = capacity - SPARE;
    const step = { scratch: scratch(), total: n, chunk: 1024, phase: "adjust", adds: 0 };
    yield { ...step, fn: "edgesSort", args: [at], done: 0, of: 1 };
    const rounds = space.u32("edgeCounts").reduce((most, count) => Math.max(most, count), 0);
    for (let round = 0; round < rounds; round++) {
      yield { ...step, fn: "edgesAdjust", args: [at, round], done: round, of: rounds };
      space.u32("edgeBefore").set(space.u32("edgeKept"));
    }
    const link = { ...step, fn: "edgesLink", args: [graph.prepare(), at], done: rounds, of: rounds } as const;
    yield link;
  } finally {
    if (!space.engine.disposed) {
      space.set({ descent: 0, knn: 0, edges: 0, edgeKeys: 0, edgeSpare: 0, edgeOffsets: 0 });
      space.set({ edgeCounts: 0, edgeKept: 0, edgeBefore: 0 });
    }
  }
}

/** Each row's candidates as keys of two words, row by row, unsorted: its nearest, and those whose nearest it is among. */
export function candidates(
  knn: Uint32Array,
  linked: Uint32Array,
  n: number,
  K: number,
  { edges, inward }: Degrees,
): { offsets: Uint32Array; keys: Uint32Array } {
  const offsets = new Uint32Array(n + 1);
  const each = (visit: (from: number, to: number, rank: number) => void): void => {
    for (const row of linked) {
      for (let i = 0; i < K; i++) {
        const at = (row * K + i) * 2;
        if (knn[at] === 0xffffffff) break;
        const other = knn[at]! >>> 1;
        if (i < edges) visit(row, other, knn[at + 1]!);
        if (i < inward) visit(other, row, knn[at + 1]!);
      }
    }
  };
  each((from) => {
    offsets[from + 1]!++;
  });
  for (let row = 0; row < n; row++) offsets[row + 1]! += offsets[row]!;
  const next = offsets.slice(0, n);
  const keys = new Uint32Array(2 * offsets[n]!);
  each((from, to, rank) => {
    const at = 2 * next[from]!++;
    keys[at] = to * 2;
    keys[at + 1] = rank;
  });
  return { offsets, keys };
}
