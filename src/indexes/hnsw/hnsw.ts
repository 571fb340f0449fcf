import {
  type Metric,
  oneOf,
  parseMetric,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type {
  CreateOptions,
  HealthReport,
  Key,
  SearchOptions,
  SearchParams,
  VectorInput,
} from "../contract.ts";
import { ladder } from "../ladder.ts";
import type { Found } from "../lazyNeighbors.ts";
import type { StructureSearch, Way } from "../plan.ts";
import type { NewOrder } from "../rowIndex.ts";
import type { SavedSection, SavedStructure } from "../snapshot.ts";
import { currentEpoch } from "../structs.ts";
import { checkRowOptions, support } from "../support.ts";
import type { Tasks } from "../task.ts";
import { VectorIndex } from "../vectorIndex.ts";
import type { WorkNeeds } from "../workbench.ts";
import { HnswGraph, type Pause } from "./graph.ts";
import { type HeldOutTuning, tuneOnHeldOut } from "./heldOut.ts";
import { newNumbers, renumberLinks } from "./renumber.ts";
import { walkIndex } from "./walk.ts";

export interface HnswOptions extends CreateOptions {
  /** Links of a row on upper levels, twice as many on level 0; 2 … 100. Memory about 8·M bytes a row. */
  M?: number;
  /** Candidates kept while a row looks for its links; at least M. More builds slower and links better. */
  efConstruction?: number;
  /** Candidates kept while searching, unless a search says otherwise. */
  efSearch?: number;
  /** What the graph is built and searched over: the vectors, 7-bit or 8-bit codes. */
  codes?: "none" | "sq7" | "sq8";
  /** Over codes: keep the vectors too and score the best candidates again by them. */
  refine?: boolean;
}

export const HNSW_DEFAULTS: Required<HnswOptions> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  M: 16,
  efConstruction: 200,
  efSearch: 64,
  codes: "none",
  refine: true,
};

/** A scan of so many times ef rows costs about what a graph search with that ef does. */
const SCAN_ROWS_PER_EF = 10;
/** A block that at least doubles the index is followed by renumbering, from this many rows on. */
const RENUMBER_ROWS = 1000;
/** Candidates kept while looking for a row to attach another to. */
const TREE_EF = 64;

const GRAPH_SECTIONS: readonly SavedSection[] = [
  ["links0", "u32"],
  ["upperAt", "u32"],
  ["levels", "u8"],
  ["upper", "u32"],
];

/**
 * Hierarchical navigable small world graph (Malkov & Yashunin, arXiv:1603.09320), over vectors or over codes
 * with exact rescoring. Inner product is searched as L2 after augmentation (Bachrach et al., RecSys 2014).
 *
 * The same rows, options and seed give the same graph, whatever the number of threads. A spanning tree whose
 * edges are never pruned keeps every row reachable.
 */
export class HnswIndex<K extends Key = Key> extends VectorIndex<K> {
  readonly kind = "HNSW";
  readonly exact = false;
  readonly options: Readonly<Required<HnswOptions>>;
  readonly searchParams: readonly string[];
  /** @internal */
  readonly graph: HnswGraph;
  /** Set before a block is added: tune `efSearch` while it is linked. @internal */
  tuning: HeldOutTuning | undefined;

  constructor(given: HnswOptions) {
    const options = checkOptions(given);
    const overCodes = options.codes !== "none";
    super(
      {
        dimension: options.dimension,
        metric: options.metric,
        dtype: options.dtype,
        codes: options.codes,
        keepVectors: !overCodes || options.refine,
        augment: options.metric === "ip",
      },
      options.seed,
      { efSearch: options.efSearch },
    );
    this.options = options;
    this.searchParams =
      options.dtype === "f32" && (!overCodes || options.refine) ? ["efSearch", "rerank"] : ["efSearch"];
    this.graph = new HnswGraph(this.space, this.rows, this.bench, options);
  }

  get spec(): string {
    const { M, codes, refine } = this.options;
    if (codes === "none") return `HNSW${M}`;
    return `HNSW${M},${codes.toUpperCase()}${refine ? ",Refine" : ""}`;
  }

  structureSizes(capacity: number): Record<string, number> {
    return this.graph?.sizes(capacity) ?? {};
  }

