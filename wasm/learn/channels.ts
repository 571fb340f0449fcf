// Batch normalisation: statistics of each channel over rows × channels, and the way through and back. Rows are
// taken in blocks of fixed size, whose parts are summed in float64, so that the results do not depend on
// who did which block.
import { fma } from "../simd";

/** Rows of a block: 16 kB of 64 channels. */
const BLOCK: i32 = 64;

/** Of blocks begin … end, for each channel the sum and the sum of squares about the block's mean. */
export function blockMoments(
  _scratch: usize,
  x: usize,
  rows: i32,
  channels: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const step = <usize>channels * 4;
  for (let b = begin; b < end; b++) {
    const n = min(BLOCK, rows - BLOCK * b);
    const from = x + <usize>(BLOCK * b) * step;
    const sums = to + <usize>b * 2 * step;
    const squares = sums + step;
    const share = <f32>1 / <f32>n;
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      let sum = f32x4.splat(0);
      let more = sum;
      let p = from + c;
      let i = 0;
      for (; i + 2 <= n; i += 2) {
        sum = f32x4.add(sum, v128.load(p));
        more = f32x4.add(more, v128.load(p + step));
        p += 2 * step;
      }
      if (i < n) sum = f32x4.add(sum, v128.load(p));
      sum = f32x4.add(sum, more);
      const mean = f32x4.mul(sum, f32x4.splat(share));
      let square = f32x4.splat(0);
      more = square;
      p = from + c;
      for (i = 0; i + 2 <= n; i += 2) {
        const d = f32x4.sub(v128.load(p), mean);
        const e = f32x4.sub(v128.load(p + step), mean);
        square = fma(d, d, square);
        more = fma(e, e, more);
        p += 2 * step;
      }
      if (i < n) {
        const d = f32x4.sub(v128.load(p), mean);
        square = fma(d, d, square);
      }
      v128.store(sums + c, sum);
      v128.store(squares + c, f32x4.add(square, more));
    }
    for (; c < step; c += 4) {
      let sum: f32 = 0;
      let p = from + c;
      for (let i = 0; i < n; i++) {
        sum += load<f32>(p);
        p += step;
      }
      const mean = sum * share;
      let square: f32 = 0;
      p = from + c;
      for (let i = 0; i < n; i++) {
        const d = load<f32>(p) - mean;
        square += d * d;
        p += step;
      }
      store<f32>(sums + c, sum);
      store<f32>(squares + c, square);
    }
  }
}

/** Mean and 1/√(variance + epsilon) of channels begin … end from the blocks' moments (Chan et al. 1983). */
export function joinMoments(
  _scratch: usize,
  moments: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  mean: usize,
  inverse: usize,
  begin: i32,
  end: i32,
): void {
  const step = <usize>channels * 4;
  const blocks = (rows + BLOCK - 1) / BLOCK;
  for (let c = begin; c < end; c++) {
    const from = moments + <usize>c * 4;
    let sum: f64 = 0;
    for (let b = 0; b < blocks; b++) sum += <f64>load<f32>(from + <usize>b * 2 * step);
    const centre = sum / <f64>rows;
    let spread: f64 = 0;
    for (let b = 0; b < blocks; b++) {
      const n = <f64>min(BLOCK, rows - BLOCK * b);
      const at = from + <usize>b * 2 * step;
      const off = <f64>load<f32>(at) / n - centre;
      spread += <f64>load<f32>(at + step) + n * off * off;
    }
    store<f32>(mean + <usize>c * 4, <f32>centre);
    store<f32>(inverse + <usize>c * 4, <f32>(1 / sqrt<f64>(spread / <f64>rows + epsilon)));
  }
}

/** y = (x − mean) · inverse · gain + shift, perhaps relu; items are rows. Scratch: the channels' scales. */
export function normaliseRows(
  scratch: usize,
  x: usize,
  channels: i32,
  mean: usize,
  inverse: usize,
  gain: usize,
  shift: usize,
  relu: i32,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const step = <usize>channels * 4;
  for (let c: usize = 0; c < step; c += 4) store<f32>(scratch + c, load<f32>(inverse + c) * load<f32>(gain + c));
  const zero = f32x4.splat(0);
  // At least 0, or at least what is lower than all.
  const least = relu ? zero : f32x4.splat(-Infinity);
  for (let r = begin; r < end; r++) {
    const from = x + <usize>r * step;
    const to = y + <usize>r * step;
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      const d = f32x4.sub(v128.load(from + c), v128.load(mean + c));
      const value = fma(d, v128.load(scratch + c), v128.load(shift + c));
      v128.store(to + c, f32x4.pmax(value, least));
    }
    for (; c < step; c += 4) {
      const value = (load<f32>(from + c) - load<f32>(mean + c)) * load<f32>(scratch + c) + load<f32>(shift + c);
      store<f32>(to + c, relu && !(value > 0) ? 0 : value);
    }
  }
}

