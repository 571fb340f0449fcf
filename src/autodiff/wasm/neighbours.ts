import type { AppendShape, CandidateShape, Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { itemsACall } from "./reduce.ts";

type Neighbours =
  | "relax"
  | "relaxGradient"
  | "neighborDistances"
  | "neighborDistancesGradient"
  | "neighborMeans"
  | "neighborMeansGradient"
  | "append"
  | "appendGradient"
  | "copyRows";

const fours = (n: number): number => Math.ceil(n / 4) * 4;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
/** Side of the squares that windows cover whole or not at all. */
const unitOf = (s: CandidateShape): number => gcd(s.size, s.stride);

/** Bytes of the struct Mix in wasm/learn/candidates.ts and all it points to, and of its weights alone. */
function mixBytes(s: CandidateShape, k: number): { all: number; weights: number } {
  const map = (2 * s.outHeight - 1) * (2 * s.outWidth - 1);
  const room = Math.min(map, Math.ceil(s.size / s.stride) ** 2 * s.candidates);
  const weights = 4 * fours(k) * room;
  return { all: 64 + 4 * map + 8 * room + weights, weights };
}

export function neighbouring(machine: Machine): Pick<Kernels, Neighbours> {
  /** The struct Windows of wasm/learn/candidates.ts. */
  const struct = (s: CandidateShape, k = 0): number =>
    machine.struct([
      ...[s.height, s.width, s.channels, s.size, s.stride, s.outHeight, s.outWidth],
      ...[s.candidates, s.ownIndex ? 1 : 0, k, unitOf(s)],
    ]);
  const appendStruct = (s: AppendShape): number =>
    machine.struct([
      ...[s.height, s.width, s.channels, s.k, s.tall, s.wide, s.top, s.left],
      s.difference ? 1 : 0,
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
      machine.room(0, mixBytes(s, 1).all);
      machine.run("neighborDistanceBack", [struct(s, 1), ptr(x), ptr(index), ptr(dy), ptr(dx)], s.n, 1);
    },
    neighborMeans(x, s, index, w, k, y) {
      const unit = unitOf(s);
      machine.room(0, mixBytes(s, k).all + 4 * fours(k) * fours(unit * s.channels));
      const args = [struct(s, k), ptr(x), ptr(index), ptr(w), ptr(y)];
      machine.run("neighborMeanStripes", args, s.n * Math.ceil(s.height / unit), Math.ceil(10 / unit));
    },
    neighborMeansGradient(x, s, index, w, k, dy, dx, dw) {
      const unit = unitOf(s);
      const { all, weights } = mixBytes(s, k);
      machine.room(0, all + weights + 4 * unit * fours(k) * fours(unit * s.channels));
      const args = [struct(s, k), ptr(x), ptr(index), ptr(w), ptr(dy), ptr(dx), ptr(dw)];
      machine.run("neighborMeanBack", args, s.n, 1);
    },
    append(x, parts, s, y) {
      const args = [appendStruct(s), ptr(x), ptr(parts), ptr(y)];
      machine.run("appendRows", args, s.n * s.height, itemsACall(s.width * s.k * s.channels));
    },
    appendGradient(dy, s, dx, dParts) {
      const args = [appendStruct(s), ptr(dy), ptr(dx), ptr(dParts)];
      machine.run("appendBack", args, s.n * s.height, itemsACall(s.width * s.k * s.channels));
    },
    copyRows(x, xStep, y, yStep, rows, cols, add) {
      const args = [ptr(x), 4 * xStep, ptr(y), 4 * yStep, 4 * cols, add ? 1 : 0];
      machine.run("copyRows", args, rows, itemsACall(cols));
    },
  };
}
