import { createRng } from "../../core/index.ts";
import type { Space } from "../../kernels/space.ts";
import type { CentroidTable } from "../../quantize/kmeans/centroids.ts";
import { cluster } from "../../quantize/kmeans/cluster.ts";
import { sampleRows } from "../../quantize/kmeans/sample.ts";
import type { RowStore } from "../rows.ts";
import type { Task, Tasks } from "../task.ts";
import type { TurnTrainer } from "./codec.ts";
import { type ListStore, NO_BLOCK } from "./store.ts";

/** Rows that train, per centroid; more hardly improve the centroids. */
export const SAMPLE_PER_LIST = 256;
/** Least rows that train codes, where there are as many. */
export const SAMPLE_LEAST: number = 1 << 14;
const ITERATIONS = 25;
/** Rows turned and assigned at a time, where there is a rotation. */
const TURN_ROWS = 1 << 12;
const WORK = ["listSample", "listResiduals", "listSampleChosen", "listSampleRanks", "listScratch"];
const ASSIGNING = ["listChosen", "listRanks", "listScratch", "listTurned", "listSpilled"];

/** What building needs to know beside the lists. */
export interface BuildParts {
  readonly space: Space;
  readonly rows: RowStore;
  readonly lists: ListStore;
  readonly seed: number;
  /** How a rotation is learnt, and for how many parts; undefined without one. */
  readonly turning: { readonly train: TurnTrainer; readonly m: number } | undefined;
  /** Weight of the shared direction in the choice of a second list (SOAR); undefined without one. */
  readonly spill: number | undefined;
}

/** What training had to work with. */
export interface Trained {
  /** Rows there were. */
  readonly rows: number;
  readonly iterations: number;
  readonly repaired: number;
}

function release(space: Space, names: readonly string[]): void {
  if (!space.engine.disposed) space.set(Object.fromEntries(names.map((name) => [name, 0])));
}

/** Learns rotation, centroids and codes from the rows 0 … end that are not removed. */
export function* train(parts: BuildParts, end: number, threads: number): Tasks<Trained> {
  const { space, rows, lists, seed, turning } = parts;
  const { codec, coarse, bytes } = lists.parts;
  try {
    const picks = pickRows(parts, end);
    copyRows(space, rows, picks);
    let stride = rows.rowBytes;
    let section = "listSample";
    if (turning !== undefined) {
      const { turn } = lists.parts;
      const from = rows.floats;
      const to = lists.parts.dimension;
      const sample = { rows: picks.length, stride, vectors: section, threads };
      yield* turning.train(sample, { m: turning.m, from, to, seed }, turn!.section);
      space.set({ listResiduals: picks.length * bytes });
      yield turnTask(space, lists, space.ptr(section), stride, "listResiduals", picks.length, threads);
      // The sample is the turned one from here on.
      space.set({ listSample: picks.length * bytes });
      space.u8("listSample").set(space.u8("listResiduals"));
      space.set({ listResiduals: 0 });
      stride = bytes;
      section = "listSample";
    }
    const sample = { section, rows: picks.length, stride };
    let facts = { iterations: 0, repaired: 0 };
    if (coarse !== undefined) {
      const k = lists.nlist;
      const options = { k, iterations: ITERATIONS, seed, init: "sample" as const, balanced: false, threads };
      facts = yield* cluster(space, coarse, sample, options);
    }
    if (codec !== undefined) {
      if (coarse !== undefined) yield* assignSample(parts, sample, threads);
      const residual = codec.residual && coarse !== undefined;
      if (residual) subtractCentroids(space, coarse!, sample);
      yield* codec.train({
        rows: picks.length,
        stride,
        vectors: section,
        residuals: residual ? "listResiduals" : section,
        centroids: coarse?.section ?? "",
        nlist: lists.nlist,
        lists: coarse === undefined ? "" : "listSampleChosen",
        threads,
      });
    }
    return { rows: end, iterations: facts.iterations, repaired: facts.repaired };
  } finally {
    release(space, WORK);
  }
}

