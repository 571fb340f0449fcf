import type { Address, ConvShape, Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { multiply, panelsACall, rowsACall } from "./products.ts";
import { itemsACall } from "./reduce.ts";

/** Output places whose weight gradients are summed one after another; fixed, so that threads change nothing. */
const GROUPS = 8;

type Convolutions = "convolve" | "convolveInputGradient" | "convolveWeightGradient";

export function convolutions(machine: Machine): Pick<Kernels, Convolutions> {
  return {
    convolve: (x, w, bias, y, shape) => convolve(machine, x, w, bias, y, shape),
    convolveInputGradient(dy, w, dx, shape) {
      const { kernelHeight, kernelWidth, pad, stride } = shape;
      if (isPointwise(shape)) pointwiseBack(machine, dy, w, dx, shape);
      else if (stride !== 1 || pad >= kernelHeight || pad >= kernelWidth) {
        overlapBack(machine, dy, w, dx, shape);
      } else inputGradient(machine, dy, w, dx, shape);
    },
    convolveWeightGradient: (x, dy, dw, shape) => weightGradient(machine, x, dy, dw, shape),
  };
}

/** The struct Shape of wasm/learn/shape.ts. */
function shapeStruct(machine: Machine, s: ConvShape, padLeft: number = s.pad): number {
  return machine.struct([
    ...[s.height, s.width, s.channelsIn, s.channelsOut, s.kernelHeight, s.kernelWidth, s.stride],
    ...[s.pad, padLeft, s.outHeight, s.outWidth],
  ]);
}

/** With stride 1, the convolution that leads from the output's gradient to the input's; pad is that of the top. */
const turnedRound = (s: ConvShape): ConvShape => ({
  ...s,
  ...{ height: s.outHeight, width: s.outWidth, outHeight: s.height, outWidth: s.width },
  ...{ channelsIn: s.channelsOut, channelsOut: s.channelsIn, pad: s.kernelHeight - 1 - s.pad },
});

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
  machine.run("packColumns", [w, 4 * N, 4, K, N, packed], panels, panelsACall(K));
  machine.run(
    "convolveRows",
    [shape, x, packed, bias, y, add ? 1 : 0],
    places,
    rowsACall(machine, places, K * N),
  );
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
/** Tiles of 4 × 4 that kernels work on together, and how many they get at a time. */
const TILES = 12;
const CALL_TILES = 4 * TILES;

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
  const chunk = Math.ceil(2 ** 10 / channelsOut);
  machine.run("winogradFilter", [w, channelsIn, channelsOut, transformed], channelsIn, chunk);
  const args = [shapeStruct(machine, s), x, transformed, bias, y, add ? 1 : 0];
  machine.run("winogradTiles", args, tilesOf(s), CALL_TILES);
}

/**
 * Whether so few channels go out that each pixel's product with all taps is done at once, and added up afterwards:
 * else most columns of a product would be empty.
 */
const isNarrow = (s: ConvShape): boolean =>
  !isPointwise(s) &&
  s.stride === 1 &&
  s.channelsIn >= 16 &&
  s.channelsOut * s.kernelHeight * s.kernelWidth <= 32;

/** Bytes of the parts of {@link byTaps} at a time. */
const PART_BYTES = 1 << 24;

/** y (+)= x ∗ w of few channels out, the four at byte addresses, pad that of the top; `turned`: w turned round, added. */
function byTaps(
  machine: Machine,
  [x, w, bias, y]: readonly [number, number, number, number],
  turned: boolean,
  s: ConvShape,
  padLeft: number,
): void {
  const taps = s.kernelHeight * s.kernelWidth;
  const [C, O] = [s.channelsIn, s.channelsOut];
  const N = taps * O;
  const pixels = s.height * s.width;
  const images = Math.min(s.n, Math.max(1, Math.floor(PART_BYTES / (pixels * N * 4))));
  const columns = machine.room((2 * eights(N) * C + images * pixels * N) * 4, 256);
  const packed = columns + eights(N) * C * 4;
  const parts = packed + eights(N) * C * 4;
  const steps = turned ? [1, -C * O, C] : [O, C * O, 1];
  const from = turned ? w + (taps - 1) * C * O * 4 : w;
  machine.run("permuteRows", [machine.struct([1, C, taps, O, 0, 0, ...steps]), from, columns, 0], C, C);
  for (let n = 0; n < s.n; n += images) {
    const some = Math.min(images, s.n - n);
    const a = x + n * pixels * C * 4;
    multiply(
      machine,
      {
        ...{ M: some * pixels, N, K: C, a, ars: 4 * C, aks: 4, b: columns, brs: 4 * N, bcs: 4 },
        ...{ c: parts, crs: 4 * N, add: false },
      },
      packed,
    );
    const shape = shapeStruct(machine, s, padLeft);
    const to = y + n * s.outHeight * s.outWidth * O * 4;
    const rows = some * s.outHeight;
    machine.run("sumTaps", [shape, parts, bias, to, turned ? 1 : 0], rows, itemsACall(4 * s.outWidth * N));
  }
}

function convolve(machine: Machine, x: Address, w: Address, bias: Address, y: Address, s: ConvShape): void {
  const K = s.kernelHeight * s.kernelWidth * s.channelsIn;
  const N = s.channelsOut;
  const places = s.n * s.outHeight * s.outWidth;
  if (places * N === 0) return;
  const at = [ptr(x), ptr(w), ptr(bias), ptr(y)] as const;
  if (winogradPays(s)) {
    const transformed = machine.room(36 * 4 * s.channelsIn * eights(N), winogradBytes(machine, s));
    byWinograd(machine, at, false, s, transformed);
  } else if (isNarrow(s)) byTaps(machine, at, false, s, s.pad);
  else {
    const packed = machine.room(Math.ceil(N / 8) * K * 32, ownBytes(K));
    byPatches(machine, places, K, N, ...at, false, shapeStruct(machine, s), packed);
  }
}

