import {
  createRng,
  type Job,
  type Matrix,
  type Progress,
  type Rng,
  resolveOptions,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";

/** Parameters of the generated set; all optional. */
export interface SyntheticOptions {
  /** Rows of the base. */
  n: number;
  /** Components a row. */
  d: number;
  /** Rows drawn from the same law as queries, through another stream of numbers. */
  queries: number;
  seed: number;
  /** Dimensions in which a cluster really extends; at most d. */
  intrinsic: number;
  clusters: number;
  /** Spread across all dimensions, relative to the spread along the intrinsic ones. */
  noise: number;
  /** Scale each row to length 1, for cosine. */
  unit: boolean;
}

export const SYNTHETIC_DEFAULTS: SyntheticOptions = {
  n: 100_000,
  d: 128,
  queries: 1000,
  seed: 1,
  intrinsic: 16,
  clusters: 100,
  noise: 0.1,
  unit: false,
};

export interface SyntheticData {
  readonly base: Matrix;
  readonly queries: Matrix;
  /** Cluster of each base row. */
  readonly labels: Int32Array;
  readonly queryLabels: Int32Array;
}

/** Distance of cluster centres, relative to the width of a cluster: they overlap at their rims. */
const CENTRE_SPREAD = 0.5;
const STEP = 2048;

/**
 * Clusters of low intrinsic dimension, as embeddings have: row = centre + map · z + noise, where each
 * cluster has its own centre and random linear map from `intrinsic` dimensions.
 *
 * Only additions, multiplications, divisions and square roots are used, which IEEE 754 fixes to the
 * bit, so a seed gives the same floats on every machine. Row i depends on neither n nor the queries.
 *
 * @remarks O(n · d · intrinsic): 100,000 × 128 in about a second
 * @throws OPTION_RANGE, OPTION_UNKNOWN
 */
export function syntheticClusters(options: Partial<SyntheticOptions> = {}): SyntheticData {
  return runSync(syntheticJob(options));
}

/** {@link syntheticClusters} as a job that can be paused and abandoned. */
export function* syntheticJob(options: Partial<SyntheticOptions> = {}): Job<SyntheticData> {
  const resolved = resolveOptions(SYNTHETIC_DEFAULTS, options);
  const { n, d, queries, seed, intrinsic, clusters, noise } = resolved;
  wholeNumber("n", n, 0, 2 ** 31 - 1);
  wholeNumber("d", d, 1, 1 << 20);
  wholeNumber("queries", queries, 0, 2 ** 31 - 1);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  wholeNumber("intrinsic", intrinsic, 1, d);
  wholeNumber("clusters", clusters, 1, 1 << 20);
  if (!(noise >= 0 && noise <= 1e6)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "noise",
      got: noise,
      rule: "a number from 0 to 1000000",
    });
  }
  const law = createRng(seed, "synthetic law");
  const centres = new Float64Array(clusters * d);
  for (let i = 0; i < centres.length; i++) centres[i] = CENTRE_SPREAD * bell(law);
  const maps = new Float64Array(clusters * d * intrinsic);
  const scale = 1 / Math.sqrt(intrinsic);
  for (let i = 0; i < maps.length; i++) maps[i] = scale * bell(law);

  const draw = function* (rows: number, stream: string): Generator<Progress, [Matrix, Int32Array], void> {
    const rng = createRng(seed, stream);
    const data = new Float32Array(rows * d);
    const labels = new Int32Array(rows);
    for (let start = 0; start < rows; start += STEP) {
      const end = Math.min(rows, start + STEP);
      for (let i = start; i < end; i++) labels[i] = drawRow(data, i * d, rng, resolved, centres, maps);
      yield { phase: `generate ${stream}`, done: end, total: rows };
    }
    return [{ data, rows, cols: d, stride: d }, labels];
  };
  const [base, labels] = yield* draw(n, "base");
  const [asked, queryLabels] = yield* draw(queries, "queries");
  return { base, queries: asked, labels, queryLabels };
}

/** Standard deviation of the sum of four uniform 16-bit numbers: 65536 / √3. */
const BELL_SCALE = 37837.22724;
const BELL_MEAN = 2 * 65535;
/** Likewise for a single one: 65536 / √12. */
const FLAT_SCALE = 18918.61362;
const FLAT_MEAN = 32767.5;

/** Bell-shaped, mean 0, variance 1, |value| < 3.5; not through logarithms, whose last bit differs by engine. */
function bell(rng: Rng): number {
  const a = rng.u32();
  const b = rng.u32();
  return ((a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16) - BELL_MEAN) / BELL_SCALE;
}

function drawRow(
  out: Float32Array,
  at: number,
  rng: Rng,
  { d, intrinsic, clusters, noise, unit }: SyntheticOptions,
  centres: Float64Array,
  maps: Float64Array,
): number {
  const cluster = rng.below(clusters);
  const z = new Float64Array(intrinsic);
  for (let l = 0; l < intrinsic; l++) z[l] = bell(rng);
  const centre = cluster * d;
  const map = cluster * d * intrinsic;
  const step = noise / FLAT_SCALE;
  let bits = 0;
  let square = 0;
  for (let j = 0; j < d; j++) {
    // One draw serves two components.
    bits = (j & 1) === 0 ? rng.u32() : bits >>> 16;
    let sum = centres[centre + j]! + ((bits & 0xffff) - FLAT_MEAN) * step;
    const from = map + j * intrinsic;
    for (let l = 0; l < intrinsic; l++) sum += maps[from + l]! * z[l]!;
    out[at + j] = sum;
    square += sum * sum;
  }
  if (unit && square > 0) {
    const length = Math.sqrt(square);
    for (let j = 0; j < d; j++) out[at + j] = out[at + j]! / length;
  }
  return cluster;
}
