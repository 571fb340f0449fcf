/**
 * The numeric work of a tape, behind one interface: float32 in WebAssembly, or plain TypeScript in either
 * precision as the definition. Arrays are addresses into one flat heap, counted in elements. Tensors are
 * row-major and dense; images are `[n, height, width, channels]`, convolution weights
 * `[kernel height, kernel width, channels in, channels out]`. Index arrays hold whole numbers as elements.
 * Shapes have been checked by the caller.
 */

/** An address in the heap, in elements. */
export type Address = number;

export type Precision = "f32" | "f64";

/** Element-wise functions of one value; leakyRelu is 0.01 x below zero, gelu has its tanh form. */
export const UNARY = {
  relu: 0,
  leakyRelu: 1,
  sigmoid: 2,
  tanh: 3,
  exp: 4,
  log: 5,
  sqrt: 6,
  square: 7,
  neg: 8,
  abs: 9,
  gelu: 10,
  softplus: 11,
  reciprocal: 12,
} as const;
export type UnaryOp = keyof typeof UNARY;

/** Element-wise functions of two values. Where max or min are equal, the first takes the gradient. */
export const BINARY = { add: 0, sub: 1, mul: 2, div: 3, max: 4, min: 5, pow: 6 } as const;
export type BinaryOp = keyof typeof BINARY;

/** Four extents, outermost first, and the distance in elements between entries along each; 0 repeats. */
export type Extents = readonly [number, number, number, number];

/** C (+)= op(A) · op(B) for each of `batch` products; op transposes where asked. */
export interface Gemm {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly a: Address;
  /** Elements between rows of A as stored: M × K, or K × M when transposed. */
  readonly lda: number;
  readonly transposeA: boolean;
  readonly b: Address;
  readonly ldb: number;
  readonly transposeB: boolean;
  readonly c: Address;
  readonly ldc: number;
  /** Whether to add to C; else it is overwritten. */
  readonly add: boolean;
  readonly batch: number;
  /** Elements between one product's matrices and the next's; 0 uses the same again. */
  readonly strideA: number;
  readonly strideB: number;
  readonly strideC: number;
}

/** A convolution: `out = floor((in + 2 pad − kernel) / stride) + 1` along each side. */
export interface ConvShape {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly pad: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Windows of an image for pooling and patches: no window leaves the padded image. */
export interface WindowShape {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly size: number;
  readonly stride: number;
  readonly pad: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Rows of distances to candidates, from which k steps give weights [rows, k, cols]. */
export interface Relaxation {
  readonly rows: number;
  /** Candidates of a row. */
  readonly cols: number;
  readonly k: number;
  /** Whether penalties are divided by the temperature (a ← a + log(1 − w), w = softmax(a / t)); else not. */
  readonly alpha: boolean;
}

/** Windows of images (no padding), each with others of its image, its candidates, by number within the image. */
export interface CandidateShape extends WindowShape {
  /** Candidates of each window. */
  readonly candidates: number;
  /** Whether the index is [n, windows, candidates]; else [windows, candidates], the same for all images. */
  readonly ownIndex: boolean;
}

/** Images [n, height, width, channels], and k like them for each within larger ones, [n, tall, wide, k, channels]. */
export interface AppendShape {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly k: number;
  readonly tall: number;
  readonly wide: number;
  /** Where an image begins in the larger one. */
  readonly top: number;
  readonly left: number;
  /** Whether the image is taken off each of the k. */
  readonly difference: boolean;
}

export interface AdamStep {
  readonly parameter: Address;
  readonly gradient: Address;
  readonly firstMoment: Address;
  readonly secondMoment: Address;
  readonly n: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Added to the gradient (Adam), as a multiple of the parameter. */
  readonly l2: number;
  /** Taken from the parameter directly (AdamW), times the learning rate. */
  readonly decay: number;
  /** Steps taken, this one included. */
  readonly t: number;
}

export interface SgdStep {
  readonly parameter: Address;
  readonly gradient: Address;
  readonly velocity: Address;
  readonly n: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly l2: number;
}

export interface Kernels {
  readonly precision: Precision;
  /** Elements below this address are not for tensors; never 0, which means none. A multiple of 16. */
  readonly firstAddress: Address;
  /** All elements. Fresh when read: keep none across {@link reserve}. */
  readonly heap: Float32Array | Float64Array;
  /** Makes the heap at least that many elements; contents stay, new ones are zero. Throws OUT_OF_MEMORY. */
  reserve(elements: number): void;