/** Rows to train on: a sample of those that are not removed. */
function pickRows({ rows, lists, seed }: BuildParts, end: number): Uint32Array {
  const live = new Uint32Array(end);
  let n = 0;
  for (let slot = 0; slot < end; slot++) if (!rows.isRemoved(slot)) live[n++] = slot;
  const forLists = lists.parts.coarse === undefined ? 0 : lists.nlist * SAMPLE_PER_LIST;
  const most = Math.max(forLists, lists.parts.codec === undefined ? 0 : SAMPLE_LEAST);
  return sampleRows(n, most, createRng(seed, "sample")).map((i) => live[i]!);
}

function copyRows(space: Space, rows: RowStore, picks: Uint32Array): void {
  const { rowBytes } = rows;
  space.set({ listSample: picks.length * rowBytes });
  const to = space.ptr("listSample");
  const { u8 } = space.engine;
  picks.forEach((slot, i) => {
    const from = rows.vectorAt(slot);
    u8.copyWithin(to + i * rowBytes, from, from + rowBytes);
  });
}

function turnTask(
  space: Space,
  lists: ListStore,
  rows: number,
  stride: number,
  out: string,
  total: number,
  threads: number,
): Task {
  const { dimension } = lists.parts;
  return {
    fn: "listsTurn",
    scratch: new Array<number>(threads).fill(0),
    args: [lists.prepare(0), rows, stride, space.ptr(out)],
    total,
    chunk: Math.max(1, Math.floor((1 << 22) / (dimension * (stride / 4)))),
    phase: "rotate",
    done: 0,
    of: total,
  };
}

function* assignSample(
  { space, lists }: BuildParts,
  sample: { section: string; rows: number; stride: number },
  threads: number,
): Tasks<void> {
  const coarse = lists.parts.coarse!;
  space.set({
    listSampleChosen: sample.rows * 4,
    listSampleRanks: sample.rows * 4,
    listScratch: coarse.scratchBytes * threads,
  });
  const sections = { chosen: "listSampleChosen", ranks: "listSampleRanks" };
  const report = { phase: "train", done: 0, of: sample.rows };
  yield* coarse.choose(sample, sections, "listScratch", threads, report);
}

function subtractCentroids(
  space: Space,
  coarse: CentroidTable,
  sample: { section: string; rows: number; stride: number },
): void {
  space.set({ listResiduals: sample.rows * sample.stride });
  const from = space.f32(sample.section);
  const out = space.f32("listResiduals");
  const centroids = space.f32(coarse.section);
  const chosen = space.u32("listSampleChosen");
  const step = sample.stride / 4;
  for (let i = 0; i < sample.rows; i++) {
    const c = chosen[i]! * step;
    for (let j = 0; j < step; j++) out[i * step + j] = from[i * step + j]! - centroids[c + j]!;
  }
}

/** Puts the rows first … end that are not removed into their lists, and codes them. */
export function* place(parts: BuildParts, first: number, end: number, threads: number): Tasks<void> {
  const { space, rows, lists } = parts;
  const { codec, coarse } = lists.parts;
  const count = end - first;
  if (count === 0) return;
  try {
    const chosen = coarse === undefined ? [] : yield* assign(parts, first, count, threads);
    const { order, starts } = byList(rows, lists.nlist, first, count, chosen);
    const coded = lists.append(order, starts);
    if (codec === undefined) return;
    const work = lists.workBytes;
    space.set({ listScratch: work * threads });
    const { rowBytes } = rows;
    yield {
      fn: "listsEncode",
      scratch: Array.from({ length: threads }, (_, t) => space.ptr("listScratch") + t * work),
      args: [lists.prepare(0), lists.coding(rows.vectorAt(first) - first * rowBytes, rowBytes)],
      total: coded,
      chunk: 1,
      phase: "encode",
      done: 0,
      of: count,
      adds: count,
    };
  } finally {
    release(space, [...ASSIGNING, "listParts"]);
  }
}

