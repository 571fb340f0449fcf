import type { Answers } from "../../plan.ts";
import type { RowStore } from "../../rows.ts";
import type { Space } from "../../space.ts";
import type { Tasks } from "../../task.ts";
import type { Workbench } from "../../workbench.ts";
import { ALL_LEAVES } from "../leaves.ts";
import { stageRequest } from "./request.ts";
import type { Balls } from "./tree.ts";

/** Rows of a leaf that go through the tree together (wasm/trees/ballAll.ts). */
const GROUP = 64;
/** Answers kept in linear memory at a time, in bytes. */
const WAVE_BYTES = 1 << 24;

/**
 * Tasks that find the k nearest others of all rows: those of the tree leaf by leaf, those behind it one by one. Row q of
 * `out` is that of slot slots[q]; removed rows are marked in section "skip" when there are any.
 */
export function* allThroughBalls(
  space: Space,
  rows: RowStore,
  bench: Workbench,
  balls: Balls,
  out: Answers & { readonly k: number },
  slots: Uint32Array,
  skip: boolean,
  threads: number,
  toDistances: (ranks: Float32Array) => void,
): Tasks<void> {
  const { k } = out;
  const total = rows.rows;
  let q = 0;
  /** Takes the answers for slots from `base` to `end` over. */
  const collect = (base: number, end: number): void => {
    const { u32, f32 } = space.engine.views;
    const [ids, ranks, counts] = [
      space.ptr("ids") >>> 2,
      space.ptr("ranks") >>> 2,
      space.ptr("counts") >>> 2,
    ];
    for (; q < slots.length && slots[q]! < end; q++) {
      const at = slots[q]! - base;
      const n = u32[counts + at]!;
      out.counts[q] = n;
      for (let i = 0; i < n; i++) {
        out.ids[q * k + i] = u32[ids + at * k + i]!;
        out.distances[q * k + i] = f32[ranks + at * k + i]!;
      }
      toDistances(out.distances.subarray(q * k, q * k + n));
    }
  };
  const room = { pool: balls.stackKeys, sorted: GROUP * (k + 1), pending: GROUP, chosen: 8, code: 16 };
  const first = balls.leaves - 1;
  const most = Math.max(GROUP, Math.floor(WAVE_BYTES / (8 * k + 4)));
  for (let leaf = 0; leaf < balls.leaves; ) {
    const base = balls.node(first + leaf).begin;
    let to = leaf + 1;
    while (to < balls.leaves && balls.node(first + to).end - base <= most) to++;
    const { end } = balls.node(first + to - 1);
    bench.ensure(threads, room);
    const request = stageRequest(space, rows, undefined, 0, 0, { answers: end - base, k, ef: base, skip });
    const scratch = Array.from({ length: threads }, (_, t) => balls.scratch(t));
    const args = [balls.prepare(), request, leaf];
    yield {
      ...({ fn: "ballAll", scratch, args, total: to - leaf, chunk: 1 } as const),
      ...{ phase: "neighbours", done: base, of: total, adds: end - base },
    };
    collect(base, end);
    leaf = to;
  }
  for (let base = balls.covered; base < rows.rows; base += GROUP) {
    const end = Math.min(base + GROUP, rows.rows);
    bench.ensure(threads, room);
    const request = stageRequest(space, rows, undefined, 0, 0, { answers: end - base, k, ef: base, skip });
    const args = [balls.prepare(), request, ALL_LEAVES];
    const scratch = Array.from({ length: threads }, (_, t) => balls.scratch(t));
    yield {
      ...({ fn: "ballAll", scratch, args, total: end - base, chunk: 8 } as const),
      ...{ phase: "neighbours", done: base, of: total },
    };
    collect(base, end);
  }
}
