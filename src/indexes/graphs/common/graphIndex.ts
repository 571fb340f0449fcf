import { runSync } from "../../../core/index.ts";
import type { HealthReport, Key, SearchOptions, SearchParams, VectorInput } from "../../contract.ts";
import { LinkGraph } from "../../hnsw/graph.ts";
import type { GraphOptions, Pause } from "../../hnsw/graphStruct.ts";
import { type HeldOutTuning, tuneOnHeldOut } from "../../hnsw/heldOut.ts";
import { newNumbers, renumberLinks } from "../../hnsw/renumber.ts";
import { walkIndex } from "../../hnsw/walk.ts";
import { ladder } from "../../ladder.ts";
import type { Found } from "../../lazyNeighbors.ts";
import type { StructureSearch, Way } from "../../plan.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { RowOptions } from "../../rowOptions.ts";
import { currentEpoch } from "../../structs.ts";
import { here, type Tasks } from "../../task.ts";
import { VectorIndex } from "../../vectorIndex.ts";
import type { WorkNeeds } from "../../workbench.ts";
import { growPivots } from "./pivots.ts";

/** A scan of so many times ef rows costs about what a graph search with that ef does. */
const SCAN_ROWS_PER_EF = 10;
/** A block that at least doubles the index is followed by renumbering, from this many rows on. */
const RENUMBER_ROWS = 1000;
/** Candidates kept while looking for a row to attach another to. */
const TREE_EF = 64;
/** Fewer rows than this need no tree of seeds. */
const SEEDED_LEAST = 64;

/** What a kind of graph is made of. */
export interface GraphSetup {
  readonly rows: RowOptions;
  readonly seed: number;
  readonly efSearch: number;
  readonly graph: GraphOptions;
  /** Searches start at seeds from a tree of pivots rather than at the entry alone. */
  readonly seeds: boolean;
}

/**
 * What all indexes have in common whose rows are linked to rows nearby: searching along the links with `efSearch`
 * candidates in hand, replacing links to removed rows, reachability, renumbering, tuning while building. The same rows,
 * options and seed give the same graph, whatever the number of threads. A spanning tree whose edges are never pruned keeps
 * every row reachable.
 */
export abstract class GraphIndex<K extends Key = Key> extends VectorIndex<K> {
  readonly exact = false;
  readonly searchParams: readonly string[];
  /** @internal */
  readonly graph: LinkGraph;
  /** Set before a block is added: tune `efSearch` while it is linked. @internal */
  tuning: HeldOutTuning | undefined;
  readonly #seeds: boolean;

  protected constructor({ rows, seed, efSearch, graph, seeds }: GraphSetup) {
    super(rows, seed, { efSearch });
    const scored = rows.dtype === "f32" && rows.keepVectors;
    this.searchParams = scored ? ["efSearch", "rerank"] : ["efSearch"];
    this.#seeds = seeds;
    this.graph = new LinkGraph(this.space, this.rows, this.bench, graph);
  }

  structureSizes(capacity: number): Record<string, number> {
    return this.graph?.sizes(capacity) ?? {};
  }

  protected *link(first: number, end: number, threads: number): Tasks<void> {
    const { tuning } = this;
    this.tuning = undefined;
    const pause = tuning === undefined ? undefined : this.#tuneOnHeldOut(tuning);
    yield* this.linkRows(first, end, threads, pause);
    yield* this.growSeeds(threads);
    // Building needs more room than searching does: give it back.
    this.bench.clear();
  }

  /** Tasks that link rows first … end; those that `pause` wants are linked after its tasks. */
  protected linkRows(first: number, end: number, threads: number, pause?: Pause): Tasks<void> {
    return this.graph.insert(first, end, threads, pause);
  }

