import { type Dense, productsOfRows, rowsOf, transpose, zeros } from "../linalg/dense.ts";

/** Rows whose distances to all others are held at a time. */
const BLOCK = 64;
/** exp of less than this is 0 in float64. */
const LEAST_EXPONENT = -745;

/** Value and gradient of an objective over rows, their classes and L; scratch is kept between calls. */
export interface MetricObjective {
  /** Writes d value / d L (m × d) and returns the value. */
  evaluate(components: Float64Array, gradient: Float64Array): number;
}

/**
 * The objective of NCA, negated: −Σ_i p_i, where p_i is the share of row i's own class among softmax weights exp(−|Lx_i − Lx_j|²)
 * over j ≠ i (Goldberger et al. 2004, "Neighbourhood components analysis"). Lies between −n and 0; each evaluation costs three
 * products of n × n × m and holds 64 × n numbers.
 */
export function ncaObjective(x: Dense, codes: Uint32Array, m: number): MetricObjective {
  const n = x.rows;
  const d = x.cols;
  const z = zeros(n, m);
  const norms = new Float64Array(n);
  const weights = zeros(BLOCK, n);
  const pull = zeros(n, m);
  const columns = transpose(x);
  return {
    evaluate(components, gradient) {
      productsOfRows(x, { data: components, rows: m, cols: d, stride: d }, z.data.fill(0), m);
      centre(z);
      for (let i = 0; i < n; i++) norms[i] = squaredNorm(z.data, i * m, m);
      const across = transpose(z);
      pull.data.fill(0);
      let value = 0;
      for (let from = 0; from < n; from += BLOCK) {
        const count = Math.min(BLOCK, n - from);
        const block = { ...weights, rows: count };
        const own = rowsOf(z, from, count);
        productsOfRows(own, z, weights.data.fill(0), n);
        for (let i = 0; i < count; i++) value -= weigh(weights.data, i * n, from + i, n, norms, codes);
        // Σ_j (w_ij + w_ji)(z_i − z_j), as products with the block's weights.
        pullBySums(block, z, from, pull);
        negate(weights.data, count * n);
        productsOfRows(block, across, pull.data.subarray(from * m), m);
        productsOfRows(transpose(block), transpose(own), pull.data, m);
      }
      for (let i = 0; i < n * m; i++) pull.data[i]! *= 2;
      productsOfRows(transpose(pull), columns, gradient.fill(0), d);
      return value;
    },
  };
}

/** Products of row i become its pair weights p_ij (p_i − [same class]), those of the gradient of −p_i; returns p_i. */
function weigh(
  w: Float64Array,
  at: number,
  i: number,
  n: number,
  norms: Float64Array,
  codes: Uint32Array,
): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let j = 0; j < n; j++) {
    const distance = norms[i]! + norms[j]! - 2 * w[at + j]!;
    w[at + j] = distance;
    if (j !== i && distance < nearest) nearest = distance;
  }
  w[at + i] = Number.POSITIVE_INFINITY;
  let total = 0;
  let same = 0;
  const code = codes[i]!;
  for (let j = 0; j < n; j++) {
    const exponent = nearest - w[at + j]!;
    const p = exponent < LEAST_EXPONENT ? 0 : Math.exp(exponent);
    w[at + j] = p;
    total += p;
    if (codes[j] === code) same += p;
  }
  const share = same / total;
  for (let j = 0; j < n; j++) {
    const p = w[at + j]!;
    // d(−p_i)/d d²_ij = −p_ij (p_i − [same class]); the sign is the caller's pull towards what is of its class.
    if (p !== 0) w[at + j] = (p / total) * ((codes[j] === code ? 1 : 0) - share);
  }
  return share;
}

/** Adds (Σ_j w_ij) z_i to the block's rows and (Σ_i w_ij) z_j to all. */
function pullBySums({ data, rows, cols: n }: Dense, z: Dense, from: number, pull: Dense): void {
  const m = z.cols;
  const downward = new Float64Array(n);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const w = data[i * n + j]!;
      sum += w;
      downward[j]! += w;
    }
    downward[from + i]! += sum;
  }
  for (let j = 0; j < n; j++) {
    const sum = downward[j]!;
    if (sum !== 0) for (let c = 0; c < m; c++) pull.data[j * m + c]! += sum * z.data[j * m + c]!;
  }
}

function negate(data: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) data[i] = -data[i]!;
}

/** Takes the mean from all rows: distances stay, and lose less to rounding. */
export function centre({ data, rows, cols }: Dense): void {
  const mean = new Float64Array(cols);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < cols; j++) mean[j]! += data[at++]! / rows;
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[at++]! -= mean[j]!;
}

export function squaredNorm(data: Float64Array, at: number, count: number): number {
  let sum = 0;
  for (let j = 0; j < count; j++) sum += data[at + j]! * data[at + j]!;
  return sum;
}
