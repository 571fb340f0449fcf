import type { VectorReader } from "../../parts/vectors.ts";
import type { RowStore } from "../../rows.ts";
import type { Space } from "../../space.ts";
import type { Tasks } from "../../task.ts";
import type { Workbench } from "../../workbench.ts";
import { ALL_LEAVES } from "../leaves.ts";
import { DENSITY_KERNELS, type DensityKernel } from "./normaliser.ts";
import { stageRequest } from "./request.ts";
import type { Balls } from "./tree.ts";

/** Bytes of the Density struct (wasm/trees/ballDensity.ts). */
const DENSITY_BYTES = 48;
const WAVE = 4096;

export interface KernelSums {
  readonly kernel: DensityKernel;
  readonly bandwidth: number;
  /** Largest error of a sum: `atol + rtol · sum`. */
  readonly atol: number;
  readonly rtol: number;
}

/**
 * Tasks that sum the kernel over all rows that are not in section "skip"; sum q is out[2q] · exp(−out[2q + 1]).
 */
export function* sumKernels(
  space: Space,
  rows: RowStore,
  bench: Workbench,
  balls: Balls,
  reader: VectorReader,
  { kernel, bandwidth, atol, rtol }: KernelSums,
  skip: boolean,
  threads: number,
  out: Float64Array,
): Tasks<void> {
  const { metric, dtype } = rows.options;
  space.set({
    ballDensity: DENSITY_BYTES,
    ballSums: Math.min(WAVE, reader.rows) * 16,
    ballPresent: skip ? (rows.rows + 1) * 4 : 0,
  });
  for (let from = 0; from < reader.rows; from += WAVE) {
    const to = Math.min(from + WAVE, reader.rows);
    bench.ensure(threads, { pool: 2 * balls.stackKeys, sorted: 3, chosen: 8, code: 16 });
    const request = stageRequest(space, rows, reader, from, to, { answers: 1, k: 1, ef: ALL_LEAVES, skip });
    const scratch = Array.from({ length: threads }, (_, t) => balls.scratch(t));
    const tree = balls.prepare();
    if (from === 0 && skip) countPresent(space, rows);
    const at = space.ptr("ballDensity");
    const w = space.engine.u32;
    w[at >>> 2] = request;
    w[(at >>> 2) + 1] = DENSITY_KERNELS.indexOf(kernel);
    w[(at >>> 2) + 2] = metric === "l2sq" ? 1 : metric === "cosine" && dtype === "f32" ? 2 : 0;
    w[(at >>> 2) + 3] = skip ? space.ptr("ballPresent") : 0;
    w[(at >>> 2) + 4] = space.ptr("ballSums");
    w[(at >>> 2) + 5] = rows.live;
    const f64 = new Float64Array(space.engine.u32.buffer, at + 24, 3);
    f64.set([1 / bandwidth, atol, rtol]);
    const task = { fn: "ballDensity", scratch, args: [tree, at], total: to - from, chunk: 4 } as const;
    yield { ...task, phase: "density", done: from, of: reader.rows };
    const sums = new Float64Array(space.engine.u32.buffer, space.ptr("ballSums"), 2 * (to - from));
    out.set(sums, 2 * from);
  }
}

/** How many of the first i rows may count, for every i. */
function countPresent(space: Space, rows: RowStore): void {
  const present = space.u32("ballPresent");
  const skip = space.u8("skip");
  for (let i = 0; i < rows.rows; i++) {
    present[i + 1] = present[i]! + (((skip[i >> 3]! >> (i & 7)) & 1) === 0 ? 1 : 0);
  }
}