  /** Makes the tree of seeds anew once there are twice the rows it was made for. */
  protected *growSeeds(threads: number): Tasks<void> {
    const { graph, rows } = this;
    if (!this.#seeds || rows.live < Math.max(SEEDED_LEAST, 2 * graph.seeded)) return;
    yield* this.sowSeeds(threads);
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
    return this.reorder();
  }

  /** Moves the graph to a better order, without the rows removed. */
  protected reorder(): NewOrder {
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
    const { dtype, codes, keepVectors } = this.rows.options;
    if (dtype !== "f32" || (codes !== "none" && !this.rows.hasVectors)) return 0;
    if (asked !== undefined) return Math.max(k, asked);
    // Over vectors only the last bits of a rank can differ; over codes neighbours can change places.
    return codes === "none" || !keepVectors ? k + 8 : Math.max(Math.ceil(1.4 * k), Math.ceil(ef / 4));
  }

  override dials(k: number): Record<string, readonly number[]> {
    return { efSearch: ladder(k, Math.max(k, Math.min(4096, this.rows.rows))) };
  }

  override openWalk(query: VectorInput, options: SearchOptions<K>): Iterable<Found> | undefined {
    if (this.graph.entry < 0) return undefined;
    return walkIndex(this, this.nativeSearcher, query, options);
  }

  protected renumber(): NewOrder {
    this.dropRemoved();
    return this.reorder();
  }

  protected *sowSeeds(threads: number): Tasks<void> {
    const { rows } = this;
    const live = Uint32Array.from({ length: rows.rows }, (_, i) => i).filter((row) => !rows.isRemoved(row));
    yield* growPivots(this.space, this.graph, this.bench, live, this.seed, threads);
    this.graph.seeded = live.length;
  }

  /** Replaces links to removed rows, finds an entry that stays, and plants the spanning tree anew. */
  protected dropRemoved(): void {
    const { graph, rows, space } = this;
    if (graph.entry < 0 || rows.removed === 0) return;
    const { capacity } = graph.options;
    const near = capacity * capacity + 2 * capacity + 8;
    // Pivots may be among the removed.
    graph.setPivots(0);
    this.ensureBench({ pending: near, sorted: near, chosen: capacity + 8 });
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
    this.chooseEntry();
    this.growTree(true);
    if (this.#seeds && rows.live >= SEEDED_LEAST) runSync(here(space.engine, this.sowSeeds(1)));
    this.bench.clear();
  }

  /** The live row of the highest level, the first of them. */
  protected chooseEntry(): void {
    const levels = this.space.u8("levels");
    let entry = -1;
    for (let row = 0; row < this.rows.rows; row++) {
      if (this.rows.isRemoved(row)) continue;
      if (entry < 0 || levels[row]! > levels[entry]!) entry = row;
    }
    this.graph.setEntry(entry, entry < 0 ? -1 : levels[entry]!);
  }

  /** Returns how many rows had to be attached. Removed rows stay out when `withoutRemoved`. */
  protected growTree(withoutRemoved: boolean): number {
    const { graph, rows, space } = this;
    this.ensureBench({ pool: TREE_EF + 1, pending: graph.options.capacity + 8, sorted: 8, chosen: 8 });
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

  protected ensureBench(needs: WorkNeeds): void {
    const visited = Math.max(this.rows.capacity, this.rows.rows);
    this.bench.ensure(1, { ...needs, code: this.rows.codeBytes + 16, visited });
  }

  override health(): HealthReport {
    this.requireIdle();
    const { graph, rows, space } = this;
    const report = { size: rows.live, removed: rows.removed };
    if (rows.rows === 0 || graph.entry < 0) return { ...report, unreachable: 0, withoutInlinks: 0, ok: true };
    this.ensureBench({});
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
    if (this.rows.rows > 0 && this.graph.entry >= 0) this.growTree(false);
    this.bench.clear();
    return unreachable;
  }

  protected details(): Record<string, number | string> {
    const { graph, rows, space } = this;
    let links = 0;
    const lists = space.u32("links0");
    for (let row = 0; row < rows.rows; row++) links += lists[row * graph.words0]! & 0xffff;
    return {
      efSearch: this.params.efSearch!,
      levels: graph.maxLevel + 1,
      meanDegree: rows.rows === 0 ? 0 : Math.round((100 * links) / rows.rows) / 100,
    };
  }
}
