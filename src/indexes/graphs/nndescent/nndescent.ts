import { createRng, permutation, wholeNumber } from "../../../core/index.ts";
import type { Index, Key } from "../../contract.ts";
import type { Pause } from "../../hnsw/graphStruct.ts";
import type { SavedStructure } from "../../snapshot.ts";
import type { Tasks } from "../../task.ts";
import { FlatGraphIndex } from "../common/flatGraph.ts";
import {
  checkFlatOptions,
  codesText,
  FLAT_GRAPH_DEFAULTS,
  type FlatGraphOptions,
  flatRows,
} from "../common/options.ts";
import { type DescentPlace, descend, descentOptions, endDescent, writeDescent } from "./descent.ts";

import { type KnnGraph, neighborGraph } from "./neighborGraph.ts";

export interface NNDescentOptions extends FlatGraphOptions {
  /** Neighbours of a row in the graph that is improved, 2 … 500; links are chosen among them. */
  K?: number;
}

export const NNDESCENT_DEFAULTS: Required<NNDescentOptions> = { ...FLAT_GRAPH_DEFAULTS, K: 30 };

/** Links are a little denser than the rule of diversity would leave them: the graph has no long ones to fall back on. */
const SCALE = 1.2;

/** Links of a row: as many as are chosen of K neighbours, and of those who chose it. */
export function capacityOf(K: number): number {
  return Math.max(8, Math.ceil(1.5 * K));
}

/**
 * The graph of nearest neighbours, found by NN-descent (Dong, Moses & Li, WWW 2011, doi:10.1145/1963405.1963487), thinned
 * by the rule of diversity, with links in both directions (as in pynndescent). Searches start at seeds from a tree of
 * pivots. Rows added later search for their neighbours.
 */
export class NNDescentIndex<K extends Key = Key> extends FlatGraphIndex<K> {
  readonly kind = "NNDescent";
  readonly options: Readonly<Required<NNDescentOptions>>;

  constructor(given: NNDescentOptions) {
    const options = checkFlatOptions("NNDescent", NNDESCENT_DEFAULTS, given);
    wholeNumber("K", options.K, 2, 500);
    const { seed, efSearch, efConstruction } = options;
    const capacity = capacityOf(options.K);
    super({
      rows: flatRows(options),
      seed,
      efSearch,
      graph: {
        ...{ M: Math.min(options.K, capacity - 1), capacity, efConstruction, seed, flat: true },
        ...{ chooseScale: SCALE, pruneScale: 1 },
      },
      seeds: true,
    });
    this.options = options;
  }

  get spec(): string {
    return `NNDescent${this.options.K}${codesText(this.options)}`;
  }

  /** What the descent works with. @internal */
  get place(): DescentPlace {
    return { space: this.space, rows: this.rows, bench: this.bench, graph: this.graph };
  }

  /** The first block makes the graph; later ones are inserted row by row. */
  protected override *linkRows(first: number, end: number, threads: number, pause?: Pause): Tasks<void> {
    const { graph } = this;
    if (graph.entry >= 0 || first === end) return yield* super.linkRows(first, end, threads, pause);
    const order = permutation(end - first, createRng(this.seed, `order ${first}`)).map((row) => first + row);
    const held = order.subarray(0, Math.min(pause?.rows ?? 0, order.length - 1));
    yield* this.#linkNearest(order.slice(held.length).sort(), threads);
    if (held.length === 0) return;
    yield* pause!.tasks(held);
    yield* graph.insertRows(held, threads);
  }

  /** Links these rows, all there are; when abandoned there are no links at all. */
  *#linkNearest(live: Uint32Array, threads: number): Tasks<void> {
    const { graph, place, space } = this;
    const options = descentOptions(this.options.K, live.length, this.seed);
    graph.restart(this.rows.rows);
    let linked = false;
    try {
      yield* descend(place, live, options, threads);
      const args = [graph.prepare(), writeDescent(place, options.K)];
      const scratch = Array.from({ length: threads }, (_, t) => graph.scratch(t));
      const total = this.rows.rows;
      const report = { phase: "choose", done: 0, of: total };
      yield { fn: "linkNearest", scratch, args, total, chunk: 256, ...report };
      endDescent(space);
      yield* graph.returnLinks(live, threads);
      linked = true;
    } finally {
      if (!space.engine.disposed) {
        endDescent(space);
        if (!linked) graph.restart(this.rows.rows);
      }
    }
    graph.setEntry(live[0]!, 0);
    this.growTree(true);
  }

  /**
   * The k nearest rows of every row, found anew by {@link neighborGraph} among the rows that are held now: searching needs
   * fewer links and others. `keys` tells what the row numbers are.
   */
  toCsr(k = 15): KnnGraph<K> {
    this.requireIdle();
    return neighborGraph<K>(this as Index<K>, { k, seed: this.seed });
  }

  override savedStructure(): SavedStructure {
    return this.flatStructure({ K: this.options.K });
  }
}
