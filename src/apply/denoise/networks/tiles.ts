import type { Plane } from "../plane.ts";
import type { DncnnWeights, N3netWeights } from "./weights.ts";

/** A part of a picture to be worked on, and what of it is kept. */
export interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly keep: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
}

/** A stretch [from, to) to be worked on, of which [first, last) is kept. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
}

/** Pictures of at most so many pixels, squared, are worked on as a whole: twice 64 channels of them are 330 MB. */
const MOST_SIDE = 800;

/** How far off a pixel may be that the estimate of another depends on. */
export function reach(weights: DncnnWeights | N3netWeights): number {
  if (weights.kind === "dncnn") return weights.body.length;
  const { parts, blocks, options } = weights;
  const { patch = 10, stride = 5, window = 15 } = options;
  const convolutions = parts.flat().length;
  const inner = Math.max(
    0,
    ...blocks.map(({ embedding = [], temperature = [] }) => Math.max(embedding.length, temperature.length)),
  );
  return convolutions + blocks.length * (inner + 2 * patch + stride * (window >> 1));
}

/** Tiles that cover a picture, and the largest sides that they have. */
export function tilesOf(
  { width, height }: Plane,
  weights: DncnnWeights | N3netWeights,
  most: number = MOST_SIDE,
): { tiles: Tile[]; width: number; height: number } {
  const whole = { left: 0, top: 0, right: width, bottom: height };
  if (width * height <= most * most) {
    return { tiles: [{ left: 0, top: 0, width, height, keep: whole }], width, height };
  }
  const overlap = reach(weights);
  const { patch = 10, stride = 5 } = weights.kind === "n3net" ? weights.options : { patch: 1, stride: 1 };
  const [rows, columns] = [height, width].map((n) => stretches(n, most, overlap, patch, stride)) as [
    Stretch[],
    Stretch[],
  ];
  const tiles = rows.flatMap(({ from: top, to: bottom, first, last }) =>
    columns.map(({ from: left, to: right, first: keepLeft, last: keepRight }): Tile => {
      const keep = { left: keepLeft, top: first, right: keepRight, bottom: last };
      return { left, top, width: right - left, height: bottom - top, keep };
    }),
  );
  return {
    tiles,
    width: Math.max(...tiles.map((tile) => tile.width)),
    height: Math.max(...tiles.map((tile) => tile.height)),
  };
}

/** Zeros before the first patch on a side of n pixels: half of what is missing to a grid of patches. */
const before = (n: number, patch: number, stride: number): number =>
  Math.floor((n < patch ? patch - n : (stride - ((n - patch) % stride)) % stride) / 2);

/**
 * Even parts of a side, each with `overlap` on both sides; ends are moved outward by less than two strides so that
 * patches lie in a tile where they lie in the picture.
 */
function stretches(n: number, most: number, overlap: number, patch: number, stride: number): Stretch[] {
  const spare = 2 * stride;
  const core = Math.max(64, most - 2 * (overlap + spare));
  const parts = n <= most ? 1 : Math.ceil(n / core);
  const phase = before(n, patch, stride);
  return Array.from({ length: parts }, (_, i) => {
    const [first, last] = [Math.round((n * i) / parts), Math.round((n * (i + 1)) / parts)];
    const [low, high] = [Math.max(0, first - overlap), Math.min(n, last + overlap)];
    for (let more = 0; more < stride * stride; more++) {
      const from = Math.max(0, low - (more % stride));
      const to = Math.min(n, high + Math.floor(more / stride));
      const start = from - before(to - from, patch, stride);
      if ((start + phase) % stride === 0) return { from, to, first, last };
    }
    return { from: low, to: high, first, last };
  });
}
