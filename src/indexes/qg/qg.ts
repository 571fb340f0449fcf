import { parseMetric, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { CreateOptions, Key } from "../contract.ts";
import { GraphIndex } from "../graphs/common/graphIndex.ts";
import { GRAPH_SECTIONS } from "../hnsw/hnsw.ts";
import type { StructureSearch } from "../plan.ts";
import type { NewOrder } from "../rowIndex.ts";
import type { SavedStructure } from "../snapshot.ts";
import { checkRowOptions, support } from "../support.ts";
import type { Tasks } from "../task.ts";
import { NeighborBlocks } from "./blocks.ts";

export interface QgOptions extends CreateOptions {
  /** Links of a row, an even number, 4 … 200. Memory about (dimension / 8 + 16)·M bytes a row. */
  M?: number;
  /** Candidates kept while a row looks for its links; at least M / 2. More builds slower and links better. */
  efConstruction?: number;
  /** Candidates kept while searching, unless a search says otherwise. */
  efSearch?: number;
}

export const QG_DEFAULTS: Required<QgOptions> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  M: 32,
  efConstruction: 200,
  efSearch: 64,
};

/** Rows from which there are blocks; fewer are searched by their whole codes. */
const LEAST_ROWS = 64;

/**
 * Quantized graph: the links of an HNSW index over 7-bit codes, and beside each row, in one piece of memory, its
 * links and one bit a component of each row they lead to, seen from the row itself. A search reads one such block for
 * every row it expands, where the graph alone would fetch each neighbour from elsewhere; a row's whole code is read when it
 * is expanded, its vector in the end. After SymphonyQG (Gou et al., arXiv:2411.12229), whose codes are those of RaBitQ
 * (Gao & Long, arXiv:2405.12497), and NGT-QG.
 */
export class QgIndex<K extends Key = Key> extends GraphIndex<K> {
  readonly kind = "QG";
  readonly options: Readonly<Required<QgOptions>>;
  /** @internal */
  readonly blocks: NeighborBlocks;

  constructor(given: QgOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, seed, efSearch, M, efConstruction } = options;
    super({
      rows: { dimension, metric, dtype, codes: "sq7", keepVectors: true, augment: metric === "ip" },
      seed,
      efSearch,
      graph: {
        ...{ M: M / 2, capacity: M, efConstruction, seed, flat: false },
        ...{ chooseScale: 1, pruneScale: 1 },
      },
      seeds: false,
    });
    this.options = options;
    this.blocks = new NeighborBlocks(this.space, this.rows, this.bench, this.graph, seed);
  }

  get spec(): string {
    return `QG${this.options.M}`;
  }

  override structureSizes(capacity: number): Record<string, number> {
    return { ...super.structureSizes(capacity), ...this.blocks?.sizes(capacity) };
  }

  protected override structureBytes(rows: number): { codes: number; links: number } {
    const links = Object.values(super.structureSizes(rows)).reduce((sum, bytes) => sum + bytes, 0);
    return { codes: rows * this.blocks.blockBytes, links };
  }

  protected override *link(first: number, end: number, threads: number): Tasks<void> {
    const { blocks, graph } = this;
    const wasReady = blocks.ready;
    // Until blocks hold the new lists, searches read the graph itself.
    blocks.ready = false;
    const changed = new Set<number>();
    graph.changed = changed;
    let linked = false;
    try {
      yield* super.link(first, end, threads);
      if (end >= LEAST_ROWS) yield* blocks.update(wasReady ? first : 0, end, changed, threads);
      linked = true;
    } finally {
      graph.changed = undefined;
      if (!linked && wasReady && !this.space.engine.disposed) this.#takeBack(changed);
    }
    this.bench.clear();
  }

  /** Blocks of what an abandoned block of rows leaves behind; a small part of the work that was abandoned. */
  #takeBack(changed: ReadonlySet<number>): void {
    try {
      this.blocks.refill(this.blocks.isStale ? undefined : changed);
      this.blocks.ready = true;
    } catch {
      // The trap that ended the work has been reported; the index is unusable.
    }
  }

  protected override reorder(): NewOrder {
    const order = super.reorder();
    if (this.blocks.ready) this.blocks.permute(order.newSlotOfOld, order.kept);
    return order;
  }

  protected override dropRemoved(): void {
    super.dropRemoved();
    this.#refill();
  }

  override repair(): number {
    const mended = super.repair();
    this.#refill();
    return mended;
  }

  #refill(): void {
    if (this.blocks.ready) this.blocks.refill();
  }

  protected override structure(): StructureSearch | undefined {
    const graph = super.structure();
    return graph !== undefined && this.blocks?.ready ? this.blocks : graph;
  }

  savedStructure(): SavedStructure {
    const { M, efConstruction } = this.options;
    const { upperWords, inserted, entry, maxLevel } = this.graph;
    const blocksReady = this.blocks.ready;
    const { rows } = this.rows;
    return {
      facts: { M, efConstruction, upperWords, inserted, entry, maxLevel, blocksReady },
      sections: [...GRAPH_SECTIONS, ["blocks", "u8"]],
      sizes: { ...this.graph.sizes(rows), ...this.blocks.sizes(rows) },
    };
  }

  protected override details(): Record<string, number | string> {
    const { M, efConstruction } = this.options;
    return { M, efConstruction, ...super.details(), blockBytes: this.blocks.blockBytes };
  }
}

function checkOptions(given: QgOptions): Readonly<Required<QgOptions>> {
  const options = resolveOptions<Required<QgOptions>>(QG_DEFAULTS, given);
  const metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  wholeNumber("M", options.M, 4, 200);
  if (options.M % 2 !== 0) {
    throw new VicinalError("OPTION_RANGE", { option: "M", got: options.M, rule: "an even number" });
  }
  wholeNumber("efConstruction", options.efConstruction, options.M / 2, 100_000);
  wholeNumber("efSearch", options.efSearch, 1, 0x7fffffff);
  const where = support("QG", metric, options.dtype, true);
  if (where !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `QG over ${options.dtype} vectors with metric ${metric}`,
      rule: where,
    });
  }
  return { ...options, metric };
}