  fill(y: Address, n: number, value: number): void;
  copy(x: Address, y: Address, n: number): void;
  /** y += scale · x */
  axpy(scale: number, x: Address, y: Address, n: number): void;
  /** Σ x², summed with care for precision. */
  sumOfSquares(x: Address, n: number): number;
  /** Whether all are finite. */
  finite(x: Address, n: number): boolean;

  unary(op: UnaryOp, x: Address, y: Address, n: number): void;
  /** dx += f′(x) dy, where y = f(x). */
  unaryGradient(op: UnaryOp, x: Address, y: Address, dy: Address, dx: Address, n: number): void;
  /** y = f(a, b) over dense y of these extents. */
  binary(
    op: BinaryOp,
    a: Address,
    aSteps: Extents,
    b: Address,
    bSteps: Extents,
    y: Address,
    extents: Extents,
  ): void;
  /** out += ∂f/∂(side) dy, out stepping as that side does, so that repeated entries add up. */
  binaryGradient(
    op: BinaryOp,
    side: "a" | "b",
    a: Address,
    aSteps: Extents,
    b: Address,
    bSteps: Extents,
    dy: Address,
    out: Address,
    extents: Extents,
  ): void;

  /** y[o, i] (+)= scale · Σ_m x[o, m, i] */
  sum(x: Address, outer: number, mid: number, inner: number, scale: number, y: Address, add: boolean): void;
  /** dx[o, m, i] += scale · dy[o, i] */
  spread(dy: Address, outer: number, mid: number, inner: number, scale: number, dx: Address): void;
  /** y[o, i] = max over m; `at` gets the first m that attains it. */
  max(x: Address, outer: number, mid: number, inner: number, y: Address, at: Address): void;
  /** dx[o, at[o, i], i] += dy[o, i] */
  maxGradient(dy: Address, at: Address, outer: number, mid: number, inner: number, dx: Address): void;

  /** Along rows; numerically safe. A row of −∞ alone gives zeros (softmax) or −∞ (others). */
  softmax(x: Address, rows: number, cols: number, y: Address): void;
  softmaxGradient(y: Address, dy: Address, rows: number, cols: number, dx: Address): void;
  logSoftmax(x: Address, rows: number, cols: number, y: Address): void;
  logSoftmaxGradient(y: Address, dy: Address, rows: number, cols: number, dx: Address): void;
  logSumExp(x: Address, rows: number, cols: number, y: Address): void;
  logSumExpGradient(x: Address, y: Address, dy: Address, rows: number, cols: number, dx: Address): void;
  /** The k largest of each row, largest first, the lower column first among equals. */
  topK(x: Address, rows: number, cols: number, k: number, values: Address, at: Address): void;
  /** dx[r, at[r, j]] += dy[r, j] for j < k */
  topKGradient(dy: Address, at: Address, rows: number, cols: number, k: number, dx: Address): void;

  gemm(product: Gemm): void;
  /** y[i, j] = Σ (a_i − b_j)², never negative; a is rowsA × d, b is rowsB × d. */
  squaredDistances(a: Address, rowsA: number, b: Address, rowsB: number, d: number, y: Address): void;

  /** y[r] = x[index[r]], rows of `cols`. */
  gatherRows(x: Address, cols: number, index: Address, rows: number, y: Address): void;
  /** x[index[r]] += y[r] */
  scatterAddRows(y: Address, cols: number, index: Address, rows: number, x: Address): void;
  /** Moves axes: entry (i0, …) of the dense y of these extents is x at Σ i·steps; `add` adds instead. */
  permute(x: Address, steps: readonly number[], y: Address, extents: readonly number[], add: boolean): void;

