import { checkOptions, VicinalError } from "../core/index.ts";
import type { Key, SearchOptions, VectorInput } from "./contract.ts";
import { DistanceHeap } from "./distanceHeap.ts";
import { copyRows, readVectors } from "./parts/vectors.ts";
import type { VectorIndex } from "./vectorIndex.ts";

type Options<K extends Key> = Omit<SearchOptions<K>, "k">;
type Item<K> = { key: K; distance: number };

/** Below this many rows everything is compared and sorted: cheaper than walking, and exactly in order. */
const SCAN_ROWS = 20_000;
const FIRST_PAGE = 64;

/**
 * Neighbours one after another. Exact searches compare all rows, once for the first page and once for the
 * rest. Through a graph the search stands still between neighbours and goes on from where it was; it keeps
 * `efSearch` candidates in hand, so a neighbour found later than that comes late rather than never.
 */
export function lazyNeighbors<K extends Key>(
  index: VectorIndex<K>,
  query: VectorInput,
  options: Options<K>,
): IterableIterator<Item<K>> {
  // A search that is not needed checks the options now, rather than when the first neighbour is asked for.
  checkOptions(options);
  const none = new Float32Array(0);
  index.search(none, { ...options, filter: undefined });
  const { rows } = readVectors(query, index.dimension, index.dtype, "query");
  if (rows !== 1) {
    throw new VicinalError("BAD_INPUT", { what: "query", got: `${rows} vectors`, rule: "one vector" });
  }
  return walkOrScan(index, query, options);
}

function* walkOrScan<K extends Key>(
  index: VectorIndex<K>,
  query: VectorInput,
  options: Options<K>,
): IterableIterator<Item<K>> {
  const { version } = index;
  const limit = options.maxDistance ?? Number.POSITIVE_INFINITY;
  const walk = options.exact !== true && index.size > SCAN_ROWS ? index.openWalk(query, options) : undefined;
  const items = walk ?? sortedRows(index, query, options);
  for (const item of items) {
    if (item.distance > limit) return;
    yield { key: index.keyTable.keyOf(item.slot), distance: item.distance };
    index.requireIdle();
    if (index.version !== version) {
      throw new VicinalError("BAD_INPUT", {
        what: "iterator of neighbours",
        got: "used after the index changed",
        rule: "read to its end before the next change; start another",
      });
    }
  }
}

export interface Found {
  readonly slot: number;
  readonly distance: number;
}

function* sortedRows<K extends Key>(
  index: VectorIndex<K>,
  query: VectorInput,
  options: Options<K>,
): Iterable<Found> {
  // Held by the iterator: the caller may change its array meanwhile.
  const reader = readVectors(query, index.dimension, index.dtype, "query");
  const own = copyRows(reader, 0, 1);
  const fixed = options.filter === undefined ? options : { ...options, filter: index.mask(options.filter) };
  let given = 0;
  for (const k of [FIRST_PAGE, 0x7fffffff]) {
    const row = index.search(own, { ...fixed, exact: true, k }).row(0);
    for (; given < row.ids.length; given++) {
      yield { slot: row.ids[given]!, distance: row.distances[given]! };
    }
    if (given < k) return;
  }
}

/** Access to a graph for a walk that is resumed again and again. */
export interface WalkAccess {
  readonly entry: number;
  readonly rows: number;
  readonly lookahead: number;
  /** Rows that may not be answered. */
  excluded(slot: number): boolean;
  links(slot: number): Iterable<number>;
  /** For each row its rank for the graph, and its distance. */
  rank(slots: readonly number[]): { ranks: Float32Array; distances: Float32Array };
}

/** Best-first search that hands out its finds while it goes on. */
export function* walkGraph(graph: WalkAccess): Iterable<Found> {
  const seen = new Uint8Array(Math.ceil(graph.rows / 8));
  const frontier = new DistanceHeap();
  const found = new DistanceHeap();
  const take = (slots: number[]): void => {
    if (slots.length === 0) return;
    const { ranks, distances } = graph.rank(slots);
    for (let i = 0; i < slots.length; i++) {
      frontier.push(ranks[i]!, slots[i]!);
      if (!graph.excluded(slots[i]!)) found.push(distances[i]!, slots[i]!);
    }
  };
  const unseen = (slots: Iterable<number>): number[] => {
    const out: number[] = [];
    for (const slot of slots) {
      const bit = 1 << (slot & 7);
      if (seen[slot >> 3]! & bit) continue;
      seen[slot >> 3]! |= bit;
      out.push(slot);
    }
    return out;
  };
  take(unseen([graph.entry]));
  for (;;) {
    while (frontier.size > 0 && found.size < graph.lookahead) take(unseen(graph.links(frontier.pop().slot)));
    if (found.size === 0) return;
    yield found.pop();
  }
}
