import {
  type Metric,
  type MetricOptions,
  parseMetric,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../../core/index.ts";
import { resolveMetricOptions } from "../../../metrics/index.ts";
import type { CreateOptions, Key, SearchParams } from "../../contract.ts";
import { ladder } from "../../ladder.ts";
import type { StructureSearch, Way } from "../../plan.ts";
import { RebuiltIndex } from "../../rebuilt.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { SavedStructure } from "../../snapshot.ts";
import { checkRowOptions, support } from "../../support.ts";
import type { Tasks } from "../../task.ts";
import { BallGrower } from "./grow.ts";
import { ALL_LEAVES, Balls } from "./tree.ts";

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