  /** y = x ∗ w (+ bias, of channelsOut; 0 = none). */
  convolve(x: Address, w: Address, bias: Address, y: Address, shape: ConvShape): void;
  /** dx += */
  convolveInputGradient(dy: Address, w: Address, dx: Address, shape: ConvShape): void;
  /** dw += */
  convolveWeightGradient(x: Address, dy: Address, dw: Address, shape: ConvShape): void;

  /** Per channel over rows × channels: mean, and 1/√(biased variance + epsilon). */
  channelStatistics(
    x: Address,
    rows: number,
    channels: number,
    epsilon: number,
    mean: Address,
    inverse: Address,
  ): void;
  /** y = (x − mean) · inverse · gain + shift, then relu if asked. */
  normalise(
    x: Address,
    rows: number,
    channels: number,
    mean: Address,
    inverse: Address,
    gain: Address,
    shift: Address,
    relu: boolean,
    y: Address,
  ): void;
  /**
   * The way back through {@link normalise}: dx, dGain, dShift += . With `batch` the statistics are those of x
   * itself and take part; else they are constants. With `relu`, y tells where it let through.
   */
  normaliseGradient(
    x: Address,
    y: Address,
    dy: Address,
    rows: number,
    channels: number,
    mean: Address,
    inverse: Address,
    gain: Address,
    relu: boolean,
    batch: boolean,
    dx: Address,
    dGain: Address,
    dShift: Address,
  ): void;

  /** `at` gets the element of x that was largest, the first among equals, counted within its image. */
  maxPool(x: Address, shape: WindowShape, y: Address, at: Address): void;
  maxPoolGradient(dy: Address, at: Address, shape: WindowShape, dx: Address): void;
  /** Means over windows; what lies in the padding counts as zero. */
  meanPool(x: Address, shape: WindowShape, y: Address): void;
  meanPoolGradient(dy: Address, shape: WindowShape, dx: Address): void;
  /** y[n, outHeight, outWidth, size · size · channels] = the windows of x, zero outside. */
  patches(x: Address, shape: WindowShape, y: Address): void;
  /** x[window] += patch: the transpose of {@link patches}. */
  overlapAdd(y: Address, shape: WindowShape, x: Address): void;

  /**
   * w[r, step, i]: weights that take k neighbours one after another, softly, from distances d[r, i] at
   * temperature t[r]. A candidate at distance +∞ never has weight; a row of none but such has zeros.
   */
  relax(d: Address, t: Address, shape: Relaxation, w: Address): void;
  /** dd, dt += */
  relaxGradient(d: Address, t: Address, shape: Relaxation, dw: Address, dd: Address, dt: Address): void;
  /** y[n, window, j] = Σ (window − its j-th candidate)² */
  neighborDistances(x: Address, shape: CandidateShape, index: Address, y: Address): void;
  /** dx += */
  neighborDistancesGradient(
    x: Address,
    shape: CandidateShape,
    index: Address,
    dy: Address,
    dx: Address,
  ): void;
  /**
   * y[n, height, width, k, channels]: for each window and r < k the sum of its candidates with weights
   * w[n, window, r, j], laid where the window is; the mean where windows overlap, 0 where there is none.
   */
  neighborMeans(x: Address, shape: CandidateShape, index: Address, w: Address, k: number, y: Address): void;
  /** dx, dw += */
  neighborMeansGradient(
    x: Address,
    shape: CandidateShape,
    index: Address,
    w: Address,
    k: number,
    dy: Address,
    dx: Address,
    dw: Address,
  ): void;
  /** y[n, height, width, 1 + k, channels] = x, then each of the k or its difference from x. */
  append(x: Address, parts: Address, shape: AppendShape, y: Address): void;
  /** dx, dParts += */
  appendGradient(dy: Address, shape: AppendShape, dx: Address, dParts: Address): void;
  /** y[r] (+)= x[r], rows of `cols` numbers that begin xStep and yStep elements apart. */
  copyRows(
    x: Address,
    xStep: number,
    y: Address,
    yStep: number,
    rows: number,
    cols: number,
    add: boolean,
  ): void;

  adam(step: AdamStep): void;
  sgd(step: SgdStep): void;

  /** Ends threads and gives memory back; nothing else may be called then. */
  dispose(): void;
}
