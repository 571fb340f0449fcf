/**
 * Offsets and step of the codes that bound an exact search: x̂ = offset + step · code, code 0 … 127. Codes need
 * not be good for answers to be right; good ones exclude more rows.
 */
export interface CodeBounds {
  /** float32[codeDim]. */
  readonly offsets: Float32Array;
  /** Float32 value, at least 2⁻¹⁰⁰. */
  readonly step: number;
}

const LEVELS = 127;
const MIN_STEP = 2 ** -100;
/** Steps are tried from the one that covers every range down to this fraction of it. */
const SMALLEST = 2 ** -12;
const BISECTIONS = 28;

/** Ascending values of one dimension and their running sums. */
interface Column {
  readonly values: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

function columnOf(sample: ArrayLike<number>, count: number, stride: number, at: number): Column {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = sample[i * stride + at]!;
  values.sort();
  // Sums around the median keep the squares of far-off columns from drowning the differences.
  const sums = new Float64Array(count + 1);
  const squares = new Float64Array(count + 1);
  const center = values[count >> 1]!;
  for (let i = 0; i < count; i++) {
    const x = values[i]! - center;
    sums[i + 1] = sums[i]! + x;
    squares[i + 1] = squares[i]! + x * x;
  }
  return { values, sums, squares };
}

/** How many values are below x. */
function below(values: Float64Array, x: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the window [o, o + width] clips least in squares: the root of a rising derivative. */
function bestStart({ values, sums }: Column, width: number): number {
  const n = values.length;
  const center = values[n >> 1]!;
  let low = values[0]!;
  let high = values[n - 1]! - width;
  for (let i = 0; i < BISECTIONS; i++) {
    const o = (low + high) / 2;
    const left = below(values, o);
    const right = below(values, o + width);
    const under = left * (o - center) - sums[left]!;
    const over = sums[n]! - sums[right]! - (n - right) * (o + width - center);
    if (under < over) low = o;
    else high = o;
  }
  return (low + high) / 2;
}

function clipped({ values, sums, squares }: Column, start: number, width: number): number {
  const n = values.length;
  const center = values[n >> 1]!;
  const left = below(values, start);
  const right = below(values, start + width);
  const a = start - center;
  const b = a + width;
  const under = left * a * a - 2 * a * sums[left]! + squares[left]!;
  const over = (n - right) * b * b - 2 * b * (sums[n]! - sums[right]!) + squares[n]! - squares[right]!;
  return Math.max(under, 0) + Math.max(over, 0);
}

const rangeOf = ({ values }: Column): number => values[values.length - 1]! - values[0]!;

/** Squared error of one column: what is cut off, and rounding of the rest. */
function columnError(column: Column, step: number): number {
  const range = rangeOf(column);
  if (range === 0) return 0;
  const width = LEVELS * step;
  const cell = Math.min(step, range);
  const rounding = (column.values.length * cell * cell) / 12;
  return range <= width ? rounding : rounding + clipped(column, bestStart(column, width), width);
}

function offsetOf(column: Column, step: number): number {
  const width = LEVELS * step;
  const range = rangeOf(column);
  if (range > width) return bestStart(column, width);
  // In the middle of the window, with the lowest value right on a code: constant columns have no error.
  return column.values[0]! - step * Math.floor((LEVELS - Math.ceil(range / step)) / 2);
}

/**
 * The step and offsets of least squared error on a sample.
 *
 * @param sample `count` rows, `stride` elements apart, `dims` of them used; finite; count >= 1
 * @param codeDim length of the offsets; those from `dims` on are 0
 * @remarks O(dims · count · log count), deterministic; holds one more copy of the sample
 */
export function trainBounds(
  sample: ArrayLike<number>,
  count: number,
  dims: number,
  stride: number,
  codeDim: number,
): CodeBounds {
  const columns: Column[] = [];
  let widest = 0;
  for (let j = 0; j < dims; j++) {
    const column = columnOf(sample, count, stride, j);
    columns.push(column);
    widest = Math.max(widest, rangeOf(column));
  }
  const step = Math.fround(Math.max(bestStep(columns, widest / LEVELS), MIN_STEP));
  const offsets = new Float32Array(codeDim);
  for (let j = 0; j < dims; j++) {
    const offset = offsetOf(columns[j]!, step);
    offsets[j] = Math.max(-3.4e38, Math.min(3.4e38, offset));
  }
  return { offsets, step };
}

function bestStep(columns: readonly Column[], largest: number): number {
  const error = (step: number): number => columns.reduce((sum, column) => sum + columnError(column, step), 0);
  let best = largest;
  let least = error(largest);
  const consider = (step: number): void => {
    const e = error(step);
    if (e < least) {
      least = e;
      best = step;
    }
  };
  for (let step = largest / 2 ** 0.5; step > largest * SMALLEST; step /= 2 ** 0.5) consider(step);
  const around = best;
  for (const e of [-0.25, 0.25]) consider(around * 2 ** e);
  const closer = best;
  for (const e of [-0.125, 0.125]) consider(closer * 2 ** e);
  return best;
}
