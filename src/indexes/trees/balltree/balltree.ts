import {
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
import type { CreateOptions, Key, SearchParams, VectorsInput } from "../../contract.ts";
import { ladder } from "../../ladder.ts";
import { ownedReader, readVectors, type VectorReader } from "../../parts/vectors.ts";
import type { Answers, StructureSearch, Way } from "../../plan.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { SavedStructure } from "../../snapshot.ts";
import { checkRowOptions, support } from "../../support.ts";
import { here, onThreads, type Tasks } from "../../task.ts";
import { ALL_LEAVES } from "../leaves.ts";
import { TreeIndex } from "../treeIndex.ts";
import type { WithinSearch } from "../within.ts";
import { allThroughBalls } from "./all.ts";
import { type KernelSums, sumKernels } from "./density.ts";
import { BallGrower } from "./grow.ts";
import { Balls } from "./tree.ts";

export interface BallTreeOptions extends CreateOptions {
  /**
   * Most rows of a leaf, 1 … 10,000. Smaller leaves mean more balls to measure and fewer rows; a ball takes as many
   * bytes as a row, and 16.
   */
  leafSize?: number;
  /** Leaves that a search looks into, unless it says otherwise; default all, which is exact. */
  maxLeaves?: number;
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
  maxLeaves: ALL_LEAVES,
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
export class BallTreeIndex<K extends Key = Key> extends TreeIndex<K> {
  readonly kind = "BallTree";
  readonly spec = "BallTree";
  readonly options: Readonly<ResolvedOptions>;
  readonly searchParams: readonly string[] = ["maxLeaves"];
  /** @internal */
  readonly balls: Balls;
  readonly #grower: BallGrower;
  /** Set by a build: the slots in the order of the leaves, to which rows have yet to be moved. */
  #leafOrder: Uint32Array | undefined;

  constructor(given: BallTreeOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype } = options;
    const metricOptions = resolveMetricOptions(metric, dimension, options.metricOptions);
    super(
      { dimension, metric, metricOptions, dtype, codes: "none", keepVectors: true, augment: false },
      options.seed,
      { maxLeaves: options.maxLeaves },
    );
    this.options = options;
    this.balls = new Balls(this.space, this.rows, this.bench);
    this.#grower = new BallGrower(this.space, this.rows, this.bench, this.balls);
  }

  get exact(): boolean {
    return this.params.maxLeaves === ALL_LEAVES;
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
    const { maxLeaves = ALL_LEAVES } = params;
    if (maxLeaves === ALL_LEAVES && matches * matches < k * rows) return undefined;
    return { ef: maxLeaves, rerank: 0 };
  }

  override dials(): Record<string, readonly number[]> {
    const { leaves } = this.balls;
    return { maxLeaves: [...(leaves > 2 ? ladder(1, leaves - 1) : []), ALL_LEAVES] };
  }

  protected withinTree(): WithinSearch | undefined {
    return this.covered === 0 ? undefined : this.balls;
  }

  #read(queries: VectorsInput): { reader: VectorReader; skip: boolean } {
    this.requireIdle();
    const reader = readVectors(queries, this.dimension, this.dtype, "queries");
    return { reader, skip: this.allow(undefined).skip };
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
      const tasks = allThroughBalls(space, rows, bench, balls, out, slots, skip, threads, (ranks) =>
        this.nativeSearcher.toDistances(ranks),
      );
      if (threads > 1) await onThreads(space.engine, tasks, threads, options);
      else await runAsync(here(space.engine, tasks), options);
    });
    bench.clear();
  }

  /** Sums of a kernel over all rows: sum q is out[2q] · exp(−out[2q + 1]). @internal */
  kernelSums(queries: VectorsInput, sums: KernelSums): Float64Array {
    const { reader, skip } = this.#read(queries);
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
    const { reader, skip } = this.#read(queries);
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
  wholeNumber("maxLeaves", options.maxLeaves, 1, ALL_LEAVES);
  const why = support("BallTree", metric, options.dtype, false);
  if (why !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `BallTree over ${options.dtype} vectors with metric ${metric}`,
      rule: why,
    });
  }
  return { ...options, metric };
}