  protected *link(first: number, end: number, threads: number): Tasks<void> {
    const { tuning } = this;
    this.tuning = undefined;
    yield* this.graph.insert(
      first,
      end,
      threads,
      tuning === undefined ? undefined : this.#tuneOnHeldOut(tuning),
    );
    // Building needs more room than searching does: give it back.
    this.bench.clear();
  }

  /** While building: rows that wait to be linked are searched for, as queries the graph has never seen. */
  #tuneOnHeldOut(tuning: HeldOutTuning): Pause {
    return {
      rows: Math.min(tuning.sample, Math.floor(this.rows.live / 10)),
      tasks: (slots) => tuneOnHeldOut(this, this.nativeSearcher, slots, tuning),
    };
  }

  protected orderAfterAdding(first: number, end: number): NewOrder | undefined {
    if (end < RENUMBER_ROWS || end - first < first || this.rows.removed > 0) return undefined;
    return this.#reorder();
  }

  #reorder(): NewOrder {
    const order = newNumbers(this.space, this.rows, this.graph);
    renumberLinks(this.space, this.graph, order.newSlotOfOld, order.kept);
    return order;
  }

  protected structure(): StructureSearch | undefined {
    if (this.graph === undefined || this.graph.entry < 0) return undefined;
    return this.graph;
  }

  /** @internal */
  planSearch(k: number, matches: number, params: SearchParams): Way | undefined {
    const rows = this.rows.rows;
    const wanted = Math.max(params.efSearch!, k);
    // Rows that may not be answered take places in the pool: it grows so that as many allowed ones fit.
    const ef = Math.min(rows, Math.ceil((wanted * rows) / matches));
    if (this.graph.entry < 0 || matches <= SCAN_ROWS_PER_EF * ef || k > rows / 4) return undefined;
    return { ef, rerank: this.#rerank(k, wanted, params.rerank) };
  }

  #rerank(k: number, ef: number, asked: number | undefined): number {
    const { dtype, codes, refine } = this.options;
    if (dtype !== "f32" || (codes !== "none" && !this.rows.hasVectors)) return 0;
    if (asked !== undefined) return Math.max(k, asked);
    // Over vectors only the last bits of a rank can differ; over codes neighbours can change places.
    return codes === "none" || !refine ? k + 8 : Math.max(Math.ceil(1.4 * k), Math.ceil(ef / 4));
  }

  override dials(k: number): Record<string, readonly number[]> {
    return { efSearch: ladder(k, Math.max(k, Math.min(4096, this.rows.rows))) };
  }

  savedStructure(): SavedStructure {
    const { M, efConstruction, codes, refine } = this.options;
    const { upperWords, inserted, entry, maxLevel } = this.graph;
    return {
      facts: { M, efConstruction, codes, refine, upperWords, inserted, entry, maxLevel },
      sections: GRAPH_SECTIONS,
      sizes: this.graph.sizes(this.rows.rows),
    };
  }

  override openWalk(query: VectorInput, options: SearchOptions<K>): Iterable<Found> | undefined {
    if (this.graph.entry < 0) return undefined;
    return walkIndex(this, this.nativeSearcher, query, options);
  }

  protected renumber(): NewOrder {
    this.#dropRemoved();
    return this.#reorder();
  }

  /** Replaces links to removed rows, finds an entry that stays, and plants the spanning tree anew. */
  #dropRemoved(): void {
    const { graph, rows, space } = this;
    if (graph.entry < 0 || rows.removed === 0) return;
    const { M } = this.options;
    const near = 4 * M * M + 4 * M + 8;
    this.#ensureBench({ pending: near, sorted: near, chosen: 2 * M + 8 });
    const scratch = graph.scratch(0);
    const address = graph.prepare();
    for (let from = 0; from < rows.rows; from += 256) {
      space.engine.exports.graphDrop(
        scratch,
        address,
        space.ptr("dead"),
        from,
        Math.min(from + 256, rows.rows),
      );
    }
    this.#chooseEntry();
    this.#growTree(true);
    this.bench.clear();
  }

  /** The live row of the highest level, the first of them. */
  #chooseEntry(): void {
    const levels = this.space.u8("levels");
    let entry = -1;
    for (let row = 0; row < this.rows.rows; row++) {
      if (this.rows.isRemoved(row)) continue;
      if (entry < 0 || levels[row]! > levels[entry]!) entry = row;
    }
    this.graph.setEntry(entry, entry < 0 ? -1 : levels[entry]!);
  }

  /** Returns how many rows had to be attached. Removed rows stay out when `withoutRemoved`. */
  #growTree(withoutRemoved: boolean): number {
    const { graph, rows, space } = this;
    this.#ensureBench({ pool: TREE_EF + 1, pending: 4 * this.options.M + 8, sorted: 8, chosen: 8 });
    const bits = Math.ceil(rows.rows / 8);
    space.set({ queue: rows.rows * 4 + 64 + bits });
    const inTree = space.ptr("queue") + rows.rows * 4;
    const skip = withoutRemoved ? space.ptr("dead") : 0;
    const attached = space.engine.exports.graphTree(
      graph.scratch(0),
      graph.prepare(),
      space.ptr("queue"),
      inTree,
      skip,
      TREE_EF,
    );
    space.set({ queue: 0 });
    return attached;
  }

  #ensureBench(needs: WorkNeeds): void {
    const visited = Math.max(this.rows.capacity, this.rows.rows);
    this.bench.ensure(1, { ...needs, code: this.rows.codeBytes + 16, visited });
  }

  override health(): HealthReport {
    this.requireIdle();
    const { graph, rows, space } = this;
    const report = { size: rows.live, removed: rows.removed };
    if (rows.rows === 0 || graph.entry < 0) return { ...report, unreachable: 0, withoutInlinks: 0, ok: true };
    this.#ensureBench({});
    space.set({ queue: rows.rows * 4 });
    const scratch = graph.scratch(0);
    space.engine.exports.graphReach(scratch, graph.prepare(), space.ptr("queue"));
    space.set({ queue: 0 });
    const epoch = currentEpoch(space.engine, scratch);
    const visited = space.engine.u8.subarray(this.bench.visited(0), this.bench.visited(0) + rows.rows);
    const linked = this.#linkedTo();
    let unreachable = 0;
    let withoutInlinks = 0;
    for (let row = 0; row < rows.rows; row++) {
      if (rows.isRemoved(row)) continue;
      if (visited[row] !== epoch) unreachable++;
      if (linked[row] === 0 && rows.rows > 1) withoutInlinks++;
    }
    return { ...report, unreachable, withoutInlinks, ok: unreachable === 0 };
  }

  /** 1 for each row that some level-0 list names. */
  #linkedTo(): Uint8Array {
    const linked = new Uint8Array(this.rows.rows);
    const links = this.space.u32("links0");
    const { words0 } = this.graph;
    for (let row = 0; row < this.rows.rows; row++) {
      const at = row * words0;
      const n = links[at]! & 0xffff;
      for (let i = at + 1; i <= at + n; i++) linked[links[i]!] = 1;
    }
    return linked;
  }

  override repair(): number {
    const { unreachable } = this.health();
    if (this.rows.rows > 0 && this.graph.entry >= 0) this.#growTree(false);
    this.bench.clear();
    return unreachable;
  }

  protected details(): Record<string, number | string> {
    const { graph, rows, space } = this;
    let links = 0;
    const lists = space.u32("links0");
    for (let row = 0; row < rows.rows; row++) links += lists[row * graph.words0]! & 0xffff;
    return {
      M: this.options.M,
      efConstruction: this.options.efConstruction,
      efSearch: this.params.efSearch!,
      levels: graph.maxLevel + 1,
      meanDegree: rows.rows === 0 ? 0 : Math.round((100 * links) / rows.rows) / 100,
    };
  }
}

function checkOptions(given: HnswOptions): Readonly<Required<HnswOptions>> {
  const options = resolveOptions<Required<HnswOptions>>(HNSW_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  wholeNumber("M", options.M, 2, 100);
  wholeNumber("efConstruction", options.efConstruction, options.M, 100_000);
  wholeNumber("efSearch", options.efSearch, 1, 0x7fffffff);
  oneOf("codes", options.codes, ["none", "sq7", "sq8"]);
  const where = support("HNSW", metric, options.dtype, options.codes !== "none");
  if (where !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `HNSW over ${options.dtype} vectors with metric ${metric}`,
      rule: where,
    });
  }
  return { ...options, metric };
}
