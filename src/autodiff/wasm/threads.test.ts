import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { isVicinalError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { Engine, PAGE_BYTES } from "../../kernels/engine.ts";
import { Team } from "../../kernels/team.ts";
import type { CandidateShape, ConvShape, Kernels } from "../kernels.ts";
import { createWasmKernels } from "./kernels.ts";
import { Machine } from "./machine.ts";
import { LEARN, type LearnExports } from "./program.ts";

const CONTROL = 1024;
const open: { dispose(): void }[] = [];
const kept = <T extends { dispose(): void }>(each: T): T => {
  open.push(each);
  return each;
};
afterEach(() => {
  for (const each of open.splice(0)) each.dispose();
});

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isVicinalError(error) ? error.code : String(error);
  }
  return "nothing thrown";
};

function engineOf(): Engine<LearnExports> {
  const engine = Engine.create({ program: LEARN, shared: true });
  engine.grow(16 * PAGE_BYTES);
  return kept(engine);
}

async function everyone(team: { readonly threads: number }, threads: number): Promise<void> {
  for (let i = 0; i < 1000 && team.threads < threads; i++) await sleep(5);
  expect(team.threads).toBe(threads);
}

describe("a team", () => {
  test("does each item once, before its members are there and after, in hundreds of jobs", async () => {
    const engine = engineOf();
    const team = new Team(engine, 3, CONTROL);
    const n = 10_007;
    const [x, y] = [4 * PAGE_BYTES, 8 * PAGE_BYTES];
    engine.f32.fill(1, x / 4, x / 4 + n);
    engine.f32.fill(0, y / 4, y / 4 + n);
    const scratch = [2048, 2176, 2304];
    const job = (): void => team.run("axpy", scratch, [1, x, y], n, 64);
    job();
    await everyone(team, 3);
    for (let i = 1; i < 300; i++) job();
    expect(new Set(engine.f32.subarray(y / 4, y / 4 + n))).toEqual(new Set([300]));
  });

  test("that meets a failing chunk says TRAPPED, and is closed then", async () => {
    const engine = engineOf();
    const team = new Team(engine, 2, CONTROL);
    await everyone(team, 2);
    const far = engine.byteLength;
    const job = (): void => team.run("axpy", [2048, 2176], [1, far - 4096, far - 4096], 4096, 64);
    expect(codeOf(job)).toBe("TRAPPED");
    expect(codeOf(job)).toBe("CLOSED");
  });

  test("gives up on a member that does not come out", () => {
    const engine = engineOf();
    const team = new Team(engine, 2, CONTROL, 20);
    const gate = new Int32Array(engine.u8.buffer, CONTROL, 1);
    // A chunk lets somebody in who never leaves.
    const ghost = { ...engine.exports, axpy: () => void Atomics.add(gate, 0, 1) };
    Object.defineProperty(engine, "exports", { get: () => ghost });
    expect(codeOf(() => team.run("axpy", [0, 0], [], 2, 1))).toBe("TRAPPED");
  });

  test("needs shared memory, and a sensible number of threads", () => {
    const alone = kept(Engine.create({ program: LEARN }));
    expect(codeOf(() => new Team(alone, 2, CONTROL))).toBe("UNSUPPORTED");
    expect(codeOf(() => new Team(engineOf(), 0, CONTROL))).toBe("OPTION_RANGE");
    expect(codeOf(() => createWasmKernels({ threads: 1.5 }))).toBe("OPTION_RANGE");
  });
});

/** Soft neighbours among the patches of images, and back. */
function neighbours(k: Kernels, room: (n: number) => number): void {
  const s: CandidateShape = {
    ...{ n: 3, height: 21, width: 18, channels: 3, size: 4, stride: 3, pad: 0 },
    ...{ outHeight: 6, outWidth: 5, candidates: 7, ownIndex: false },
  };
  const [windows, pixels, pairs] = [30, 3 * 21 * 18 * 3, 3 * 30 * 7];
  const index = room(windows * 7);
  k.heap.set(
    Float32Array.from({ length: windows * 7 }, (_, i) => (i * 11) % windows),
    index,
  );
  const [x, d, t, w, y] = [room(pixels), room(pairs), room(90), room(pairs * 2), room(pixels * 2)];
  const [dx, dd, dt, dw] = [room(pixels), room(pairs), room(90), room(pairs * 2)];
  k.heap.fill(0.5, t, t + 90);
  const relaxation = { rows: 90, cols: 7, k: 2, alpha: false };
  k.neighborDistances(x, s, index, d);
  k.relax(d, t, relaxation, w);
  k.neighborMeans(x, s, index, w, 2, y);
  k.neighborMeansGradient(x, s, index, w, 2, y, dx, dw);
  k.relaxGradient(d, t, relaxation, dw, dd, dt);
  k.neighborDistancesGradient(x, s, index, dd, dx);
  k.copyRows(x, 3, y, 5, 200, 3, true);
}