/** dx += dy wᵀ for 1 × 1 kernels. */
function pointwiseBack(machine: Machine, dy: Address, w: Address, dx: Address, s: ConvShape): void {
  const [C, O] = [s.channelsIn, s.channelsOut];
  multiply(machine, {
    ...{ M: s.n * s.height * s.width, N: C, K: O, a: ptr(dy), ars: 4 * O, aks: 4 },
    ...{ b: ptr(w), brs: 4, bcs: 4 * O, c: ptr(dx), crs: 4 * C, add: true },
  });
}

/** With stride 1 the way back is a convolution too: of dy, by the weights turned round. */
function inputGradient(machine: Machine, dy: Address, w: Address, dx: Address, s: ConvShape): void {
  const taps = s.kernelHeight * s.kernelWidth;
  const places = s.n * s.height * s.width;
  const [C, O] = [s.channelsIn, s.channelsOut];
  if (places * C * O === 0) return;
  const back = turnedRound(s);
  const padLeft = s.kernelWidth - 1 - s.pad;
  if (!winogradPays(back) && isNarrow(back)) {
    byTaps(machine, [ptr(dy), ptr(w), 0, ptr(dx)], true, back, padLeft);
    return;
  }
  const K = taps * O;
  const turn = (to: number): number => {
    machine.run("flipWeights", [ptr(w), taps, C, O, to], taps, 1);
    return to;
  };
  if (winogradPays(back)) {
    const filters = 36 * 4 * O * eights(C);
    const transformed = machine.room(filters + taps * C * O * 4, winogradBytes(machine, back));
    const turned = turn(transformed + filters);
    byWinograd(machine, [ptr(dy), turned, 0, ptr(dx)], true, back, transformed);
    return;
  }
  const packedBytes = Math.ceil(C / 8) * K * 32;
  const packed = machine.room(packedBytes + taps * C * O * 4, ownBytes(K));
  const turned = turn(packed + packedBytes);
  const shape = shapeStruct(machine, back, padLeft);
  byPatches(machine, places, K, C, ptr(dy), turned, 0, ptr(dx), true, shape, packed);
}

/** The gradients of all patches, image by image, added up where they overlap. */
function overlapBack(machine: Machine, dy: Address, w: Address, dx: Address, s: ConvShape): void {
  const K = s.kernelHeight * s.kernelWidth * s.channelsIn;
  const O = s.channelsOut;
  const places = s.outHeight * s.outWidth;
  if (places * K * O === 0) return;
  const images = Math.min(s.n, Math.max(1, Math.floor(PART_BYTES / (places * K * 4))));
  const packed = machine.room((eights(K) * O + images * places * K) * 4, 256);
  const parts = packed + eights(K) * O * 4;
  for (let n = 0; n < s.n; n += images) {
    const some = Math.min(images, s.n - n);
    const a = ptr(dy) + n * places * O * 4;
    const product = { M: some * places, N: K, K: O, a, ars: 4 * O, aks: 4, b: ptr(w), brs: 4, bcs: 4 * O };
    multiply(machine, { ...product, c: parts, crs: 4 * K, add: false }, packed);
    const to = ptr(dx) + n * s.height * s.width * s.channelsIn * 4;
    machine.run("overlapRows", [shapeStruct(machine, s), parts, to], some, itemsACall(places * K));
  }
}

function weightGradient(machine: Machine, x: Address, dy: Address, dw: Address, s: ConvShape): void {
  const taps = s.kernelHeight * s.kernelWidth;
  const [C, O] = [s.channelsIn, s.channelsOut];
  const places = s.n * s.outHeight * s.outWidth;
  if (places * taps * C * O === 0) return;
  if (winogradPays(s)) winogradWeights(machine, x, dy, dw, s);
  else if (isNarrow(s) && s.pad < s.kernelHeight && s.pad < s.kernelWidth) {
    // The other way round: patches of dy, which are small, times x.
    const back = turnedRound(s);
    const shape = shapeStruct(machine, back, s.kernelWidth - 1 - s.pad);
    const { sums, groups } = patchWeights(machine, ptr(dy), ptr(x), back, shape);
    machine.run("addTurned", [sums, groups, taps, C, O, ptr(dw)], taps, itemsACall(groups * C * O));
  } else {
    const { sums, groups } = patchWeights(machine, ptr(x), ptr(dy), s, shapeStruct(machine, s));
    const size = taps * C * O;
    machine.run("addGroups", [sums, groups, size, ptr(dw)], Math.ceil(size / 4), 1 << 14);
  }
}

/** The weight gradients of groups of output places, one after another, from patches. */
function patchWeights(
  machine: Machine,
  x: number,
  dy: number,
  s: ConvShape,
  shape: number,
): { sums: number; groups: number } {
  const K = s.kernelHeight * s.kernelWidth * s.channelsIn;
  const N = s.channelsOut;
  const places = s.n * s.outHeight * s.outWidth;
  const size = Math.ceil(places / GROUPS / 48) * 48;
  const groups = Math.ceil(places / size);
  const sums = machine.room(groups * K * N * 4, ownBytes(K) + 48 * (N + 8) * 4);
  machine.run("convolveWeights", [shape, x, dy, sums, places, size], groups, 1);
  return { sums, groups };
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
  machine.run("winogradFilterBack", args, channelsIn, Math.ceil(2 ** 9 / channelsOut));
}
