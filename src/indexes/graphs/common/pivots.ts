import { createRng, type Rng } from "../../../core/index.ts";
import type { LinkGraph } from "../../hnsw/graph.ts";
import type { Space } from "../../space.ts";
import type { Task, Tasks } from "../../task.ts";
import type { Workbench } from "../../workbench.ts";

/** Words of a node: four rows, then four children. */
const WORDS = 8;
const WAYS = 4;
/** Rows drawn for a node; its pivots are picked from them (wasm/graphs/rank.ts). */
const DRAWN = 16;
/** Rows below which a part is not divided further, when only seeds are wanted. */
const SEED_LEAF = 24;

/** Rows of one node that are to be divided. */
interface Part {
  readonly node: number;
  /** Rows that its pivots are picked from. */
  readonly drawn: Uint32Array;
  readonly begin: number;
  readonly end: number;
}

/** A tree of pivots over rows, and the rows in the order of its leaves. */
export interface PivotTree {
  /** Eight words a node, as wasm/graph/pivots.ts reads them. */
  readonly nodes: Uint32Array;
  readonly order: Uint32Array;
  /** Where leaves start in `order`, and its length at the end. */
  readonly leaves: readonly number[];
}

interface DivideOptions {
  /** Rows below which a part is not divided further. */
  readonly leaf: number;
  readonly rng: Rng;
  readonly threads: number;
  /** What is said meanwhile. */
  readonly report: Pick<Task, "phase" | "done" | "of">;
}

/**
 * Divides rows by their nearest of four random ones that are apart, again and again: a random-projection tree of four ways
 * whose hyperplanes lie between rows, so that every metric has one. Depends on the seed alone.
 *
 * @remarks about 4 · log₄(n / leaf) distances a row, and 48 a node
 */
export function* dividePivots(
  space: Space,
  graph: LinkGraph,
  bench: Workbench,
  rows: Uint32Array,
  { leaf, rng, threads, report }: DivideOptions,
): Tasks<PivotTree> {
  const order = rows.slice();
  let nodes = new Uint32Array(64 * WORDS);
  let count = 0;
  const ends: number[] = [order.length];
  // Equal rows cannot be divided: such parts are cut off after so many levels.
  const levels = 4 + 2 * Math.ceil(Math.log2(1 + order.length / leaf) / 2);
  const place = (begin: number, end: number): Part => {
    if ((count + 1) * WORDS > nodes.length) nodes = grown(nodes);
    return { node: count++, drawn: drawRows(order.subarray(begin, end), rng), begin, end };
  };
  let parts: Part[] = order.length === 0 ? [] : [place(0, order.length)];
  bench.ensure(threads, { sorted: DRAWN });
  try {
    for (let level = 1; parts.length > 0; level++) {
      const lanes = yield* nearestPivots(
        space,
        graph,
        order,
        parts,
        nodes.subarray(0, count * WORDS),
        threads,
        report,
      );
      const next: Part[] = [];
      let at = 0;
      for (const part of parts) {
        const size = part.end - part.begin;
        const starts = partition(order.subarray(part.begin, part.end), lanes.subarray(at, at + size));
        at += size;
        for (let way = 0; way < WAYS; way++) {
          const begin = part.begin + starts[way]!;
          const end = part.begin + starts[way + 1]!;
          if (begin === end) continue;
          if (end - begin <= leaf || level === levels) {
            ends.push(begin);
            continue;
          }
          const child = place(begin, end);
          nodes[part.node * WORDS + WAYS + way] = child.node;
          next.push(child);
        }
      }
      parts = next;
    }
  } finally {
    if (!space.engine.disposed) {
      space.set({ divide: 0, divideDrawn: 0, divideRows: 0, divideNodes: 0, divideLanes: 0 });
    }
  }
  return { nodes: nodes.slice(0, count * WORDS), order, leaves: ends.sort((a, b) => a - b) };
}

/** For the rows of the parts, one after another, which pivot is nearest. */
function* nearestPivots(
  space: Space,
  graph: LinkGraph,
  order: Uint32Array,
  parts: readonly Part[],
  nodes: Uint32Array,
  threads: number,
  report: DivideOptions["report"],
): Tasks<Uint8Array> {
  const total = parts.reduce((sum, { begin, end }) => sum + end - begin, 0);
  space.set({ divide: nodes.byteLength, divideRows: total * 4, divideNodes: total * 4, divideLanes: total });
  space.set({ divideDrawn: parts.length * DRAWN * 4 });
  space.u32("divide").set(nodes);
  parts.forEach(({ drawn }, i) => {
    space.u32("divideDrawn").set(drawn, i * DRAWN);
  });
  let at = 0;
  for (const { node, begin, end } of parts) {
    space.u32("divideRows").set(order.subarray(begin, end), at);
    space.u32("divideNodes").fill(node, at, at + end - begin);
    at += end - begin;
  }
  const scratch = Array.from({ length: threads }, (_, t) => graph.scratch(t));
  // The nodes of a level stand one after another.
  const first = parts[0]!.node * WORDS;
  const pick = [space.ptr("divide") + first * 4, space.ptr("divideDrawn")];
  yield { fn: "pivotPick", scratch, args: pick, total: parts.length, chunk: 128, ...report, adds: 0 };
  nodes.set(space.u32("divide").subarray(first), first);
  const args = [
    space.ptr("divide"),
    space.ptr("divideRows"),
    space.ptr("divideNodes"),
    space.ptr("divideLanes"),
  ];
  yield { fn: "pivotSplit", scratch, args, total, chunk: 1024, ...report, adds: 0 };
  return space.u8("divideLanes");
}

/** Rows of a part, drawn without replacement; fewer are repeated. */
function drawRows(rows: Uint32Array, rng: Rng): Uint32Array {
  const taken: number[] = [];
  while (taken.length < Math.min(DRAWN, rows.length)) {
    const place = rng.below(rows.length);
    if (!taken.includes(place)) taken.push(place);
  }
  return Uint32Array.from({ length: DRAWN }, (_, i) => rows[taken[i % taken.length]!]!);
}

/** Sorts rows by lane, stably; returns where each lane starts, and the end. */
function partition(rows: Uint32Array, lanes: Uint8Array): number[] {
  const starts = [0, 0, 0, 0, 0];
  for (const lane of lanes) starts[lane + 1]!++;
  for (let way = 0; way < WAYS; way++) starts[way + 1]! += starts[way]!;
  const next = starts.slice();
  const from = rows.slice();
  for (let i = 0; i < from.length; i++) rows[next[lanes[i]!]!++] = from[i]!;
  return starts;
}

function grown(nodes: Uint32Array): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(nodes.length * 2);
  wider.set(nodes);
  return wider;
}

/** Makes the tree of seeds over these rows, which are linked. */
export function* growPivots(
  space: Space,
  graph: LinkGraph,
  bench: Workbench,
  rows: Uint32Array,
  seed: number,
  threads: number,
): Tasks<void> {
  const rng = createRng(seed, `seeds ${rows.length}`);
  const { nodes } = yield* dividePivots(space, graph, bench, rows, {
    ...{ leaf: SEED_LEAF, rng, threads },
    report: { phase: "seeds", done: rows.length, of: rows.length },
  });
  space.set({ pivots: nodes.byteLength });
  space.u32("pivots").set(nodes);
  graph.setPivots(nodes.length / WORDS);
}
