import {
  createRng,
  type Job,
  type Matrix,
  oneOf,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { Engine } from "../../kernels/index.ts";
import { pad16, Space } from "../../kernels/space.ts";
import { here, onThreads, type Tasks, usableThreads } from "../../kernels/task.ts";
import { CentroidTable } from "./centroids.ts";
import { cluster, type KMeansInit } from "./cluster.ts";
import { sampleRows } from "./sample.ts";
import { Seeker } from "./seek.ts";

export interface KMeansOptions {
  /** Centroids wanted; at most as many as there are vectors. */
  k: number;
  /** Most rounds; fewer are run once nothing changes. Default 25. */
  iterations?: number;
  /** How centroids start: spread out by k-means++ (default; costs about two rounds more), or vectors drawn at random. */
  init?: KMeansInit;
  /** `ip` for spherical k-means: centroids of length 1, each vector in the list of largest product. Default `l2`. */
  metric?: "l2" | "ip";
  /** Makes clusters more alike in size: while they form, small ones move to where large ones are and halve these. */
  balanced?: boolean;
  /** Vectors that train, per centroid, drawn evenly from all of them; the others only choose. Default 256. */
  sample?: number;
  seed?: number;
}

export interface AsyncKMeansOptions extends KMeansOptions, RunOptions {
  /** Worker threads; default 1. The outcome does not depend on it. */
  threads?: number;
}

export interface KMeansResult {
  /** float32[k × d]. */
  readonly centroids: Matrix;
  /** The centroid of each vector. */
  readonly assignments: Uint32Array;
  /** Sum over all vectors of the squared distance to their centroid, or of −product for `ip`. */
  readonly inertia: number;
  /** Rounds run. */
  readonly iterations: number;
  /** Vectors that trained. */
  readonly trainedOn: number;
  /** Centroids that lost all vectors on the way and were put beside another. */
  readonly repaired: number;
  /** What may make the outcome poor: too few vectors a centroid. */
  readonly warnings: readonly string[];
}

export const KMEANS_DEFAULTS: Required<KMeansOptions> = {
  k: 0,
  iterations: 25,
  init: "k-means++",
  metric: "l2",
  balanced: false,
  sample: 256,
  seed: 42,
};

/** Fewer vectors a centroid than this train poorly. */
const LEAST_PER_CENTROID = 39;
/** Vectors in memory at a time while those outside the sample choose. */
const BLOCK = 1 << 14;

/**
 * Clusters vectors by Lloyd's k-means (Lloyd 1982; k-means++: Arthur & Vassilvitskii, SODA 2007). Distances are bounded
 * by integer or float products and strict float32 where two centroids are about as near, so that every vector ends with
 * its nearest centroid, the first of equals. The same vectors, options and seed give the same centroids, bit for bit.
 *
 * @param vectors float32[n × d], finite, n >= k
 * @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN, BAD_INPUT, NOT_FINITE, OUT_OF_MEMORY
 * @remarks n·k·d multiply-adds for the choice, sample·k·d a round; holds a copy of the sample
 */
export function kmeans(vectors: Matrix, options: KMeansOptions): KMeansResult {
  const run = begin(vectors, options, KMEANS_DEFAULTS);
  try {
    return runSync(here(run.space.engine, run.tasks(1)) as Job<KMeansResult>);
  } finally {
    run.space.engine.dispose();
  }
}

/** {@link kmeans}, giving other work a turn and reporting progress, on worker threads where asked for. */
export async function kmeansAsync(vectors: Matrix, options: AsyncKMeansOptions): Promise<KMeansResult> {
  const { signal, onProgress, threads: asked, ...rest } = options ?? {};
  const threads = usableThreads(asked);
  signal?.throwIfAborted();
  const run = begin(vectors, rest, KMEANS_DEFAULTS);
  const { engine } = run.space;
  try {
    if (threads === 1) return await runAsync(here(engine, run.tasks(1)), { signal, onProgress });
    engine.share();
    return await onThreads(engine, run.tasks(threads), threads, { signal, onProgress });
  } finally {
    engine.dispose();
  }
}

interface Run {
  readonly space: Space;
  tasks(threads: number): Tasks<KMeansResult>;
}

function begin(vectors: Matrix, given: KMeansOptions, defaults: Required<KMeansOptions>): Run {
  const options = resolveOptions(defaults, given);
  checkVectors(vectors);
  wholeNumber("k", options.k, 1, vectors.rows);
  wholeNumber("iterations", options.iterations, 1, 1_000_000);
  wholeNumber("sample", options.sample, 1, 0x7fffffff);
  wholeNumber("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  oneOf("init", options.init, ["k-means++", "sample"]);
  oneOf("metric", options.metric, ["l2", "ip"]);
  const space = new Space(Engine.create());
  return { space, tasks: (threads) => work(space, vectors, options, threads) };
}

function checkVectors({ data, rows, cols, stride }: Matrix): void {
  if (!(data instanceof Float32Array) || !(rows > 0) || (rows - 1) * stride + cols > data.length) {
    throw new VicinalError("BAD_INPUT", {
      what: "vectors",
      got: `${rows} × ${cols} at stride ${stride}`,
      rule: "a matrix of at least one row over a Float32Array that holds it",
    });
  }
  for (let i = 0; i < rows; i++) {
    // Zero as long as all numbers are finite.
    let sum = 0;
    for (let at = i * stride, end = at + cols; at < end; at++) sum += data[at]! * 0;
    if (sum === 0) continue;
    for (let j = 0; j < cols; j++) {
      const got = data[i * stride + j]!;
      if (!Number.isFinite(got))
        throw new VicinalError("NOT_FINITE", { what: "vectors", row: i, column: j, got });
    }
  }
}

function* work(
  space: Space,
  vectors: Matrix,
  options: Readonly<Required<KMeansOptions>>,
  threads: number,
): Tasks<KMeansResult> {
  const { k, sample, seed, metric } = options;
  const { rows: n, cols } = vectors;
  const stride = pad16(cols * 4);
  const table = new CentroidTable(space, "centroids", { dimension: cols, stride, ip: metric === "ip" });
  const picks = sampleRows(n, Math.max(k, k * sample), createRng(seed, "sample"));
  const trainedOn = picks.length;
  space.set({ rows: trainedOn * stride });
  if (trainedOn === n) placeRun(space, vectors, stride, 0, n);
  else place(space, vectors, stride, trainedOn, (i) => picks[i]!);
  const rows = { section: "rows", rows: trainedOn, stride };
  const facts = yield* cluster(space, table, rows, { ...options, threads, assign: trainedOn === n });
  const chosen = facts.assigned ?? (yield* chooseAll(space, vectors, table, threads));
  const centroids = new Float32Array(k * cols);
  const found = space.f32(table.section);
  for (let j = 0; j < k; j++) {
    const at = (j * stride) / 4;
    centroids.set(found.subarray(at, at + cols), j * cols);
  }
  const { iterations, repaired } = facts;
  return {
    ...{ centroids: { data: centroids, rows: k, cols, stride: cols }, ...chosen },
    ...{ iterations, trainedOn, repaired, warnings: warningsFor(n, k) },
  };
}

/** All vectors choose, in blocks. */
function* chooseAll(
  space: Space,
  vectors: Matrix,
  table: CentroidTable,
  threads: number,
): Tasks<Pick<KMeansResult, "assignments" | "inertia">> {
  const { rows: n } = vectors;
  const { stride } = table;
  const block = Math.min(n, BLOCK);
  space.set({
    rows: block * stride,
    chosen: block * 4,
    ranks: block * 4,
    scratch: table.scratchBytes * threads,
  });
  const seeker = new Seeker(space, table);
  const seeks = seeker.serves(block);
  if (seeks) seeker.code(threads, true);
  const sections = { chosen: "chosen", ranks: "ranks" };
  const assignments = new Uint32Array(n);
  let inertia = 0;
  for (let from = 0; from < n; from += block) {
    const count = Math.min(block, n - from);
    placeRun(space, vectors, stride, from, count);
    const rows = { section: "rows", rows: count, stride };
    const report = { phase: "assign", done: from, of: n };
    if (seeks) yield* seeker.choose(rows, sections, threads, false, report);
    else yield* table.choose(rows, sections, "scratch", threads, report);
    assignments.set(space.u32("chosen").subarray(0, count), from);
    for (const rank of space.f32("ranks").subarray(0, count)) inertia += rank;
  }
  return { assignments, inertia };
}

/** Places rows that follow each other, in one go where they already lie as wanted. */
function placeRun(space: Space, vectors: Matrix, stride: number, from: number, count: number): void {
  const { data, cols } = vectors;
  if (vectors.stride !== cols || stride !== 4 * cols) place(space, vectors, stride, count, (i) => from + i);
  else space.f32("rows").set(data.subarray(from * cols, (from + count) * cols));
}

function place(
  space: Space,
  vectors: Matrix,
  stride: number,
  count: number,
  pick: (i: number) => number,
): void {
  const out = space.f32("rows");
  const step = stride / 4;
  out.fill(0, 0, count * step);
  for (let i = 0; i < count; i++) {
    const at = pick(i) * vectors.stride;
    out.set(vectors.data.subarray(at, at + vectors.cols), i * step);
  }
}

function warningsFor(n: number, k: number): string[] {
  if (n >= LEAST_PER_CENTROID * k) return [];
  return [`${n} vectors train ${k} centroids; ${LEAST_PER_CENTROID * k} or more would train them well`];
}
