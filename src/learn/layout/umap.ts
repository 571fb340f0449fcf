import {
  createRng,
  type Job,
  type Matrix,
  type RunOptions,
  runAsync,
  runSync,
  VicinalError,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { FlatIndex } from "../../indexes/flat.ts";
import { neighborGraph, neighborGraphAsync } from "../../indexes/index.ts";
import type { Csr } from "../linalg/csr.ts";
import { PCA } from "../linear/pca.ts";
import { rowSource } from "../rows.ts";
import { fitted, openSaved, packFloats, type SavedModel } from "../saved.ts";
import { type Curve, fitCurve } from "./curve.ts";
import { fuzzyUnion, isConnected, type KnnRows, memberships, smoothDistances } from "./fuzzy.ts";
import { type LayoutPlan, LayoutRun } from "./optimise.ts";
import { spectralLayout } from "./spectral.ts";
import { type ResolvedUmap, resolveUmap, type UmapOptions } from "./umapOptions.ts";

/** A layout under way or done. */
interface State {
  /** Training rows, for {@link UMAP.transform}; undefined where only a graph was given. */
  readonly rows: Matrix | undefined;
  readonly graph: Csr | undefined;
  readonly embedding: Matrix;
  readonly run: LayoutRun | undefined;
}

/** New rows: epochs for their layout, above and up to 10,000 training rows. */
const [FEW_ROWS, EPOCHS_FEW, EPOCHS_MANY] = [10_000, 100, 30];
/** Layouts start within a square of this half width. */
const START_SIZE = 10;
const START_NOISE = 1e-4;

/**
 * Uniform manifold approximation and projection (McInnes, Healy & Melville 2018, arXiv:1802.03426): rows laid out in the plane
 * (or a few more components) so that neighbours stay neighbours. The graph of neighbours is that of `neighborGraph`.
 *
 * Three grips on one algorithm: `fit` at once; `fitAsync` between turns of the event loop, neighbours on worker threads; or
 * `start` and `step`, epoch by epoch, with `embedding_` to draw in between. The same seed gives the same bytes with any of them.
 *
 * Distances between far groups, their sizes and densities mean little in such a map: only who is near whom does.
 */
export class UMAP {
  readonly options: Readonly<ResolvedUmap>;
  readonly #curve: Curve;
  #state: State | undefined;

  /** @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN, METRIC_UNKNOWN, UNSUPPORTED */
  constructor(options: UmapOptions = {}) {
    this.options = resolveUmap(options);
    this.#curve = fitCurve(this.options.minDist, this.options.spread);
  }

  /** The layout, n × nComponents; while stepping, as it is now. A view. */
  get embedding_(): Matrix {
    return this.#get().embedding;
  }

  /** The fuzzy set of edges, n × n and symmetric. Throws NOT_FITTED also for a model read from JSON, which has none. */
  get graph_(): Csr {
    return fitted(this.#state?.graph, "UMAP's graph");
  }

  /** The curve 1 / (1 + a d^(2b)) that minDist and spread ask for. */
  get curve_(): Curve {
    return this.#curve;
  }

  /**
   * Lays out rows, or a graph of neighbours that was made before (`neighborGraph`, k one less than nNeighbors).
   *
   * @throws VicinalError BAD_INPUT for fewer than two rows, NOT_FINITE, DIM_MISMATCH; the layout before stays then
   */
  fit(rows: VectorsInput | KnnRows, run?: RunOptions): this {
    this.#state = runSync(this.#fitJob(rows), run);
    return this;
  }

  async fitAsync(rows: VectorsInput | KnnRows, run: RunOptions & { threads?: number } = {}): Promise<this> {
    if (isGraph(rows)) {
      this.#state = await runAsync(this.#fitJob(rows), run);
      return this;
    }
    const block = blockOf(rows);
    const { metric, seed } = this.options;
    const knn = await neighborGraphAsync(block, { ...run, metric, seed, k: this.#k(block.rows) - 1 });
    this.#state = await runAsync(this.#fitJob(knn, block), run);
    return this;
  }

  fitTransform(rows: VectorsInput, run?: RunOptions): Matrix {
    return this.fit(rows, run).embedding_;
  }

  /** Prepares a layout for {@link step}; returns its epochs. Throws like {@link fit}. */
  start(rows: VectorsInput | KnnRows, run?: RunOptions): number {
    this.#state = runSync(this.#startJob(rows), run);
    return this.#state.run!.epochs;
  }

  /** Runs epochs of a started layout; returns how many are done. */
  step(epochs = 1): number {
    const { run } = this.#get();
    if (run === undefined) throw new VicinalError("NOT_FITTED", { what: "A UMAP read from JSON" });
    runSync(run.until(run.epoch + epochs));
    return run.epoch;
  }

  /**
   * Places new rows among the layout, which stays as it is: each starts amid its nearest training rows, found by comparing all
   * of them, and is moved for a third of the epochs.
   *
   * @throws VicinalError NOT_FITTED, UNSUPPORTED where the fit was given a graph only; DIM_MISMATCH, NOT_FINITE
   */
  transform(rows: VectorsInput): Matrix {
    const state = this.#get();
    if (state.rows === undefined) {
      const rule = "fit was given a graph; give it rows";
      throw new VicinalError("UNSUPPORTED", { what: "placing new rows", rule });
    }
    return runSync(this.#transformJob(rows, state.rows, state.embedding));
  }

  /** Options, layout and training rows (base64); the graph is left out. */
  toJSON(): SavedModel & Record<string, unknown> {
    const { embedding, rows } = this.#get();
    return {
      format: "vicinal/UMAP",
      version: 1,
      options: {
        ...this.options,
        init: typeof this.options.init === "string" ? this.options.init : "spectral",
      },
      samples: embedding.rows,
      embedding: packFloats(embedding),
      dimension: rows?.cols ?? null,
      rows: rows === undefined ? null : packFloats(rows),
    };
  }

  /** Reads what {@link toJSON} gave, or its text. Throws FORMAT, FORMAT_VERSION, OPTION_RANGE, OPTION_UNKNOWN. */
  static fromJSON(json: unknown): UMAP {
    const saved = openSaved(json, "UMAP");
    const model = new UMAP(saved.options<UmapOptions>("options"));
    const n = saved.whole("samples", 2, 2 ** 31 - 1);
    const rows =
      saved.raw("rows") === null
        ? undefined
        : saved.floats("rows", n, saved.whole("dimension", 1, 2 ** 31 - 1));
    const embedding = saved.floats("embedding", n, model.options.nComponents);
    model.#state = { rows, embedding, graph: undefined, run: undefined };
    return model;
  }

  #get(): State {
    return fitted(this.#state, "UMAP");
  }

  /** Neighbours of a row, itself counted, as far as there are rows. */
  #k(rows: number): number {
    return Math.min(this.options.nNeighbors, rows);
  }

  *#fitJob(given: VectorsInput | KnnRows, rows?: Matrix): Job<State> {
    const state = yield* this.#startJob(given, rows);
    yield* state.run!.until(state.run!.epochs);
    return state;
  }

  *#startJob(given: VectorsInput | KnnRows, known?: Matrix): Job<State> {
    const rows = isGraph(given) ? known : blockOf(given);
    const { metric, seed, localConnectivity, setOpMixRatio } = this.options;
    yield { phase: "neighbours", done: 0, total: 1 };
    const knn = isGraph(given)
      ? checkGraph(given)
      : neighborGraph(rows!, { metric, seed, k: this.#k(rows!.rows) - 1 });
    const k = isGraph(given) ? longestRow(knn) + 1 : this.#k(rows!.rows);
    const weights = memberships(knn, smoothDistances(knn, k, localConnectivity));
    const graph = fuzzyUnion(knn, weights, setOpMixRatio);
    const start = yield* this.#startLayout(graph, rows);
    const embedding = {
      data: start,
      rows: graph.rows,
      cols: this.options.nComponents,
      stride: this.options.nComponents,
    };
    const epochs = this.options.nEpochs ?? (graph.rows <= FEW_ROWS ? 500 : 200);
    const run = new LayoutRun(this.#plan(graph, start, start, graph.rows, epochs));
    return { rows, graph, embedding, run };
  }

  #plan(graph: Csr, head: Float32Array, tail: Float32Array, tailRows: number, epochs: number): LayoutPlan {
    const { nComponents: m, learningRate, negativeSampleRate, repulsionStrength, seed } = this.options;
    const moveTail = head === tail;
    const rates = { learningRate, negativeSampleRate, repulsionStrength };
    return { head, tail, m, tailRows, moveTail, graph, curve: this.#curve, epochs, ...rates, seed };
  }

  *#startLayout(graph: Csr, rows: Matrix | undefined): Job<Float32Array> {
    const { init, nComponents: m, seed } = this.options;
    const n = graph.rows;
    if (typeof init !== "string") {
      const given = rowSource(init, "init", n, m);
      if (given.rows !== n) {
        throw new VicinalError("BAD_INPUT", {
          what: "init",
          got: `${given.rows} rows`,
          rule: `${n}, as the data have`,
        });
      }
      const data = new Float32Array(n * m);
      given.copyInto(data, 0, n);
      return data;
    }
    const rng = createRng(seed, "layoutStart");
    const isSpectral = init === "spectral" && n > m + 1 && isConnected(graph);
    const isPca = !isSpectral && init !== "random" && rows !== undefined && canProject(rows, m);
    if (!isSpectral && !isPca) {
      return Float32Array.from({ length: n * m }, () => (2 * rng.next() - 1) * START_SIZE);
    }
    const start = isSpectral
      ? (yield* spectralLayout(graph, m, seed)).data
      : new PCA({ nComponents: m, seed }).fit(rows!).transform(rows!).data;
    let largest = 0;
    for (const x of start) largest = Math.max(largest, Math.abs(x));
    const scale = largest > 0 ? START_SIZE / largest : 0;
    return Float32Array.from(start, (x) => x * scale + START_NOISE * rng.normal());
  }

  *#transformJob(input: VectorsInput, rows: Matrix, embedding: Matrix): Job<Matrix> {
    const block = blockOf(input, 0, rows.cols);
    const m = embedding.cols;
    const data = new Float32Array(block.rows * m);
    const out = { data, rows: block.rows, cols: m, stride: m };
    if (block.rows === 0) return out;
    const k = this.#k(rows.rows);
    const knn = yield* nearestOf(block, rows, this.options.metric, k);
    const localConnectivity = Math.max(0, this.options.localConnectivity - 1);
    const weights = memberships(knn, smoothDistances(knn, k, localConnectivity));
    for (let i = 0; i < block.rows; i++) amid(knn, weights, embedding, data, i);
    const graph = {
      rows: block.rows,
      cols: rows.rows,
      indptr: knn.offsets,
      indices: knn.ids,
      data: weights,
    };
    const { nEpochs } = this.options;
    const fallback = rows.rows <= FEW_ROWS ? EPOCHS_FEW : EPOCHS_MANY;
    const epochs = nEpochs === undefined ? fallback : Math.max(1, Math.floor(nEpochs / 3));
    const run = new LayoutRun(this.#plan(graph, data, embedding.data, rows.rows, epochs));
    yield* run.until(epochs);
    return out;
  }
}

const isGraph = (given: VectorsInput | KnnRows): given is KnnRows =>
  typeof given === "object" && given !== null && "offsets" in given;

/** Rows as one float32 block, a copy. */
function blockOf(input: VectorsInput, least = 2, cols?: number): Matrix {
  const source = rowSource(input, "rows", least, cols);
  const data = new Float32Array(source.rows * source.cols);
  source.copyInto(data, 0, source.rows);
  return { data, rows: source.rows, cols: source.cols, stride: source.cols };
}

/** Whether principal components exist: enough of them, and rows that differ. */
function canProject({ data, rows, cols }: Matrix, m: number): boolean {
  if (m > Math.min(rows, cols)) return false;
  for (let at = cols; at < rows * cols; at++) if (data[at] !== data[at % cols]) return true;
  return false;
}

function longestRow({ offsets }: KnnRows): number {
  let longest = 0;
  for (let i = 0; i + 1 < offsets.length; i++) longest = Math.max(longest, offsets[i + 1]! - offsets[i]!);
  return longest;
}

function checkGraph(graph: KnnRows): KnnRows {
  const { offsets, ids, distances } = graph;
  const n = offsets.length - 1;
  const sound =
    n >= 2 &&
    offsets[0] === 0 &&
    offsets.every((at, i) => i === 0 || at >= offsets[i - 1]!) &&
    ids.length === offsets[n] &&
    distances.length === ids.length &&
    ids.every((id) => id < n) &&
    Array.prototype.every.call(distances, (d: number) => d >= 0 && d < Number.POSITIVE_INFINITY);
  if (sound) return graph;
  const rule = "a graph of at least two rows, as neighborGraph makes it";
  throw new VicinalError("BAD_INPUT", {
    what: "graph",
    got: `${n} rows with ${ids?.length} neighbours`,
    rule,
  });
}

/** The k nearest training rows of each new row, by comparing all. */
function* nearestOf(block: Matrix, rows: Matrix, metric: ResolvedUmap["metric"], k: number): Job<KnnRows> {
  const index = new FlatIndex({ dimension: rows.cols, metric });
  try {
    index.add(rows);
    const offsets = Uint32Array.from({ length: block.rows + 1 }, (_, i) => i * k);
    const ids = new Uint32Array(block.rows * k);
    const distances = new Float32Array(block.rows * k);
    const QUERIES = 64;
    for (let from = 0; from < block.rows; from += QUERIES) {
      const count = Math.min(QUERIES, block.rows - from);
      const data = block.data.subarray(from * block.cols, (from + count) * block.cols);
      const found = index.search({ ...block, data, rows: count }, { k });
      ids.set(found.ids.subarray(0, count * k), from * k);
      distances.set(found.distances.subarray(0, count * k), from * k);
      yield { phase: "neighbours", done: from + count, total: block.rows };
    }
    return { offsets, ids, distances };
  } finally {
    index.close();
  }
}

/** Row i starts at the mean of its neighbours' places, by membership. */
function amid(
  { offsets, ids }: KnnRows,
  weights: Float64Array,
  { data, cols: m }: Matrix,
  out: Float32Array,
  i: number,
): void {
  let total = 0;
  for (let at = offsets[i]!; at < offsets[i + 1]!; at++) total += weights[at]!;
  for (let d = 0; d < m; d++) {
    let sum = 0;
    for (let at = offsets[i]!; at < offsets[i + 1]!; at++) sum += weights[at]! * data[ids[at]! * m + d]!;
    // All memberships may be zero but never the number of neighbours.
    out[i * m + d] = total > 0 ? sum / total : data[ids[offsets[i]!]! * m + d]!;
  }
}
