import {
  checkNames,
  type Metric,
  type MetricOptions,
  parseMetric,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../../core/index.ts";
import { resolveMetricOptions } from "../../../metrics/index.ts";
import type {
  CreateOptions,
  Key,
  RangeNeighbors,
  SearchOptions,
  SearchParams,
  VectorsInput,
} from "../../contract.ts";
import { ladder } from "../../ladder.ts";
import { RangeResult } from "../../parts/results.ts";
import { ownedReader, readVectors, type VectorReader } from "../../parts/vectors.ts";
import type { Answers, StructureSearch, Way } from "../../plan.ts";
import { RebuiltIndex } from "../../rebuilt.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { SavedStructure } from "../../snapshot.ts";
import { checkRowOptions, support } from "../../support.ts";
import { here, onThreads, type Tasks } from "../../task.ts";
import { allThroughBalls } from "./all.ts";
import { type KernelSums, sumKernels } from "./density.ts";
import { BallGrower } from "./grow.ts";
import { ALL_LEAVES, Balls } from "./tree.ts";
import { WithinBalls } from "./within.ts";

export interface BallTreeOptions extends CreateOptions {
  /**
   * Most rows of a leaf, 1 … 10,000. Smaller leaves mean more balls to measure and fewer rows; a ball takes as many
   * bytes as a row, and 16.
   */
  leafSize?: number;
  /** Numbers that minkowski and mahalanobis take. */
  metricOptions?: MetricOptions | undefined;
}

type ResolvedOptions = Required<Omit<BallTreeOptions, "metricOptions">> &
  Pick<BallTreeOptions, "metricOptions">;

export const BALLTREE_DEFAULTS: ResolvedOptions = {
  dimension: 0,
  metric: "l2",
  metricOptions: undefined,
  dtype: "f32",
  seed: 42,
  leafSize: 32,
};

/** Longer answers are gathered by a scan: a tree keeps them sorted as it goes. */
const LONG_LIST = 256;

/**
 * Ball tree (Omohundro, *Five balltree construction algorithms*, ICSI TR-89-063, 1989): exact neighbours under any metric
 * that obeys the triangle inequality, because nothing else is used. A node is a centre and the distance of its farthest
 * row; rows stand in the order of the leaves. Useful while the data have few intrinsic dimensions, up to ten or twenty.
 *
 * The same rows, options and order of calls give the same tree, whatever the number of threads.
 */
export class BallTreeIndex<K extends Key = Key> extends RebuiltIndex<K> {
  readonly kind = "BallTree";
  readonly spec = "BallTree";
  readonly options: Readonly<ResolvedOptions>;
  readonly searchParams: readonly string[] = ["maxLeaves"];
  /** @internal */
  readonly balls: Balls;
  readonly #grower: BallGrower;
  readonly #withinBalls: WithinBalls;
  /** Set by a build: the slots in the order of the leaves, to which rows have yet to be moved. */
  #leafOrder: Uint32Array | undefined;

  constructor(given: BallTreeOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype } = options;
    const metricOptions = resolveMetricOptions(metric, dimension, options.metricOptions);
    super(
      { dimension, metric, metricOptions, dtype, codes: "none", keepVectors: true, augment: false },
      options.seed,
      {},
    );
    this.options = options;
    this.balls = new Balls(this.space, this.rows, this.bench);
    this.#withinBalls = new WithinBalls(this.space, this.rows, this.bench, this.balls);
    this.#grower = new BallGrower(this.space, this.rows, this.bench, this.balls);
  }

  /** Every answer equals brute force, unless `maxLeaves` was configured. */
  get exact(): boolean {
    return this.params.maxLeaves === undefined;
  }

  structureSizes(_capacity: number): Record<string, number> {
    return { ballNodes: this.balls?.bytes ?? 0 };
  }

  protected *rebuild(end: number, threads: number): Tasks<void> {
    this.#leafOrder = undefined;
    try {
      yield* this.#grower.build(end, this.options.leafSize, threads);
      this.#leafOrder = this.#grower.leafOrder();
    } finally {
      // After close() there is no memory to give back.
      if (!this.space.engine.disposed) {
        if (this.#leafOrder === undefined) this.balls.shape(-1, 0);
        this.#grower.done();
      }
    }
  }

  /** Moves rows to the order of the leaves; rows removed meanwhile go. */
  protected override orderAfterAdding(): NewOrder | undefined {
    const order = this.#leafOrder;
    if (order === undefined) return undefined;
    this.#leafOrder = undefined;
    const { rows } = this;
    const newSlotOfOld = new Uint32Array(rows.rows);
    const before = new Uint32Array(order.length + 1);
    let live = 0;
    let dead = rows.live;
    for (let i = 0; i < order.length; i++) {
      newSlotOfOld[order[i]!] = rows.isRemoved(order[i]!) ? dead++ : live++;
      before[i + 1] = live;
    }
    this.balls.moveEnds(before);
    this.restoreCovered(live);
    return { newSlotOfOld, kept: rows.live };
  }

  protected renumberStructure(order: NewOrder): void {
    this.balls.renumber(order);
  }

  protected structure(): StructureSearch | undefined {
    return this.covered === 0 ? undefined : this.balls;
  }

  /** @internal */
  planSearch(k: number, matches: number, params: SearchParams): Way | undefined {
    const rows = this.rows.rows;
    if (this.covered === 0 || k > LONG_LIST || k > rows / 4) return undefined;
    // A leaf has to be looked into for about rows / matches times as many answers: few matches are sooner compared.
    if (params.maxLeaves === undefined && matches * matches < k * rows) return undefined;
    return { ef: params.maxLeaves ?? ALL_LEAVES, rerank: 0 };
  }

  override dials(): Record<string, readonly number[]> {
    return { maxLeaves: ladder(1, Math.max(1, this.balls.leaves)) };
  }

  override range(
    queries: VectorsInput,
    radius: number,
    options: Omit<SearchOptions<K>, "k" | "maxDistance"> = {},
  ): RangeNeighbors<K> {
    const maxLeaves = options?.maxLeaves ?? this.params.maxLeaves;
    if (this.covered === 0 || options?.exact === true || maxLeaves !== undefined) {
      return super.range(queries, radius, options);
    }
    const { reader, skip } = this.#within(queries, radius, options);
    const found = this.#withinBalls.find(reader, radius, skip);
    return new RangeResult<K>(this.names, found.offsets, found.ids, found.distances);
  }

  /**
   * How many rows are within the radius of each query, in the metric's own units. Balls that lie inside as a whole are
   * counted without a look at their rows.
   *
   * @returns one number a query
   * @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN, DIM_MISMATCH, NOT_FINITE, BUSY, CLOSED
   */
  countWithin(
    queries: VectorsInput,
    radius: number,
    options: Pick<SearchOptions<K>, "filter"> = {},
  ): Uint32Array {
    const { reader, skip } = this.#within(queries, radius, options);
    return this.#withinBalls.count(reader, radius, skip);
  }

  #within(
    queries: VectorsInput,
    radius: number,
    options: Pick<SearchOptions<K>, "filter">,
  ): { reader: VectorReader; skip: boolean } {
    this.requireIdle();
    checkNames(options, ["filter", "exact", "maxLeaves"]);
    if (typeof radius !== "number" || Number.isNaN(radius)) {
      throw new VicinalError("OPTION_RANGE", { option: "radius", got: radius, rule: "a number" });
    }
    const reader = readVectors(queries, this.dimension, this.dtype, "queries");
    return { reader, skip: this.allow(options.filter).skip };
  }

  /** Whether {@link answerAll} answers so many neighbours. @internal */
  canAnswerAll(k: number): boolean {
    return this.covered > 0 && k <= LONG_LIST;
  }

  /** Fills in the nearest others of the rows at `slots`, all that live. @internal */
  async answerAll(
    out: Answers & { readonly k: number },
    slots: Uint32Array,
    threads: number,
    options: RunOptions,
  ): Promise<void> {
    const { skip } = this.allow(undefined);
    const { space, rows, bench, balls } = this;
    await this.changeAsync("allNeighbors()", async () => {
      if (threads > 1) space.engine.share();
      const tasks = allThroughBalls(space, rows, bench, balls, out, slots, skip, threads);
      if (threads > 1) await onThreads(space.engine, tasks, threads, options);
      else await runAsync(here(space.engine, tasks), options);
    });
    bench.clear();
  }

  /** Sums of a kernel over all rows: sum q is out[2q] · exp(−out[2q + 1]). @internal */
  kernelSums(queries: VectorsInput, sums: KernelSums): Float64Array {
    const { reader, skip } = this.#within(queries, 0, {});
    const out = new Float64Array(2 * reader.rows);
    if (this.size === 0) return out;
    return this.change("kernelDensity()", () => {
      runSync(here(this.space.engine, this.#sumTasks(reader, sums, skip, 1, out)));
      return out;
    });
  }

  /** @internal */
  async kernelSumsAsync(
    queries: VectorsInput,
    sums: KernelSums,
    threads: number,
    options: RunOptions,
  ): Promise<Float64Array> {
    const { reader, skip } = this.#within(queries, 0, {});
    const own = ownedReader(reader);
    const out = new Float64Array(2 * reader.rows);
    if (this.size === 0) return out;
    await this.changeAsync("kernelDensityAsync()", async () => {
      if (threads > 1) this.space.engine.share();
      const tasks = this.#sumTasks(own, sums, skip, threads, out);
      if (threads > 1) await onThreads(this.space.engine, tasks, threads, options);
      else await runAsync(here(this.space.engine, tasks), options);
    });
    return out;
  }

  #sumTasks(
    reader: VectorReader,
    sums: KernelSums,
    skip: boolean,
    threads: number,
    out: Float64Array,
  ): Tasks<void> {
    const { space, rows, bench, balls } = this;
    return sumKernels(space, rows, bench, balls, reader, sums, skip, threads, out);
  }

  savedStructure(): SavedStructure {
    const { leafSize } = this.options;
    const { levels, bytes } = this.balls;
    return {
      facts: { leafSize, levels, covered: this.covered },
      sections: [["ballNodes", "u32"]],
      sizes: { ballNodes: bytes },
    };
  }

  /** Takes a tree over that is in its section. @internal */
  restoreTree(covered: number): void {
    this.balls.covered = covered;
    this.restoreCovered(covered);
  }

  protected details(): Record<string, number | string> {
    return {
      leafSize: this.options.leafSize,
      leaves: this.covered === 0 ? 0 : this.balls.leaves,
      waiting: this.rows.rows - this.covered,
    };
  }
}

function checkOptions(given: BallTreeOptions): Readonly<ResolvedOptions> {
  const options = resolveOptions<ResolvedOptions>(BALLTREE_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  wholeNumber("leafSize", options.leafSize, 1, 10_000);
  const why = support("BallTree", metric, options.dtype, false);
  if (why !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `BallTree over ${options.dtype} vectors with metric ${metric}`,
      rule: why,
    });
  }
  return { ...options, metric };
}