/** Runs kernels of every kind over the same numbers and returns the whole heap. */
function everything(k: Kernels): Uint32Array {
  const rng = createRng(5, "threads");
  let end = 4096;
  const room = (n: number): number => {
    const at = end;
    end += Math.ceil(n / 16) * 16;
    k.reserve(end + 64);
    k.heap.set(
      Float32Array.from({ length: n }, () => rng.normal()),
      at,
    );
    return at;
  };
  const gemm = (M: number, N: number, K: number, batch: number, transposeA: boolean): void =>
    k.gemm({
      ...{ M, N, K, batch, transposeA, transposeB: true, add: true, a: room(M * K * batch) },
      ...{ lda: transposeA ? M : K, b: room(N * K * batch), ldb: K, c: room(M * N * batch), ldc: N },
      ...{ strideA: M * K, strideB: N * K, strideC: M * N },
    });
  gemm(301, 70, 300, 1, false);
  gemm(120, 33, 20, 9, true);
  for (const [channelsIn, channelsOut, side] of [
    [8, 12, 21],
    [1, 8, 30],
    [8, 1, 30],
  ] as const) {
    const s: ConvShape = {
      ...{ n: 3, height: side, width: side, channelsIn, channelsOut, kernelHeight: 3, kernelWidth: 3 },
      ...{ stride: 1, pad: 1, outHeight: side, outWidth: side },
    };
    const [x, y] = [room(3 * side * side * channelsIn), room(3 * side * side * channelsOut)];
    const w = room(9 * channelsIn * channelsOut);
    k.convolve(x, w, room(channelsOut), y, s);
    k.convolveInputGradient(y, w, x, s);
    k.convolveWeightGradient(x, y, w, s);
  }
  const [rows, channels] = [3000, 24];
  const n = rows * channels;
  const [x, y, dy, dx] = [room(n), room(n), room(n), room(n)];
  const [mean, inverse, gain, shift, a, b] = Array.from({ length: 6 }, () => room(channels)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  k.channelStatistics(x, rows, channels, 1e-5, mean, inverse);
  k.normalise(x, rows, channels, mean, inverse, gain, shift, true, y);
  k.normaliseGradient(x, y, dy, rows, channels, mean, inverse, gain, true, true, dx, a, b);
  k.unary("gelu", x, y, n);
  k.copy(y, dx, n);
  k.copy(y, y + 16, n - 16);
  k.softmax(x, rows, channels, dy);
  k.sum(x, 1, rows, channels, 1, a, true);
  k.sum(x, rows, channels, 1, 1, y, true);
  const [all, last, row] = [
    [0, 0, channels, 1] as const,
    [0, 0, 0, 1] as const,
    [1, 1, rows, channels] as const,
  ];
  k.binary("mul", x, all, a, last, y, row);
  k.binaryGradient("mul", "b", x, all, a, last, dy, b, row);
  k.squaredDistances(x, 200, y, 150, channels, dx);
  neighbours(k, room);
  return new Uint32Array(k.heap.slice(4096, end).buffer);
}

test("any number of threads gives the same bits", async () => {
  const one = everything(kept(createWasmKernels()));
  expect(new Set(one).size).toBeGreaterThan(10_000);
  for (const threads of [2, 3]) {
    const kernels = kept(createWasmKernels({ threads }));
    everything(kernels);
    await sleep(100);
    const several = everything(kernels);
    expect(several.findIndex((bits, i) => bits !== one[i])).toBe(-1);
    expect(kernels.heap.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
});

test("heaps keep what they hold when they grow past the scratch space, and new room is zero", () => {
  const machine = kept(new Machine(1, "auto"));
  machine.reserve(10_000);
  machine.heap.fill(7, 2000, 10_000);
  const scratch = machine.room(100_000, 1000) / 4;
  machine.heap.fill(9, scratch, scratch + 25_000);
  machine.reserve(200_000);
  expect(new Set(machine.heap.subarray(2000, 10_000))).toEqual(new Set([7]));
  expect(new Set(machine.heap.subarray(10_016, 200_000))).toEqual(new Set([0]));
});
