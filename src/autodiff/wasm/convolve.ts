import type { Address, ConvShape, Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { multiply, rowsACall } from "./products.ts";

/** Output places whose weight gradients are summed one after another; fixed, so that threads change nothing. */
const GROUPS = 8;

type Convolutions = "convolve" | "convolveInputGradient" | "convolveWeightGradient";

export function convolutions(
  machine: Machine,
  fallback: Pick<Kernels, "convolveInputGradient">,
): Pick<Kernels, Convolutions> {
  return {
    convolve: (x, w, bias, y, shape) => convolve(machine, x, w, bias, y, shape),
    convolveInputGradient(dy, w, dx, shape) {
      const { kernelHeight, kernelWidth, pad, stride } = shape;
      if (stride !== 1 || pad >= kernelHeight || pad >= kernelWidth) {
        fallback.convolveInputGradient(dy, w, dx, shape);
      } else inputGradient(machine, dy, w, dx, shape);
    },
    convolveWeightGradient: (x, dy, dw, shape) => weightGradient(machine, x, dy, dw, shape),
  };
}

/** The struct Shape of wasm/learn/shape.ts. */
function shapeStruct(machine: Machine, s: ConvShape): number {
  return machine.struct([
    ...[s.height, s.width, s.channelsIn, s.channelsOut, s.kernelHeight, s.kernelWidth, s.stride],
    ...[s.pad, s.pad, s.outHeight, s.outWidth],
  ]);
}

const isPointwise = (s: ConvShape): boolean =>
  s.kernelHeight === 1 && s.kernelWidth === 1 && s.stride === 1 && s.pad === 0;

/** Packs weights, K × N as they lie, and convolves. */
function byPatches(
  machine: Machine,
  places: number,
  K: number,
  N: number,
  x: number,
  w: number,
  bias: number,
  y: number,
  add: boolean,
  shape: number,
  packed: number,
): void {
  const panels = Math.ceil(N / 8);
  machine.run("packColumns", [w, 4 * N, 4, K, N, packed], panels, Math.ceil(1e5 / K));
  machine.run("convolveRows", [shape, x, packed, bias, y, add ? 1 : 0], places, rowsACall(K * N));
}

const ownBytes = (K: number): number => 256 + 48 * K * 4;

/** Whether Winograd's filtering takes fewer steps: roughly, the eighth of its multiply-adds and its transforms. */
function winogradPays(s: ConvShape): boolean {
  const { channelsIn, channelsOut, outHeight, outWidth } = s;
  if (s.kernelHeight !== 3 || s.kernelWidth !== 3 || s.stride !== 1 || s.pad > 2) return false;
  if (channelsIn % 4 !== 0 || channelsOut % 4 !== 0) return false;
  const products = channelsIn * channelsOut;
  const tile = 4.5 * products + 30 * (channelsIn + channelsOut);
  return tile * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4) < 1.2 * products * outHeight * outWidth;
}

const tilesOf = (s: ConvShape): number => s.n * Math.ceil(s.outHeight / 4) * Math.ceil(s.outWidth / 4);
const eights = (n: number): number => Math.ceil(n / 8) * 8;
/** Tiles of 4 × 4 that kernels work on together. */
const TILES = 48;

const winogradBytes = (machine: Machine, s: ConvShape): number =>
  machine.engine.exports["winogradBytes"]!(s.channelsIn, s.channelsOut) as number;

/** y (+)= x ∗ w, the four at byte addresses; scratch has been taken, `transformed` in it. */
function byWinograd(
  machine: Machine,
  [x, w, bias, y]: readonly [number, number, number, number],
  add: boolean,
  s: ConvShape,
  transformed: number,
): void {
  const { channelsIn, channelsOut } = s;
  const chunk = Math.ceil(2 ** 14 / channelsOut);
  machine.run("winogradFilter", [w, channelsIn, channelsOut, transformed], channelsIn, chunk);
  const args = [shapeStruct(machine, s), x, transformed, bias, y, add ? 1 : 0];
  machine.run("winogradTiles", args, tilesOf(s), TILES);
}

function convolve(machine: Machine, x: Address, w: Address, bias: Address, y: Address, s: ConvShape): void {
  const K = s.kernelHeight * s.kernelWidth * s.channelsIn;
  const N = s.channelsOut;
  const places = s.n * s.outHeight * s.outWidth;
  if (places * N === 0) return;
  if (winogradPays(s)) {
    const transformed = machine.room(36 * 4 * s.channelsIn * eights(N), winogradBytes(machine, s));
    byWinograd(machine, [ptr(x), ptr(w), ptr(bias), ptr(y)], false, s, transformed);
    return;
  }
  const packed = machine.room(Math.ceil(N / 8) * K * 32, ownBytes(K));
  byPatches(machine, places, K, N, ptr(x), ptr(w), ptr(bias), ptr(y), false, shapeStruct(machine, s), packed);
}

