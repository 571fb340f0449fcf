import { createRng, permutation } from "../../../core/index.ts";
import type { Key } from "../../contract.ts";
import type { GraphOptions, Pause } from "../../hnsw/graphStruct.ts";
import type { Tasks } from "../../task.ts";
import { FlatGraphIndex } from "../common/flatGraph.ts";
import { type FlatGraphOptions, flatRows } from "../common/options.ts";
import { growPivots } from "../common/pivots.ts";

/** Rows after which the first tree of seeds is made while rows are inserted. */
const FIRST_SEEDS = 512;
/** Ranks of these metrics are not squared. */
const PLAIN: readonly string[] = ["l1", "linf", "hamming"];

/** Links of a row there is room for, as a multiple of the edges that it chooses. */
const ROOM = 3;

/** What both graphs of NGT need of their links. */
export function ngtLinks(
  edges: number,
  epsilon: number,
  { metric, seed, efConstruction }: Required<FlatGraphOptions>,
  capacity: number,
): GraphOptions {
  return {
    ...{ M: edges, capacity, efConstruction, seed, flat: true },
    // The nearest are linked, both ways; only a list that overflows is thinned.
    ...{ chooseScale: Number.POSITIVE_INFINITY, pruneScale: 1 },
    range: { k: edges, factor: PLAIN.includes(metric) ? 1 + epsilon : (1 + epsilon) ** 2 },
  };
}

/** Room for links where rows choose so many. */
export const ngtCapacity = (edges: number): number => ROOM * edges + 2;

/** What the graphs of NGT share: insertion by range search from seeds. */
export abstract class NgtIndex<K extends Key = Key> extends FlatGraphIndex<K> {
  protected constructor(options: Required<FlatGraphOptions>, graph: GraphOptions) {
    super({
      rows: flatRows(options),
      seed: options.seed,
      efSearch: options.efSearch,
      graph,
      seeds: true,
    });
  }

  /** What follows when the first block has been inserted. */
  protected *finish(_rows: Uint32Array, _threads: number): Tasks<void> {}

  /** The tree of seeds grows with the first block, whenever there are twice the rows. */
  protected override *linkRows(first: number, end: number, threads: number, pause?: Pause): Tasks<void> {
    const { graph } = this;
    if (graph.entry >= 0 || first === end) return yield* super.linkRows(first, end, threads, pause);
    graph.makeLists(first, end);
    const order = permutation(end - first, createRng(this.seed, `order ${first}`)).map((row) => first + row);
    const held = order.slice(0, Math.min(pause?.rows ?? 0, order.length - 1));
    const rows = order.slice(held.length);
    for (let done = 0; done < rows.length; ) {
      const size = Math.min(Math.max(FIRST_SEEDS, done), rows.length - done);
      const of = rows.length;
      yield* graph.insertRows(rows.subarray(done, done + size), threads, { before: done, of });
      done += size;
      if (done < FIRST_SEEDS) break;
      const seeded = rows.slice(0, done).sort();
      yield* growPivots(this.space, graph, this.bench, seeded, this.seed, threads);
      graph.seeded = done;
    }
    yield* this.finish(rows, threads);
    if (held.length === 0) return;
    yield* pause!.tasks(held);
    yield* graph.insertRows(held, threads);
  }
}
