import { wholeNumber } from "../../core/index.ts";
import type { ConvShape, WindowShape } from "../kernels.ts";
import { shapeError, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export interface ConvOptions {
  /** Bias of [channels out]. */
  bias?: Tensor;
  /** Pixels between windows, default 1. */
  stride?: number;
  /** Zeros around the image: a number, or "same" = (kernel − 1) / 2. Default "same". */
  pad?: number | "same";
}

function convShape(x: Tensor, w: Tensor, { bias, stride = 1, pad = "same" }: ConvOptions): ConvShape {
  const got = `${shapeText(x.shape)} and ${shapeText(w.shape)}`;
  const rule = "[n, height, width, channels] and [kernel height, kernel width, channels, channels out]";
  if (x.rank !== 4 || w.rank !== 4 || x.shape[3] !== w.shape[2]) throw shapeError("convolve", got, rule);
  const [n, height, width, channelsIn] = x.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth, , channelsOut] = w.shape as [number, number, number, number];
  if (pad === "same" && (kernelHeight % 2 === 0 || kernelHeight !== kernelWidth)) {
    throw shapeError("convolve", got, "square kernels of odd size for pad: same; give pad a number");
  }
  wholeNumber("stride", stride, 1, 1024);
  const border = pad === "same" ? (kernelHeight - 1) / 2 : wholeNumber("pad", pad, 0, 1024);
  const outHeight = Math.floor((height + 2 * border - kernelHeight) / stride) + 1;
  const outWidth = Math.floor((width + 2 * border - kernelWidth) / stride) + 1;
  if (outHeight < 1 || outWidth < 1) throw shapeError("convolve", got, "an image no smaller than the kernel");
  if (bias !== undefined && (bias.rank !== 1 || bias.size !== channelsOut)) {
    throw shapeError("bias of convolve", shapeText(bias.shape), `[${channelsOut}]`);
  }
  const out = { channelsOut, kernelHeight, kernelWidth, stride, pad: border, outHeight, outWidth };
  return { n, height, width, channelsIn, ...out };
}

/**
 * Images [n, height, width, channels] with kernels [kernel height, kernel width, channels, channels out]
 * (cross-correlation, as networks have it). Cost: 2 · n · out pixels · kernel pixels · channels · channels out.
 */
export function convolve(x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor {
  const shape = convShape(x, w, options);
  const { bias } = options;
  const { tape } = x;
  const { kernels } = tape;
  const [px, pw] = [x.address, w.address];
  const outRows = shape.n * shape.outHeight * shape.outWidth;
  return tape.apply(
    bias === undefined ? [x, w] : [x, w, bias],
    [shape.n, shape.outHeight, shape.outWidth, shape.channelsOut],
    (y) => kernels.convolve(px, pw, bias === undefined ? 0 : bias.address, y, shape),
    (dy) => {
      if (x.slot.tracked) kernels.convolveInputGradient(dy, pw, tape.gradient(x), shape);
      if (w.slot.tracked) kernels.convolveWeightGradient(px, dy, tape.gradient(w), shape);
      if (bias?.slot.tracked) kernels.sum(dy, 1, outRows, shape.channelsOut, 1, tape.gradient(bias), true);
    },
  );
}

export interface WindowOptions {
  /** Pixels between windows; default the size of a window. */
  stride?: number;
  /** Zeros around the image, default 0. */
  pad?: number;
}

function windowShape(
  what: string,
  x: Tensor,
  size: number,
  { stride = size, pad = 0 }: WindowOptions,
): WindowShape {
  if (x.rank !== 4) throw shapeError(what, shapeText(x.shape), "[n, height, width, channels]");
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  wholeNumber("size", size, 1, 1024);
  wholeNumber("stride", stride, 1, 1024);
  wholeNumber("pad", pad, 0, size - 1);
  const outHeight = Math.floor((height + 2 * pad - size) / stride) + 1;
  const outWidth = Math.floor((width + 2 * pad - size) / stride) + 1;
  if (outHeight < 1 || outWidth < 1)
    throw shapeError(what, shapeText(x.shape), `an image that windows of ${size} fit in`);
  return { n, height, width, channels, size, stride, pad, outHeight, outWidth };
}

const outOf = (s: WindowShape, channels = s.channels): number[] => [s.n, s.outHeight, s.outWidth, channels];

/** The largest of each window and channel; among equals the first takes the gradient. */
export function maxPool(x: Tensor, size: number, options: WindowOptions = {}): Tensor {
  const shape = windowShape("maxPool", x, size, options);
  const { tape, address } = x;
  const { kernels } = tape;
  const at = tape.scratch(shape.n * shape.outHeight * shape.outWidth * shape.channels);
  return tape.apply(
    [x],
    outOf(shape),
    (y) => kernels.maxPool(address, shape, y, at),
    (dy) => kernels.maxPoolGradient(dy, at, shape, tape.gradient(x)),
  );
}

/** The mean of each window and channel; padding counts as zero. */
export function meanPool(x: Tensor, size: number, options: WindowOptions = {}): Tensor {
  const shape = windowShape("meanPool", x, size, options);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    outOf(shape),
    (y) => kernels.meanPool(address, shape, y),
    (dy) => kernels.meanPoolGradient(dy, shape, tape.gradient(x)),
  );
}

