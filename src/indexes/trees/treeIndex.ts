import { checkNames, VicinalError } from "../../core/index.ts";
import type { Filter, Key, RangeNeighbors, SearchOptions, VectorInput, VectorsInput } from "../contract.ts";
import type { Found } from "../lazyNeighbors.ts";
import { RangeResult } from "../parts/results.ts";
import { copyRows, readVectors } from "../parts/vectors.ts";
import { RebuiltIndex } from "../rebuilt.ts";
import { ALL_LEAVES } from "./leaves.ts";
import { type WithinSearch, WithinSearcher } from "./within.ts";

/** Neighbours searched for by a walk, one after another; the last are all. */
const PAGES = [16, 64, 256, 0x7fff_ffff];

export interface CountOptions<K extends Key = Key> {
  filter?: Filter<K> | undefined;
}

/** What exact trees have in common: they find all rows within a radius, and count them, without knowing how many. */
export abstract class TreeIndex<K extends Key = Key> extends RebuiltIndex<K> {
  #within: WithinSearcher | undefined;

  /** The tree; undefined while there is none. */
  protected abstract withinTree(): WithinSearch | undefined;

  get #searcher(): WithinSearcher {
    this.#within ??= new WithinSearcher(this.space, this.rows, this.bench, (ranks) =>
      this.nativeSearcher.toDistances(ranks),
    );
    return this.#within;
  }

  /**
   * How many rows are within the radius of each query: boxes and balls that lie inside as a whole are counted without
   * looking into them.
   *
   * @param radius in the metric's own units; rows at that very distance count
   * @returns one count a query
   * @throws VicinalError as search() does
   */
  countWithin(queries: VectorsInput, radius: number, options: CountOptions<K> = {}): Uint32Array {
    checkNames(options, ["filter"]);
    checkRadius(radius);
    const tree = this.withinTree();
    if (tree === undefined) {
      const { offsets } = super.range(queries, radius, options);
      return offsets.subarray(1).map((end, q) => end - offsets[q]!);
    }
    this.requireIdle();
    const reader = readVectors(queries, this.dimension, this.dtype, "queries");
    const { skip } = this.allow(options.filter);
    return this.#searcher.count(reader, radius, skip, tree);
  }

  /**
   * Searches for ever more neighbours: each answer begins with the one before, so reading m of them costs about a
   * search for 4m, and the last page of all a scan.
   */
  override openWalk(query: VectorInput, options: SearchOptions<K>): Iterable<Found> | undefined {
    const limited = (options.maxLeaves ?? this.params.maxLeaves ?? ALL_LEAVES) !== ALL_LEAVES;
    if (limited || this.withinTree() === undefined) return undefined;
    // Held by the walk: the caller may change its array meanwhile.
    const own = copyRows(readVectors(query, this.dimension, this.dtype, "query"), 0, 1);
    const filter = options.filter === undefined ? undefined : this.mask(options.filter);
    return this.#pages(own, { ...options, filter, maxDistance: undefined });
  }

  *#pages(query: VectorInput, options: SearchOptions<K>): Iterable<Found> {
    let given = 0;
    for (const k of PAGES) {
      const { ids, distances } = this.search(query, { ...options, k }).row(0);
      for (; given < ids.length; given++) yield { slot: ids[given]!, distance: distances[given]! };
      if (given < k) return;
    }
  }

  override range(
    queries: VectorsInput,
    radius: number,
    options: Omit<SearchOptions<K>, "k" | "maxDistance"> = {},
  ): RangeNeighbors<K> {
    const tree = this.withinTree();
    const limited = (options?.maxLeaves ?? this.params.maxLeaves ?? ALL_LEAVES) !== ALL_LEAVES;
    if (tree === undefined || limited || options?.exact === true)
      return super.range(queries, radius, options);
    checkRadius(radius);
    // A search for nothing checks the options.
    this.search(new Float32Array(0), { ...options, filter: undefined });
    const reader = readVectors(queries, this.dimension, this.dtype, "queries");
    const { skip } = this.allow(options.filter);
    const found = this.#searcher.list(reader, radius, skip, tree);
    return new RangeResult<K>(this.names, found.offsets, found.ids, found.distances);
  }
}

function checkRadius(radius: number): void {
  if (typeof radius !== "number" || Number.isNaN(radius)) {
    throw new VicinalError("OPTION_RANGE", { option: "radius", got: radius, rule: "a number" });
  }
}
