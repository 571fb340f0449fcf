/** A square matrix of float64, row-major. */
export interface Square {
  readonly n: number;
  readonly data: Float64Array;
}

/** A transform of blocks X by T · X · Tᵀ, and the matrix that undoes T. */
export interface BlockTransform {
  readonly forward: Square;
  readonly inverse: Square;
}

/** The low-pass filter of the biorthogonal spline wavelet 1.5, for analysis, times 256 / √2. */
const LOW = [3, -3, -22, 22, 128, 128, 22, -22, -3, 3];

/**
 * The wavelet bior1.5 of a period of n numbers, a power of two, in all its levels: coefficients of the coarsest level
 * first. Rows have unit length, so that white noise keeps its deviation in every coefficient.
 *
 * @see Cohen, Daubechies & Feauveau, "Biorthogonal bases of compactly supported wavelets", 1992
 */
export function bior15(n: number): BlockTransform {
  const data = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    const signal = Float64Array.from({ length: n }, (_, i) => (i === column ? 1 : 0));
    for (let length = n; length > 1; length /= 2) analyse(signal, length);
    for (let row = 0; row < n; row++) data[row * n + column] = signal[row]!;
  }
  for (let row = 0; row < n; row++) {
    const values = data.subarray(row * n, (row + 1) * n);
    const norm = Math.hypot(...values);
    for (let i = 0; i < n; i++) values[i]! /= norm;
  }
  const forward = { n, data };
  return { forward, inverse: inverseOf(forward) };
}

/** One level: the first `length` numbers become half as many of either band. */
function analyse(signal: Float64Array, length: number): void {
  const half = length / 2;
  const low = new Float64Array(half);
  const high = new Float64Array(half);
  for (let i = 0; i < half; i++) {
    for (const [k, tap] of LOW.entries()) {
      low[i]! += (tap * Math.SQRT2 * signal[(2 * i + k - 4 + 4 * length) % length]!) / 256;
    }
    high[i] = (signal[2 * i]! - signal[2 * i + 1]!) * Math.SQRT1_2;
  }
  signal.set(low);
  signal.set(high, half);
}

/** The orthonormal discrete cosine transform, of the second kind. */
export function cosine(n: number): BlockTransform {
  const data = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const scale = Math.sqrt((k === 0 ? 1 : 2) / n);
    for (let i = 0; i < n; i++) data[k * n + i] = scale * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * n));
  }
  const forward = { n, data };
  return { forward, inverse: turned(forward) };
}

export function turned({ n, data }: Square): Square {
  return { n, data: Float64Array.from(data, (_, at) => data[(at % n) * n + Math.floor(at / n)]!) };
}

/** Gauss–Jordan elimination with the largest pivot of each column. */
function inverseOf({ n, data }: Square): Square {
  const left = Float64Array.from(data);
  const right = Float64Array.from(data, (_, at) => (at % n === Math.floor(at / n) ? 1 : 0));
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(left[row * n + column]!) > Math.abs(left[pivot * n + column]!)) pivot = row;
    }
    for (const part of [left, right]) {
      const chosen = part.slice(pivot * n, (pivot + 1) * n);
      part.copyWithin(pivot * n, column * n, (column + 1) * n);
      part.set(chosen, column * n);
    }
    const scale = 1 / left[column * n + column]!;
    for (let i = 0; i < n; i++) {
      left[column * n + i]! *= scale;
      right[column * n + i]! *= scale;
    }
    for (let row = 0; row < n; row++) {
      const factor = left[row * n + column]!;
      if (row === column || factor === 0) continue;
      for (let i = 0; i < n; i++) {
        left[row * n + i]! -= factor * left[column * n + i]!;
        right[row * n + i]! -= factor * right[column * n + i]!;
      }
    }
  }
  return { n, data: right };
}

/** Kaiser's window over a block: the outer product of the one of n numbers with itself. */
export function kaiser(n: number, beta: number): Square {
  const line = Float64Array.from({ length: n }, (_, i) => {
    const place = n === 1 ? 0 : (2 * i) / (n - 1) - 1;
    return bessel0(beta * Math.sqrt(1 - place * place)) / bessel0(beta);
  });
  return {
    n,
    data: Float64Array.from({ length: n * n }, (_, at) => line[Math.floor(at / n)]! * line[at % n]!),
  };
}

/** The modified Bessel function of the first kind and order 0, by its series. */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 60; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
