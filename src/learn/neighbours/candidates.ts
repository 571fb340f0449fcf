import type { Candidates } from "../../autodiff/index.ts";
import { wholeNumber } from "../../core/index.ts";

/** Where windows lie on one side of an image, once it is padded so that they cover it. */
export interface Side {
  /** Zeros before and after. */
  readonly before: number;
  readonly after: number;
  /** Windows along the side. */
  readonly windows: number;
}

/** Half of what is missing goes before, the rest after; a side shorter than a window is padded to one. */
export function sideOf(size: number, patch: number, stride: number): Side {
  const missing = size < patch ? patch - size : (stride - ((size - patch) % stride)) % stride;
  const before = Math.floor(missing / 2);
  return { before, after: missing - before, windows: (size + missing - patch) / stride + 1 };
}

/**
 * For each place of a grid the others in the window of `window` × `window` places around it, itself left out. At
 * the grid's border the window is shifted inward, not cut; where the grid is smaller the window is the whole side.
 */
export function windowCandidates(down: number, across: number, window: number): Candidates {
  wholeNumber("down", down, 1, 1 << 24);
  wholeNumber("across", across, 1, 1 << 24);
  wholeNumber("window", window, 1, 1 << 24);
  const [tall, wide] = [Math.min(window, down), Math.min(window, across)];
  const windows = down * across;
  const candidates = tall * wide - 1;
  const index = new Int32Array(windows * candidates);
  const start = (place: number, extent: number, side: number): number =>
    Math.min(Math.max(place - (extent >> 1), 0), side - extent);
  let at = 0;
  for (let i = 0; i < down; i++) {
    const top = start(i, tall, down);
    for (let j = 0; j < across; j++) {
      const left = start(j, wide, across);
      const own = i * across + j;
      for (let row = top; row < top + tall; row++) {
        for (let other = row * across + left; other < row * across + left + wide; other++)
          if (other !== own) index[at++] = other;
      }
    }
  }
  return { windows, candidates, index };
}

/** For each of `rows` rows all others. */
export const allOthers = (rows: number): Candidates => windowCandidates(1, rows, rows);