/** Of blocks begin … end, for each channel Σ g and Σ g · unit, g being what relu let through of dy. */
export function blockGradients(
  _scratch: usize,
  x: usize,
  y: usize,
  dy: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  inverse: usize,
  relu: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const step = <usize>channels * 4;
  const zero = f32x4.splat(0);
  for (let b = begin; b < end; b++) {
    const n = min(BLOCK, rows - BLOCK * b);
    const first = <usize>(BLOCK * b) * step;
    const sums = to + <usize>b * 2 * step;
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      const centre = v128.load(mean + c);
      let sum = zero;
      let product = zero;
      let at = first + c;
      for (let i = 0; i < n; i++) {
        let g = v128.load(dy + at);
        if (relu) g = v128.and(g, f32x4.gt(v128.load(y + at), zero));
        sum = f32x4.add(sum, g);
        product = fma(g, f32x4.sub(v128.load(x + at), centre), product);
        at += step;
      }
      v128.store(sums + c, sum);
      v128.store(sums + step + c, f32x4.mul(product, v128.load(inverse + c)));
    }
    for (; c < step; c += 4) {
      let sum: f32 = 0;
      let product: f32 = 0;
      let at = first + c;
      for (let i = 0; i < n; i++) {
        if (!relu || load<f32>(y + at) > 0) {
          const g = load<f32>(dy + at);
          sum += g;
          product += g * (load<f32>(x + at) - load<f32>(mean + c));
        }
        at += step;
      }
      store<f32>(sums + c, sum);
      store<f32>(sums + step + c, product * load<f32>(inverse + c));
    }
  }
}

/**
 * From the blocks' sums, for channels begin … end: dGain and dShift +=, and at `to` four rows of numbers for
 * {@link normaliseBack}: dx += first · g − second · (x − mean) − third.
 */
export function joinGradients(
  _scratch: usize,
  sums: usize,
  rows: i32,
  channels: i32,
  inverse: usize,
  gain: usize,
  batch: i32,
  dGain: usize,
  dShift: usize,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const step = <usize>channels * 4;
  const blocks = (rows + BLOCK - 1) / BLOCK;
  for (let k = begin; k < end; k++) {
    const c = <usize>k * 4;
    let byShift: f64 = 0;
    let byGain: f64 = 0;
    for (let b = 0; b < blocks; b++) {
      const at = sums + <usize>b * 2 * step + c;
      byShift += <f64>load<f32>(at);
      byGain += <f64>load<f32>(at + step);
    }
    store<f32>(dShift + c, load<f32>(dShift + c) + <f32>byShift);
    store<f32>(dGain + c, load<f32>(dGain + c) + <f32>byGain);
    const unit = <f64>load<f32>(inverse + c);
    const scale = <f64>load<f32>(gain + c) * unit;
    store<f32>(to + c, <f32>scale);
    store<f32>(to + step + c, batch ? <f32>((scale * unit * byGain) / <f64>rows) : 0);
    store<f32>(to + 2 * step + c, batch ? <f32>((scale * byShift) / <f64>rows) : 0);
  }
}

/** dx (+)= what {@link joinGradients} says; items are rows. */
export function normaliseBack(
  _scratch: usize,
  x: usize,
  y: usize,
  dy: usize,
  channels: i32,
  mean: usize,
  factors: usize,
  relu: i32,
  dx: usize,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const step = <usize>channels * 4;
  const second = factors + step;
  const third = second + step;
  const zero = f32x4.splat(0);
  for (let r = begin; r < end; r++) {
    const at = <usize>r * step;
    let c: usize = 0;
    for (; c + 16 <= step; c += 16) {
      let g = v128.load(dy + at + c);
      if (relu) g = v128.and(g, f32x4.gt(v128.load(y + at + c), zero));
      const d = f32x4.sub(v128.load(x + at + c), v128.load(mean + c));
      const common = fma(d, v128.load(second + c), v128.load(third + c));
      const value = f32x4.sub(f32x4.mul(g, v128.load(factors + c)), common);
      v128.store(dx + at + c, add ? f32x4.add(v128.load(dx + at + c), value) : value);
    }
    for (; c < step; c += 4) {
      const g: f32 = relu && !(load<f32>(y + at + c) > 0) ? 0 : load<f32>(dy + at + c);
      const d = load<f32>(x + at + c) - load<f32>(mean + c);
      const value = g * load<f32>(factors + c) - (d * load<f32>(second + c) + load<f32>(third + c));
      store<f32>(dx + at + c, add ? load<f32>(dx + at + c) + value : value);
    }
  }
}
