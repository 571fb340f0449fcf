import { oneOf, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { CandidateShape } from "../kernels.ts";
import { sameShape, shapeError, shapeText, sizeOf } from "../shape.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

/**
 * How penalties meet the temperature. "alpha": a ← a + log(1 − w), w = softmax(a / t), which tends to hard k-NN as
 * t → 0. "logit": b ← b + log(1 − w), w = softmax(b), b = −d / t at first, as in the networks of Plötz & Roth.
 */
export type RelaxationForm = "alpha" | "logit";

export interface RelaxOptions {
  /** Steps: neighbours to take. */
  k: number;
  /** Default "alpha". */
  form?: RelaxationForm;
}

export const RELAXATION_FORMS: readonly RelaxationForm[] = ["alpha", "logit"];

/**
 * Weights [..., k, n] that take k nearest neighbours softly, one after another, from distances [..., n]: each of the
 * k rows sums to 1. Distances of +∞ mask candidates. Gradients are exact in both forms.
 *
 * @param t temperature above 0: one number, a tensor of one, or one for each row of distances
 * @remarks O(k · n) a row. k may exceed n; the steps beyond take again what is left
 * @see Plötz & Roth, Neural Nearest Neighbors Networks, arXiv:1810.12575
 */
export function relaxNeighbors(d: Tensor, t: Tensor | number, options: RelaxOptions): Tensor {
  const given = resolveOptions({ k: 0, form: "alpha" as RelaxationForm }, options);
  const k = wholeNumber("k", given.k, 1, 0xffff);
  const alpha = oneOf("form", given.form, RELAXATION_FORMS) === "alpha";
  const cols = d.shape.at(-1);
  if (cols === undefined) throw shapeError("relaxNeighbors", "a number", "at least one axis");
  const lead = d.shape.slice(0, -1);
  const rows = sizeOf(lead);
  const { tape } = d;
  const { kernels } = tape;
  const heat = typeof t === "number" ? tape.full([1], temperature(t)) : t;
  if (heat.size !== rows && heat.size !== 1) {
    throw shapeError("temperature", shapeText(heat.shape), `one number, or ${shapeText(lead)}`);
  }
  const shared = heat.size !== rows;
  const each = shared ? tape.scratch(rows) : heat.address;
  if (shared) kernels.fill(each, rows, heat.item());
  const shape = { rows, cols, k, alpha };
  const from = d.address;
  return tape.apply(
    [d, heat],
    [...lead, k, cols],
    (w) => kernels.relax(from, each, shape, w),
    (dw) => {
      const dd = d.slot.tracked ? tape.gradient(d) : tape.scratch(d.size);
      const direct = heat.slot.tracked && !shared;
      const dt = direct ? tape.gradient(heat) : tape.scratch(rows);
      if (!direct) kernels.fill(dt, rows, 0);
      kernels.relaxGradient(from, each, shape, dw, dd, dt);
      if (shared && heat.slot.tracked) kernels.sum(dt, 1, rows, 1, 1, tape.gradient(heat), true);
    },
  );
}

function temperature(t: number): number {
  if (t > 0 && t < Infinity) return t;
  throw new VicinalError("OPTION_RANGE", { option: "t", got: t, rule: "a finite number above 0" });
}

/** For each window of an image (or row of a set) others of it, by number, row-major over the grid. */
export interface Candidates {
  readonly windows: number;
  /** Candidates of each window. */
  readonly candidates: number;
  /** [windows, candidates], or [n, windows, candidates] where each of n images has its own. */
  readonly index: ArrayLike<number>;
}

/** {@link Candidates} checked and laid on a tape, until the step ends. */
export interface PlacedCandidates {
  readonly windows: number;
  readonly candidates: number;
  /** @internal */
  readonly index: Tensor;
}

/** Throws BAD_INPUT for a number that is no window. */
export function placeCandidates(tape: Tape, { windows, candidates, index }: Candidates): PlacedCandidates {
  for (let i = 0; i < index.length; i++) {
    const window = index[i]!;
    if (Number.isInteger(window) && window >= 0 && window < windows) continue;
    throw new VicinalError("BAD_INPUT", {
      what: `candidate ${i}`,
      got: String(window),
      rule: `0 … ${windows - 1}`,
    });
  }
  if (windows > 1 << 24) {
    throw new VicinalError("UNSUPPORTED", { what: `${windows} windows`, rule: "at most 16,777,216" });
  }
  return Object.freeze({ windows, candidates, index: tape.tensor(index) });
}

export interface NeighborWindows {
  /** Side of a window, default 1. */
  size?: number;
  /** Pixels between windows, default `size`. */
  stride?: number;
}

/** The windows of a batch of images and their candidates as kernels take them. */
function candidateShape(
  what: string,
  x: Tensor,
  { windows, candidates, index }: PlacedCandidates,
  options: NeighborWindows,
): CandidateShape {
  if (x.rank !== 4) throw shapeError(what, shapeText(x.shape), "[n, height, width, channels]");
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const size = wholeNumber("size", options.size ?? 1, 1, 1024);
  const stride = wholeNumber("stride", options.stride ?? size, 1, 1024);
  const outHeight = Math.floor((height - size) / stride) + 1;
  const outWidth = Math.floor((width - size) / stride) + 1;
  const ownIndex = index.size === n * windows * candidates && n !== 1;
  if (height < size || width < size || outHeight * outWidth !== windows) {
    throw shapeError(what, shapeText(x.shape), `images of ${windows} windows, as the candidates are of`);
  }
  if (!ownIndex && index.size !== windows * candidates) {
    const rule = `${windows} · ${candidates}, or that for each of ${n} images`;
    throw shapeError(`${what} candidates`, `${index.size} numbers`, rule);
  }
  const window = { size, stride, pad: 0, outHeight, outWidth };
  return { n, height, width, channels, ...window, candidates, ownIndex };
}

/**
 * Squared Euclidean distances of each window of each image [n, h, w, c] to its candidates: [n, windows, candidates].
 * Reads windows where they lie in the image, from differences, so that near windows have near distances.
 */
export function neighborDistances(
  x: Tensor,
  candidates: PlacedCandidates,
  windows: NeighborWindows = {},
): Tensor {
  const shape = candidateShape("neighborDistances", x, candidates, windows);
  const { tape, address } = x;
  const { kernels } = tape;
  const index = candidates.index.address;
  return tape.apply(
    [x],
    [shape.n, candidates.windows, shape.candidates],
    (y) => kernels.neighborDistances(address, shape, index, y),
    (dy) => kernels.neighborDistancesGradient(address, shape, index, dy, tape.gradient(x)),
  );
}

/**
 * For each window the sum of its candidates with weights [n, windows, k, candidates], laid where the window is and
 * averaged where windows overlap: [n, h, w, k, c]; 0 where no window is. Gathers nothing.
 */
export function neighborMeans(
  x: Tensor,
  weights: Tensor,
  candidates: PlacedCandidates,
  windows: NeighborWindows = {},
): Tensor {
  const shape = candidateShape("neighborMeans", x, candidates, windows);
  const k = weights.shape.at(-2) ?? 0;
  const wanted = [shape.n, candidates.windows, k, shape.candidates];
  if (!sameShape(weights.shape, wanted)) {
    throw shapeError("weights of neighborMeans", shapeText(weights.shape), shapeText(wanted));
  }
  const { tape } = x;
  const { kernels } = tape;
  const [px, pw, index] = [x.address, weights.address, candidates.index.address];
  return tape.apply(
    [x, weights],
    [shape.n, shape.height, shape.width, k, shape.channels],
    (y) => kernels.neighborMeans(px, shape, index, pw, k, y),
    (dy) => {
      const room = (input: Tensor): number =>
        input.slot.tracked ? tape.gradient(input) : tape.scratch(input.size);
      kernels.neighborMeansGradient(px, shape, index, pw, k, dy, room(x), room(weights));
    },
  );
}

export interface AppendOptions {
  /** Where the images begin in the larger ones; default 0. */
  top?: number;
  left?: number;
  /** Whether the image is taken off each of the k. Default false. */
  difference?: boolean;
}

/**
 * Images [n, h, w, c] and k like each of them, cut from larger ones [n, h′, w′, k, c], as channels one after another:
 * [n, h, w, (1 + k) · c].
 */
export function appendNeighbors(x: Tensor, neighbors: Tensor, options: AppendOptions = {}): Tensor {
  const { top, left, difference } = resolveOptions({ top: 0, left: 0, difference: false }, options);
  const got = `${shapeText(x.shape)} and ${shapeText(neighbors.shape)}`;
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const [, tall, wide, k] = neighbors.shape as [number, number, number, number];
  const fits =
    x.rank === 4 &&
    sameShape(neighbors.shape, [n, tall, wide, k, channels]) &&
    wholeNumber("top", top, 0, 1 << 20) + height <= tall &&
    wholeNumber("left", left, 0, 1 << 20) + width <= wide;
  if (!fits) throw shapeError("appendNeighbors", got, "[n, h, w, c] and [n, h′, w′, k, c] around it");
  const shape = { n, height, width, channels, k, tall, wide, top, left, difference };
  const { tape } = x;
  const { kernels } = tape;
  const [px, parts] = [x.address, neighbors.address];
  return tape.apply(
    [x, neighbors],
    [n, height, width, (k + 1) * channels],
    (y) => kernels.append(px, parts, shape, y),
    (dy) => {
      const room = (input: Tensor): number =>
        input.slot.tracked ? tape.gradient(input) : tape.scratch(input.size);
      kernels.appendGradient(dy, shape, room(x), room(neighbors));
    },
  );
}
