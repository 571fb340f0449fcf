import type { CandidateShape, Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { itemsACall } from "./reduce.ts";

type Neighbours =
  | "relax"
  | "relaxGradient"
  | "neighborDistances"
  | "neighborDistancesGradient"
  | "neighborMeans"
  | "neighborMeansGradient"
  | "copyRows";

const fours = (n: number): number => Math.ceil(n / 4) * 4;

export function neighbouring(machine: Machine): Pick<Kernels, Neighbours> {
  /** The struct Windows of wasm/learn/neighbours.ts. */
  const struct = (s: CandidateShape, k = 0): number =>
    machine.struct([
      ...[s.height, s.width, s.channels, s.size, s.stride, s.outHeight, s.outWidth],
      ...[s.candidates, s.ownIndex ? 1 : 0, k],
    ]);
  const pairs = (s: CandidateShape): number => s.candidates * s.size * s.size * s.channels;
  return {
    relax(d, t, { rows, cols, k, alpha }, w) {
      if (cols === 0) return;
      machine.room(0, 16 + 3 * 4 * fours(cols));
      const args = [ptr(d), ptr(t), cols, k, alpha ? 1 : 0, ptr(w)];
      machine.run("relaxRows", args, rows, itemsACall(4 * k * cols));
    },
    relaxGradient(d, t, { rows, cols, k, alpha }, dw, dd, dt) {
      if (cols === 0) return;
      machine.room(0, 4 * (2 * fours(k) + (3 + 2 * k) * fours(cols)));
      const args = [ptr(d), ptr(t), ptr(dw), cols, k, alpha ? 1 : 0, ptr(dd), ptr(dt)];
      machine.run("relaxBack", args, rows, itemsACall(8 * k * cols));
    },
    neighborDistances(x, s, index, y) {
      const args = [struct(s), ptr(x), ptr(index), ptr(y)];
      machine.run("neighborDistanceRows", args, s.n * s.outHeight * s.outWidth, itemsACall(pairs(s) / 8));
    },
    neighborDistancesGradient(x, s, index, dy, dx) {
      machine.run("neighborDistanceBack", [struct(s), ptr(x), ptr(index), ptr(dy), ptr(dx)], s.n, 1);
    },
    neighborMeans(x, s, index, w, k, y) {
      const runs = fours(k) * fours(s.size * s.channels);
      machine.room(0, 4 * (fours(s.candidates) + fours(k) * s.candidates + runs));
      const args = [struct(s, k), ptr(x), ptr(index), ptr(w), ptr(y)];
      machine.run("neighborMeanStripes", args, s.n * Math.ceil(s.height / s.stride), 1);
    },
    neighborMeansGradient(x, s, index, w, k, dy, dx, dw) {
      const runs = s.size * fours(k) * fours(s.size * s.channels);
      machine.room(0, 4 * (fours(k) * s.candidates + runs));
      const args = [struct(s, k), ptr(x), ptr(index), ptr(w), ptr(dy), ptr(dx), ptr(dw)];
      machine.run("neighborMeanBack", args, s.n, 1);
    },
    copyRows(x, xStep, y, yStep, rows, cols, add) {
      const args = [ptr(x), 4 * xStep, ptr(y), 4 * yStep, 4 * cols, add ? 1 : 0];
      machine.run("copyRows", args, rows, itemsACall(cols));
    },
  };
}