/** With stride 1 the way back is a convolution too: of dy, by the weights turned round. */
function inputGradient(machine: Machine, dy: Address, w: Address, dx: Address, s: ConvShape): void {
  const taps = s.kernelHeight * s.kernelWidth;
  const places = s.n * s.height * s.width;
  if (places * s.channelsIn === 0) return;
  if (isPointwise(s)) {
    multiply(machine, {
      ...{ M: places, N: s.channelsIn, K: s.channelsOut, a: ptr(dy), ars: 4 * s.channelsOut, aks: 4 },
      ...{ b: ptr(w), brs: 4, bcs: 4 * s.channelsOut, c: ptr(dx), crs: 4 * s.channelsIn, add: true },
    });
    return;
  }
  const weights = taps * s.channelsIn * s.channelsOut * 4;
  const back: ConvShape = {
    ...s,
    ...{ height: s.outHeight, width: s.outWidth, outHeight: s.height, outWidth: s.width },
    ...{ channelsIn: s.channelsOut, channelsOut: s.channelsIn, pad: s.kernelHeight - 1 - s.pad },
  };
  if (winogradPays(back)) {
    const filterBytes = 36 * 4 * s.channelsOut * eights(s.channelsIn);
    const transformed = machine.room(filterBytes + weights, winogradBytes(machine, back));
    const turned = transformed + filterBytes;
    machine.run("flipWeights", [ptr(w), taps, s.channelsIn, s.channelsOut, turned], taps, 1);
    byWinograd(machine, [ptr(dy), turned, 0, ptr(dx)], true, back, transformed);
    return;
  }
  const K = taps * s.channelsOut;
  const N = s.channelsIn;
  const packedBytes = Math.ceil(N / 8) * K * 32;
  const packed = machine.room(packedBytes + weights, ownBytes(K));
  const turned = packed + packedBytes;
  machine.run("flipWeights", [ptr(w), taps, s.channelsIn, s.channelsOut, turned], taps, 1);
  const shape = machine.struct([
    ...[s.outHeight, s.outWidth, s.channelsOut, s.channelsIn, s.kernelHeight, s.kernelWidth, 1],
    ...[s.kernelHeight - 1 - s.pad, s.kernelWidth - 1 - s.pad, s.height, s.width],
  ]);
  byPatches(machine, places, K, N, ptr(dy), turned, 0, ptr(dx), true, shape, packed);
}

function weightGradient(machine: Machine, x: Address, dy: Address, dw: Address, s: ConvShape): void {
  const K = s.kernelHeight * s.kernelWidth * s.channelsIn;
  const N = s.channelsOut;
  const places = s.n * s.outHeight * s.outWidth;
  if (places * K * N === 0) return;
  if (winogradPays(s)) {
    winogradWeights(machine, x, dy, dw, s);
    return;
  }
  const size = Math.ceil(places / GROUPS / 48) * 48;
  const groups = Math.ceil(places / size);
  const sums = machine.room(groups * K * N * 4, ownBytes(K) + 48 * (N + 8) * 4);
  const shape = shapeStruct(machine, s);
  machine.run("convolveWeights", [shape, ptr(x), ptr(dy), sums, places, size], groups, 1);
  machine.run("addGroups", [sums, groups, K * N, ptr(dw)], Math.ceil((K * N) / 4), 1 << 14);
}

function winogradWeights(machine: Machine, x: Address, dy: Address, dw: Address, s: ConvShape): void {
  const { channelsIn, channelsOut } = s;
  const matrices = 36 * 4 * channelsIn * eights(channelsOut);
  const tiles = tilesOf(s);
  const most = Math.min(GROUPS, Math.max(2, Math.floor(2 ** 22 / matrices)));
  const size = Math.ceil(tiles / most / TILES) * TILES;
  const groups = Math.ceil(tiles / size);
  const sums = machine.room(groups * matrices, winogradBytes(machine, s));
  const shape = shapeStruct(machine, s);
  machine.run("winogradWeights", [shape, ptr(x), ptr(dy), sums, tiles, size], groups, 1);
  const args = [sums, groups, channelsIn, channelsOut, ptr(dw)];
  machine.run("winogradFilterBack", args, channelsIn, Math.ceil(2 ** 13 / channelsOut));
}
