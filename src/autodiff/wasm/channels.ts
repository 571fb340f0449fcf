import type { Kernels, WindowShape } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { itemsACall } from "./reduce.ts";

/** Rows of a block in wasm/learn/channels.ts. */
const BLOCK = 64;

type Normalisation = "channelStatistics" | "normalise" | "normaliseGradient";

export function normalisation(machine: Machine): Pick<Kernels, Normalisation> {
  return {
    channelStatistics(x, rows, channels, epsilon, mean, inverse) {
      const blocks = Math.ceil(rows / BLOCK);
      const moments = machine.room(blocks * 2 * channels * 4, 0);
      const chunk = itemsACall(BLOCK * channels);
      machine.run("blockMoments", [ptr(x), rows, channels, moments], blocks, chunk);
      const args = [moments, rows, channels, epsilon, ptr(mean), ptr(inverse)];
      machine.run("joinMoments", args, channels, itemsACall(8 * blocks));
    },
    normalise(x, rows, channels, mean, inverse, gain, shift, relu, y) {
      machine.room(0, channels * 4);
      const numbers = [mean, inverse, gain, shift].map(ptr);
      const args = [ptr(x), channels, ...numbers, relu ? 1 : 0, ptr(y)];
      machine.run("normaliseRows", args, rows, itemsACall(channels));
    },
    normaliseGradient(x, y, dy, rows, channels, mean, inverse, gain, relu, batch, dx, dGain, dShift) {
      const blocks = Math.ceil(rows / BLOCK);
      const sums = machine.room((blocks * 2 + 3) * channels * 4, 0);
      const factors = sums + blocks * 2 * channels * 4;
      const arrays = [x, y, dy].map(ptr);
      const flag = relu ? 1 : 0;
      const about = [...arrays, rows, channels, ptr(mean), ptr(inverse), flag, sums];
      machine.run("blockGradients", about, blocks, itemsACall(BLOCK * channels));
      const joined = [sums, rows, channels, ptr(inverse), ptr(gain), batch ? 1 : 0, ptr(dGain), ptr(dShift)];
      machine.run("joinGradients", [...joined, factors], channels, itemsACall(8 * blocks));
      const back = [...arrays, channels, ptr(mean), factors, flag, ptr(dx), 1];
      machine.run("normaliseBack", back, rows, itemsACall(channels));
    },
  };
}

type Windows = "maxPool" | "maxPoolGradient" | "meanPool" | "meanPoolGradient" | "patches" | "overlapAdd";

export function windowed(machine: Machine): Pick<Kernels, Windows> {
  /** The struct Shape of wasm/learn/shape.ts. */
  const struct = (s: WindowShape): number =>
    machine.struct([
      ...[s.height, s.width, s.channels, s.channels, s.size, s.size, s.stride, s.pad, s.pad],
      ...[s.outHeight, s.outWidth],
    ]);
  const read = (s: WindowShape): number => s.size * s.size * s.channels;
  const outRows = (s: WindowShape): [number, number] => [s.n * s.outHeight, itemsACall(s.outWidth * read(s))];
  const images = (s: WindowShape): [number, number] => [
    s.n,
    itemsACall(s.outHeight * s.outWidth * s.channels),
  ];
  return {
    maxPool: (x, s, y, at) => machine.run("maxPoolRows", [struct(s), ptr(x), ptr(y), ptr(at)], ...outRows(s)),
    maxPoolGradient: (dy, at, s, dx) =>
      machine.run("maxPoolBack", [struct(s), ptr(dy), ptr(at), ptr(dx)], ...images(s)),
    meanPool: (x, s, y) => machine.run("meanPoolRows", [struct(s), ptr(x), ptr(y)], ...outRows(s)),
    meanPoolGradient: (dy, s, dx) => machine.run("meanPoolBack", [struct(s), ptr(dy), ptr(dx)], ...images(s)),
    patches: (x, s, y) =>
      machine.run(
        "windowPatches",
        [struct(s), ptr(x), ptr(y)],
        s.n * s.outHeight * s.outWidth,
        itemsACall(read(s)),
      ),
    overlapAdd: (y, s, x) => machine.run("overlapRows", [struct(s), ptr(y), ptr(x)], ...images(s)),
  };
}
