import {
  type Metric,
  type MetricOptions,
  oneOf,
  parseMetric,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../../core/index.ts";
import { resolveMetricOptions } from "../../../metrics/index.ts";
import type { CreateOptions, Key, SearchParams } from "../../contract.ts";
import type { StructureSearch, Way } from "../../plan.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { SavedStructure } from "../../snapshot.ts";
import { checkRowOptions, support } from "../../support.ts";
import type { Tasks } from "../../task.ts";
import { ALL_LEAVES } from "../leaves.ts";
import { SPLITS, type Split } from "../topology.ts";
import { TreeIndex } from "../treeIndex.ts";
import type { WithinSearch } from "../within.ts";
import { KdTree } from "./tree.ts";

export interface KDTreeOptions extends CreateOptions {
  /** Numbers of the metric minkowski. */
  metricOptions?: MetricOptions | undefined;
  /** Most rows of a leaf, unless they are all the same; 1 … 10,000. */
  leafSize?: number;
  /** Rows are split at the middle of their widest side, or into halves along it. */
  split?: Split;
  /** Leaves to look into at most, nearest first, which makes searches approximate; default all. */
  maxLeaves?: number;
}

export const KDTREE_DEFAULTS: Required<Omit<KDTreeOptions, "metricOptions">> &
  Pick<KDTreeOptions, "metricOptions"> = {
  dimension: 0,
  metric: "l2",
  metricOptions: undefined,
  dtype: "f32",
  seed: 42,
  leafSize: 24,
  split: "midpoint",
  maxLeaves: ALL_LEAVES,
};

/** Longer lists than this cost more to keep sorted than a scan does. */
const LONGEST_LIST = 256;
/** A search looks into about so many times k rows at least; where no more may be answered, they are compared at once. */
const ROWS_PER_K = 8;

/**
 * A kd-tree (Bentley, doi:10.1145/361002.361007) over float32 rows of few components: exact, under l2, l2sq, cosine,
 * l1, linf and minkowski with any power, weights and periodic axes. Above about 20 components most leaves are looked
 * into, and a scan or a graph is faster.
 *
 * Rows are renumbered into the order of leaves. The same rows and options give the same tree, whatever the number of
 * threads.
 */
export class KDTreeIndex<K extends Key = Key> extends TreeIndex<K> {
  readonly kind = "KDTree";
  readonly spec = "KDTree";
  readonly searchParams: readonly string[] = ["maxLeaves"];
  readonly options: Readonly<typeof KDTREE_DEFAULTS>;
  /** @internal */
  readonly tree: KdTree;

  constructor(given: KDTreeOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, leafSize, split, maxLeaves } = options;
    const metricOptions = resolveMetricOptions(metric, dimension, options.metricOptions);
    super(
      { dimension, metric, metricOptions, dtype, codes: "none", keepVectors: true, augment: false },
      options.seed,
      { maxLeaves },
    );
    this.options = options;
    this.tree = new KdTree(this.space, this.rows, this.bench, { leafSize, split });
  }

  /** Unless searches are limited to some leaves. */
  get exact(): boolean {
    return this.params.maxLeaves === ALL_LEAVES;
  }

  structureSizes(): Record<string, number> {
    return this.tree?.sizes() ?? {};
  }

  protected rebuild(end: number, threads: number): Tasks<void> {
    return this.tree.build(end, threads);
  }

  protected override orderAfterAdding(): NewOrder | undefined {
    const order = this.covered > 0 ? this.tree.takeOrder() : undefined;
    if (order !== undefined) this.restoreCovered(this.tree.covered);
    return order;
  }

  protected renumberStructure(): void {
    this.tree.takeRemoved();
  }

  protected structure(): StructureSearch | undefined {
    return this.covered > 0 ? this.tree : undefined;
  }

  protected withinTree(): WithinSearch | undefined {
    return this.covered > 0 ? this.tree : undefined;
  }

  planSearch(k: number, matches: number, params: SearchParams): Way | undefined {
    const { maxLeaves = ALL_LEAVES } = params;
    if (this.covered === 0 || k > LONGEST_LIST) return undefined;
    // A filter leaves matches / rows of what leaves hold.
    if (matches * matches < ROWS_PER_K * k * this.rows.rows) return undefined;
    return { ef: maxLeaves, rerank: 0 };
  }

  override dials(): Readonly<Record<string, readonly number[]>> {
    const { leaves } = this.tree;
    const some = [];
    for (let n = 1; n < leaves; n *= 2) some.push(n);
    return { maxLeaves: [...some, ALL_LEAVES] };
  }

  savedStructure(): SavedStructure {
    const { leafSize, split } = this.options;
    return {
      facts: {
        leafSize,
        split,
        covered: this.covered,
        nodes: this.covered > 0 ? this.tree.topology.count : 0,
      },
      sections: [["treeNodes", "u32"]],
      sizes: { treeNodes: this.covered > 0 ? this.tree.topology.bytes : 0 },
    };
  }

  protected details(): Record<string, number | string> {
    const { leaves, levels, topology } = this.tree;
    const inTree = this.covered > 0;
    return {
      covered: this.covered,
      leaves: inTree ? leaves : 0,
      nodes: inTree ? topology.count : 0,
      levels: inTree ? levels : 0,
      leafSize: this.options.leafSize,
      split: this.options.split,
    };
  }
}

function checkOptions(given: KDTreeOptions): Readonly<typeof KDTREE_DEFAULTS> {
  const options = resolveOptions<typeof KDTREE_DEFAULTS>(KDTREE_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  const why = support("KDTree", metric, options.dtype, false);
  if (why !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `KDTree over ${options.dtype} vectors with metric ${metric}`,
      rule: why,
    });
  }
  wholeNumber("leafSize", options.leafSize, 1, 10_000);
  wholeNumber("maxLeaves", options.maxLeaves, 1, ALL_LEAVES);
  oneOf("split", options.split, SPLITS);
  return { ...options, metric };
}
