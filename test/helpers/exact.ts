import { createRng, type Rng } from "../../src/core/rng.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import {
  beginExact,
  EXACT_RANGE_ROOM,
  EXACT_STORE_BYTES,
  type ExactMetric,
  type ExactPath,
  type ExactQueries,
  type ExactRows,
  encodeExact,
  exactCodeSizes,
  exactScratchBytes,
  finishExact,
  searchExact,
  trainExact,
  writeExactStore,
} from "../../src/kernels/exact.ts";
import { dotF32, l2sqF32 } from "../../src/kernels/reference.ts";

/** One data set with queries; rows and queries are packed, d floats each. */
export interface Sample {
  readonly kind: string;
  readonly metric: ExactMetric;
  readonly n: number;
  readonly d: number;
  readonly base: Float32Array;
  readonly nq: number;
  readonly queries: Float32Array;
}

type Draw = (rng: Rng, row: number, column: number) => number;

/** Kinds of data that strain codes, bounds or float32. */
export const KINDS: Readonly<Record<string, (rng: Rng, d: number) => Draw>> = {
  normal: () => (rng) => rng.normal(),
  "mixed scales": (rng, d) => {
    const scales = Float64Array.from({ length: d }, () => 10 ** (rng.next() * 12 - 6));
    return (r, _, j) => r.normal() * scales[j]!;
  },
  "one dominating column": () => (rng, _, j) => rng.normal() * (j === 0 ? 1e4 : 1),
  outliers: () => (rng) => rng.normal() * (rng.below(200) === 0 ? 1000 : 1),
  "low dimensional": (rng, d) => {
    const basis = Float64Array.from({ length: 3 * d }, () => rng.normal());
    let z = [0, 0, 0];
    return (r, _, j) => {
      if (j === 0) z = [r.normal(), r.normal(), r.normal()];
      return z[0]! * basis[j]! + z[1]! * basis[d + j]! + z[2]! * basis[2 * d + j]! + r.normal() * 0.01;
    };
  },
  "few distinct": () => (rng) => rng.below(2),
  bytes: () => (rng) => rng.below(256),
  "all equal": () => () => 0.3,
  "constant columns": () => (rng, _, j) => (j % 3 === 0 ? rng.normal() : 7.7),
  "tiny step far from zero": () => (rng) => 1 + rng.below(64) * 2 ** -23,
  "large offset": () => (rng) => 1e6 + rng.normal(),
  huge: () => (rng) => rng.normal() * 1e18,
  "overflowing squares": () => (rng) => rng.normal() * 3e19,
  "largest floats": () => (rng) => (rng.next() * 2 - 1) * 3.4e38,
  subnormal: () => (rng) => rng.normal() * 1e-40,
  "underflowing squares": () => (rng) => rng.normal() * 1e-22,
  drifting: () => (rng, i) => rng.normal() + i / 20,
  zeros: () => () => 0,
};

/** Queries near rows, on rows, unrelated, far outside, and at zero. */
export function drawSample(
  seed: number,
  kind: string,
  metric: ExactMetric,
  n: number,
  d: number,
  nq: number,
): Sample {
  const rng = createRng(seed, "exact");
  const draw = KINDS[kind]!(rng, d);
  const fill = (rows: number): Float32Array => {
    const out = new Float32Array(rows * d);
    for (let i = 0; i < rows; i++) for (let j = 0; j < d; j++) out[i * d + j] = draw(rng, i, j);
    return out;
  };
  const base = fill(n);
  const queries = fill(nq);
  for (let q = 0; q < nq; q++) {
    const row = n > 0 ? rng.below(n) : -1;
    const style = rng.below(6);
    const far = (rng.next() - 0.5) * 1e4;
    for (let j = 0; j < d; j++) {
      const at = q * d + j;
      const stored = row < 0 ? 1 : base[row * d + j]!;
      if (style === 0) queries[at] = stored;
      else if (style === 1) queries[at] = stored * (1 + 0.01 * rng.normal());
      else if (style === 2) queries[at] = queries[at]! * 100 + far;
      else if (style === 3) queries[at] = 0;
      if (!Number.isFinite(queries[at]!)) queries[at] = Math.sign(queries[at]!) * 3.4e38;
    }
  }
  return { kind, metric, n, d, base, nq, queries };
}

/** The strict kernel's score, from its definition. */
export function strictScore({ metric, base, queries, d }: Sample, q: number, row: number): number {
  const a = queries.subarray(q * d, q * d + d);
  const b = base.subarray(row * d, row * d + d);
  const score = metric === "ip" ? Math.fround(0 - dotF32(a, b)) : l2sqF32(a, b);
  return Number.isNaN(score) ? Number.POSITIVE_INFINITY : score;
}

export interface Answer {
  readonly id: number;
  readonly score: number;
}

