import type { Key, SearchOptions, VectorInput } from "../contract.ts";
import type { GraphIndex } from "../graphs/common/graphIndex.ts";
import { type Found, walkGraph } from "../lazyNeighbors.ts";
import { copyRows, readVectors } from "../parts/vectors.ts";
import type { Searcher } from "../searcher.ts";

/** A lazy walk over an index's level 0, starting at the nearest row that a short search finds. */
export function walkIndex<K extends Key>(
  index: GraphIndex<K>,
  searcher: Searcher,
  query: VectorInput,
  options: SearchOptions<K>,
): Iterable<Found> {
  const { rows, space, graph } = index;
  const reader = readVectors(query, index.dimension, index.dtype, "query");
  const copy = copyRows(reader, 0, 1);
  const held = readVectors(copy, index.dimension, index.dtype, "query");

  const { skip } = index.allow(options.filter);
  const bits = skip ? space.u8("skip").slice() : undefined;
  const nearest = index.search(copy, { k: 1 }).row(0).ids[0];
  const rescore = index.dtype === "f32" && rows.hasVectors;
  return walkGraph({
    entry: nearest ?? graph.entry,
    rows: rows.rows,
    lookahead: options.efSearch ?? index.defaults.efSearch!,
    excluded: (slot) => bits !== undefined && (bits[slot >> 3]! & (1 << (slot & 7))) !== 0,
    links: (slot) => {
      const at = space.ptr("links0") / 4 + slot * graph.words0;
      const { u32 } = space.engine;
      return u32.subarray(at + 1, at + 1 + (u32[at]! & 0xffff));
    },
    rank: (slots) => searcher.rankRows(held, slots, graph, rescore),
  });
}
