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
const SMALLEST = 2 ** -20;
/** Rows outside the sample lie further out; a step a little too large costs less than cutting them off. */
const MARGIN = 1.05;
const GROUP = 8;

interface Sample {
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly dims: number;
  readonly stride: number;
  /** The values of each dimension, ascending. */
  readonly columns: readonly Float64Array[];
  /** A distance that rows of the sample lie apart. */
  readonly spread: number;
}

/**
 * Offsets and step that let most rows be excluded: of all steps tried, the one with the smallest mean, over
 * groups of eight rows of a sample, of the group's largest error, no group counting more than the distance at
 * which rows lie apart. Squared errors alone would stretch the codes over a few far-off values; here these
 * spoil their own groups only.
 *
 * @param values `count` rows, `stride` elements apart, `dims` of them used; finite; count >= 1
 * @param codeDim length of the offsets; those from `dims` on are 0
 * @remarks about 30 passes over the sample, deterministic; holds one more copy of it
 */
export function trainBounds(
  values: ArrayLike<number>,
  count: number,
  dims: number,
  stride: number,
  codeDim: number,
): CodeBounds {
  const columns = Array.from({ length: dims }, (_, j) => {
    return Float64Array.from({ length: count }, (_, i) => values[i * stride + j]!).sort();
  });
  const widest = columns.reduce((most, column) => Math.max(most, rangeOf(column)), 0);
  const sample = { values, count, dims, stride, columns, spread: 0 };
  const spread = medianDistance(sample);
  const best = bestStep({ ...sample, spread: spread > 0 ? spread : Infinity }, widest / LEVELS);
  const step = Math.fround(Math.max(MARGIN * best, MIN_STEP));
  const offsets = new Float32Array(codeDim);
  columns.forEach((column, j) => {
    offsets[j] = Math.max(-3.4e38, Math.min(3.4e38, offsetOf(column, step)));
  });
  return { offsets, step };
}

function rangeOf(column: Float64Array): number {
  return column[column.length - 1]! - column[0]!;
}

/** Where codes of one dimension start; a window too narrow for it cuts as many values below as above. */
function offsetOf(column: Float64Array, step: number): number {
  const n = column.length;
  const width = LEVELS * step;
  const range = rangeOf(column);
  // In the middle of the window, with the lowest value right on a code: constant columns have no error.
  if (range <= width) return column[0]! - step * Math.floor((LEVELS - Math.ceil(range / step)) / 2);
  let low = 0;
  let high = (n - 1) >> 1;
  while (low < high) {
    const cut = (low + high) >> 1;
    if (column[n - 1 - cut]! - column[cut]! <= width) high = cut;
    else low = cut + 1;
  }
  return (column[low]! + column[n - 1 - low]!) / 2 - width / 2;
}

/** Median distance of rows that follow each other in the sample. */
function medianDistance({ values, count, dims, stride }: Sample): number {
  const distances = Float64Array.from({ length: count - 1 }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < dims; j++) sum += (values[i * stride + j]! - values[(i + 1) * stride + j]!) ** 2;
    return Math.sqrt(sum);
  }).sort();
  return distances[distances.length >> 1] ?? 0;
}

/** Mean over groups of the largest error in the group, at most `spread`. */
function meanError(sample: Sample, step: number): number {
  const { values, count, dims, stride, columns, spread } = sample;
  const offsets = Float64Array.from(columns, (column) => offsetOf(column, step));
  const inverse = 1 / step;
  let total = 0;
  let worst = 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < dims; j++) {
      const t = values[i * stride + j]! - offsets[j]!;
      const code = Math.round(t * inverse);
      const error = t - step * (code < 0 ? 0 : code > LEVELS ? LEVELS : code);
      sum += error * error;
    }
    worst = Math.max(worst, sum);
    if (i % GROUP !== GROUP - 1 && i !== count - 1) continue;
    total += Math.min(Math.sqrt(worst), spread);
    worst = 0;
  }
  return total;
}

function bestStep(sample: Sample, largest: number): number {
  if (largest < MIN_STEP) return largest;
  let best = largest;
  let least = meanError(sample, largest);
  const consider = (step: number): void => {
    const error = meanError(sample, step);
    if (error >= least) return;
    least = error;
    best = step;
  };
  for (let step = largest / 2; step > Math.max(largest * SMALLEST, MIN_STEP); step /= 2) consider(step);
  for (const part of [1 / 2, 1 / 4, 1 / 8]) {
    const around = best;
    consider(around * 2 ** part);
    consider(around / 2 ** part);
  }
  return best;
}