export interface Which {
  allowed?: (row: number) => boolean;
  maxScore?: number;
}

/** All rows that may be answered, by strict score, then row: the definition of the result. */
export function bruteForce(sample: Sample, q: number, which: Which = {}): Answer[] {
  const { allowed = () => true, maxScore = Number.POSITIVE_INFINITY } = which;
  const all: Answer[] = [];
  for (let row = 0; row < sample.n; row++) {
    if (!allowed(row)) continue;
    const score = strictScore(sample, q, row);
    if (score <= maxScore) all.push({ id: row, score });
  }
  return all.sort((a, b) => (a.score < b.score ? -1 : a.score > b.score ? 1 : a.id - b.id));
}

/** A sample laid out in an engine, ready to be searched. */
export interface Staged {
  readonly engine: Engine;
  readonly rows: ExactRows;
  readonly store: number;
  readonly scratches: readonly [number, number];
  readonly queries: number;
  readonly skip: number;
  readonly step: number;
  readonly errors: number;
  readonly codes: number;
}

const align = (x: number): number => Math.ceil(x / 64) * 64;

/** Copies a sample into the engine's memory, from address 1024 on, and encodes it. */
export function stage(
  engine: Engine,
  sample: Sample,
  k: number,
  { trainedRows = sample.n, normFactor = 1 }: { trainedRows?: number; normFactor?: number } = {},
): Staged {
  const { n, d, nq, metric } = sample;
  const bytes = Math.ceil(d / 4) * 16;
  const stride = bytes + (d % 3) * 16;
  const sizes = exactCodeSizes(n, d, metric);
  let end = 1024;
  const place = (size: number): number => {
    const at = end;
    end = align(end + size);
    return at;
  };
  const rows: ExactRows = { rows: place(n * stride), stride, bytes, dimension: d, metric };
  const queries = place(nq * stride);
  const store = place(EXACT_STORE_BYTES);
  const at = {
    codes: place(sizes.codes),
    sums: place(sizes.sums),
    errors: place(sizes.errors),
    offsets: place(sizes.offsets),
  };
  const skip = place(Math.ceil(n / 8));
  engine.grow(end);
  const scratchBytes = Math.max(
    ...(["scan", "codes", "product"] as const).map((path) =>
      exactScratchBytes(engine, rows, { path, queries: nq, k, room: EXACT_RANGE_ROOM }),
    ),
  );
  const scratches = [place(scratchBytes), place(scratchBytes)] as const;
  engine.grow(end);
  engine.u8.fill(0, 1024, end);
  engine.u8.fill(0xa5, scratches[0], end);
  const copy = (from: Float32Array, count: number, to: number): void => {
    for (let i = 0; i < count; i++) engine.f32.set(from.subarray(i * d, i * d + d), (to + i * stride) / 4);
  };
  copy(sample.base, n, rows.rows);
  copy(sample.queries, nq, queries);
  let norm = 0;
  for (let i = 0; i < n; i++) {
    norm = Math.max(
      norm,
      sample.base.subarray(i * d, i * d + d).reduce((sum, x) => sum + x * x, 0),
    );
  }
  const trained = trainExact(engine, rows, trainedRows, at.offsets, metric === "ip" ? norm * normFactor : 0);
  writeExactStore(engine, store, rows, { ...at, ...trained });
  encodeExact(engine, store, rows, n, 0, n);
  return {
    engine,
    rows,
    store,
    scratches,
    queries,
    skip,
    step: trained.step,
    errors: at.errors,
    codes: at.codes,
  };
}

/** Query numbers first … first+count−1 as a request. */
export function request(
  { rows, queries }: Staged,
  path: ExactPath,
  first: number,
  count: number,
  k: number,
  more: Partial<ExactQueries> = {},
): ExactQueries {
  return { path, queries: count, k, at: queries + first * rows.stride, stride: rows.stride, ...more };
}

/** Stages, searches rows begin … end−1 and reads the answers of each query. */
export function searchAll(staged: Staged, queries: ExactQueries, begin: number, end: number): Answer[][] {
  const { engine, store, rows, scratches } = staged;
  beginExact(engine, store, scratches[0], rows, queries);
  searchExact(engine, store, scratches[0], rows, queries, begin, end);
  return answers(staged, queries);
}

/** The answers of every query of the first scratch. */
export function answers({ engine, scratches }: Staged, queries: ExactQueries): Answer[][] {
  const ids = new Uint32Array(queries.k);
  const scores = new Float32Array(queries.k);
  return Array.from({ length: queries.queries }, (_, q) => {
    const count = finishExact(engine, scratches[0], q, queries.k, ids, scores);
    return Array.from({ length: count }, (_, i) => ({ id: ids[i]!, score: scores[i]! }));
  });
}