/** Windows of an image, each laid out as one row of size · size · channels: [n, down, across, that]. */
export function patches(x: Tensor, size: number, options: WindowOptions = {}): Tensor {
  const shape = windowShape("patches", x, size, options);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    outOf(shape, size * size * shape.channels),
    (y) => kernels.patches(address, shape, y),
    (dy) => kernels.overlapAdd(dy, shape, tape.gradient(x)),
  );
}

/** Patches added up where they came from, in an image [height, width]: the transpose of {@link patches}. */
export function overlapAdd(
  x: Tensor,
  image: { readonly height: number; readonly width: number },
  size: number,
  options: WindowOptions = {},
): Tensor {
  if (x.rank !== 4)
    throw shapeError("overlapAdd", shapeText(x.shape), "[n, down, across, size · size · channels]");
  const [n, down, across, length] = x.shape as [number, number, number, number];
  const { tape, address } = x;
  const { kernels } = tape;
  const channels = length / size ** 2;
  const out = tape.full([n, image.height, image.width, Number.isInteger(channels) ? channels : 0], 0);
  const shape = windowShape("overlapAdd", out, size, options);
  if (!Number.isInteger(channels) || shape.outHeight !== down || shape.outWidth !== across) {
    const rule = `[${n}, ${shape.outHeight}, ${shape.outWidth}, ${size} · ${size} · channels] for this image`;
    throw shapeError("overlapAdd", shapeText(x.shape), rule);
  }
  return tape.apply(
    [x],
    out.shape,
    (y) => {
      kernels.fill(y, out.size, 0);
      kernels.overlapAdd(address, shape, y);
    },
    (dy) => {
      const back = tape.scratch(x.size);
      kernels.patches(dy, shape, back);
      kernels.axpy(1, back, tape.gradient(x), x.size);
    },
  );
}

/** Zeros around images [n, height, width, channels]: so many rows and columns at each side. */
export function pad(
  x: Tensor,
  { top = 0, bottom = 0, left = 0, right = 0 }: Partial<Record<"top" | "bottom" | "left" | "right", number>>,
): Tensor {
  if (x.rank !== 4) throw shapeError("pad", shapeText(x.shape), "[n, height, width, channels]");
  for (const [side, zeros] of Object.entries({ top, bottom, left, right }))
    wholeNumber(side, zeros, 0, 1 << 20);
  if (top + bottom + left + right === 0) return x;
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const [tall, wide] = [top + height + bottom, left + width + right];
  const run = width * channels;
  const { tape, address } = x;
  const { kernels } = tape;
  const inner = (image: number, padded: number): number =>
    padded + ((image * tall + top) * wide + left) * channels;
  return tape.apply(
    [x],
    [n, tall, wide, channels],
    (y) => {
      kernels.fill(y, n * tall * wide * channels, 0);
      for (let i = 0; i < n; i++)
        kernels.copyRows(address + i * height * run, run, inner(i, y), wide * channels, height, run, false);
    },
    (dy) => {
      const dx = tape.gradient(x);
      for (let i = 0; i < n; i++)
        kernels.copyRows(inner(i, dy), wide * channels, dx + i * height * run, run, height, run, true);
    },
  );
}