/** The lists of rows first … first + count: of each its nearest, then its second one if it has any. */
function* assign(
  { space, rows, lists, spill }: BuildParts,
  first: number,
  count: number,
  threads: number,
): Tasks<Uint32Array[]> {
  const coarse = lists.parts.coarse!;
  const { bytes, turn } = lists.parts;
  const block = turn === undefined ? count : Math.min(count, TURN_ROWS);
  const spills = spill !== undefined && lists.nlist > 1;
  space.set({
    listChosen: block * 4,
    listRanks: block * 4,
    listScratch: coarse.scratchBytes * threads,
    listTurned: turn === undefined ? 0 : block * bytes,
    listSpilled: spills ? block * 4 : 0,
  });
  const sections = { chosen: "listChosen", ranks: "listRanks" };
  const chosen = new Uint32Array(count);
  const spilled = new Uint32Array(spills ? count : 0);
  for (let from = 0; from < count; from += block) {
    const n = Math.min(block, count - from);
    const report = { phase: "assign", done: from, of: count };
    const at = rows.vectorAt(first + from);
    if (turn === undefined) {
      const placed = {
        section: "vectors",
        offset: at - space.ptr("vectors"),
        rows: n,
        stride: rows.rowBytes,
      };
      yield* coarse.choose(placed, sections, "listScratch", threads, report);
    } else {
      yield turnTask(space, lists, at, rows.rowBytes, "listTurned", n, threads);
      const placed = { section: "listTurned", rows: n, stride: bytes };
      yield* coarse.choose(placed, sections, "listScratch", threads, report);
    }
    chosen.set(space.u32("listChosen").subarray(0, n), from);
    if (!spills) continue;
    // All sections may have moved.
    const again = rows.vectorAt(first + from);
    yield turn === undefined
      ? spillTask(space, lists, again, rows.rowBytes, spill, n, threads)
      : spillTask(space, lists, space.ptr("listTurned"), bytes, spill, n, threads);
    spilled.set(space.u32("listSpilled").subarray(0, n), from);
  }
  return spills ? [chosen, spilled] : [chosen];
}

/** Chooses second lists, whose errors are of other directions than those of the first. */
function spillTask(
  space: Space,
  lists: ListStore,
  rows: number,
  stride: number,
  weight: number,
  total: number,
  threads: number,
): Task {
  const coarse = lists.parts.coarse!;
  // As much as choosing takes; a row is all that is needed.
  const { scratchBytes, dimension } = coarse;
  return {
    fn: "listsSpill",
    scratch: Array.from({ length: threads }, (_, t) => space.ptr("listScratch") + t * scratchBytes),
    args: [coarse.prepare(), rows, stride, space.ptr("listChosen"), space.ptr("listSpilled"), weight],
    total,
    chunk: Math.max(1, Math.floor((1 << 22) / (dimension * lists.nlist))),
    phase: "spill",
    done: 0,
    of: total,
  };
}

/** Slots list by list, each list's in ascending order. */
function byList(
  rows: RowStore,
  nlist: number,
  first: number,
  count: number,
  chosen: readonly Uint32Array[],
): { order: Uint32Array; starts: Uint32Array } {
  // Without centroids there is one list.
  const choices = chosen.length === 0 ? [new Uint32Array(count)] : chosen;
  const starts = new Uint32Array(nlist + 1);
  for (const lists of choices) {
    for (let i = 0; i < count; i++) if (!rows.isRemoved(first + i)) starts[lists[i]! + 1]!++;
  }
  for (let l = 0; l < nlist; l++) starts[l + 1]! += starts[l]!;
  const order = new Uint32Array(starts[nlist]!);
  const next = starts.slice(0, nlist);
  for (let i = 0; i < count; i++) {
    if (rows.isRemoved(first + i)) continue;
    for (const lists of choices) order[next[lists[i]!]!++] = first + i;
  }
  return { order, starts };
}

/** New numbers by which each list's rows follow one another, in the order of lists; rows in no list come last. */
export function numbersByList(lists: ListStore, rows: number): Uint32Array {
  const newSlotOfOld = new Uint32Array(rows).fill(NO_BLOCK);
  let slot = 0;
  for (let l = 0; l < lists.nlist; l++) {
    for (const { row } of lists.rowsOf(l)) if (newSlotOfOld[row] === NO_BLOCK) newSlotOfOld[row] = slot++;
  }
  for (let row = 0; row < rows; row++) if (newSlotOfOld[row] === NO_BLOCK) newSlotOfOld[row] = slot++;
  return newSlotOfOld;
}
