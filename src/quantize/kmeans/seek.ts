import {
  beginExact,
  EXACT_MAX_DIMENSION,
  EXACT_STORE_BYTES,
  type ExactCodes,
  type ExactRows,
  encodeExact,
  exactCodeSizes,
  exactScratchBytes,
  trainExact,
  writeExactStore,
} from "../../kernels/exact.ts";
import type { Space } from "../../kernels/space.ts";
import type { Tasks } from "../../kernels/task.ts";
import { type CentroidTable, type Report, type RowsInSpace, threadAddresses } from "./centroids.ts";

/** Queries of a scratch: PANEL of wasm/kmeans/layout.ts. */
const PANEL = 48;
/** Fewer dimensions or centroids gain nothing. */
const LEAST_DIMENSION = 32;
const LEAST_CENTROIDS = 32;
/** Rounds after which the range of codes is learnt again: centroids move much in the first, little later. */
const RETRAINED = [1, 2, 5];
/** Products of 7-bit numbers in a call: a few milliseconds. */
const CALL_PRODUCTS = 1 << 27;
/** A little more than the squared length of any centroid of length 1. */
const UNIT = 1.001;

const SECTIONS = ["kmStore", "kmCodes", "kmSums", "kmErrors", "kmOffsets", "kmSeek"];

/**
 * Rows that have a centroid look for a nearer one. 7-bit codes of the centroids bound every distance from below, and the rank
 * of the present centroid excludes most of the others: several times the speed of a float product, the same outcome.
 */
export class Seeker {
  readonly #space: Space;
  readonly #table: CentroidTable;
  #trained = { step: 1, maxNorm: 0 };

  constructor(space: Space, table: CentroidTable) {
    this.#space = space;
    this.#table = table;
  }

  /** Whether it pays for these centroids and that many rows. */
  serves(rows: number): boolean {
    const { dimension, k } = this.#table;
    const fits = dimension >= LEAST_DIMENSION && dimension < EXACT_MAX_DIMENSION;
    return fits && k >= LEAST_CENTROIDS && rows >= PANEL;
  }

  get #rows(): ExactRows {
    const { section, stride, dimension, ip } = this.#table;
    const metric = ip ? "ip" : "l2sq";
    return { rows: this.#space.ptr(section), stride, bytes: stride, dimension, metric };
  }

  get #codes(): ExactCodes {
    const s = this.#space;
    const at = { codes: s.ptr("kmCodes"), sums: s.ptr("kmSums"), errors: s.ptr("kmErrors") };
    return { ...at, offsets: s.ptr("kmOffsets"), ...this.#trained };
  }

  /** As {@link CentroidTable.choose}, for rows that have chosen before; `round` counts from 1. */
  *choose(
    rows: RowsInSpace,
    sections: { chosen: string; ranks: string },
    threads: number,
    round: number,
    report: Report,
  ): Tasks<void> {
    const space = this.#space;
    const table = this.#table;
    const { engine } = space;
    const shape = { path: "codes", queries: PANEL, k: 1 } as const;
    const sizes = exactCodeSizes(table.k, table.dimension, this.#rows.metric);
    const bytes = Math.ceil(exactScratchBytes(engine, this.#rows, shape) / 64) * 64;
    space.set({
      ...{ kmStore: EXACT_STORE_BYTES, kmCodes: sizes.codes, kmSums: sizes.sums },
      ...{ kmErrors: sizes.errors, kmOffsets: sizes.offsets, kmSeek: bytes * threads },
    });
    if (RETRAINED.includes(round)) {
      const offsets = space.ptr("kmOffsets");
      this.#trained = trainExact(engine, this.#rows, table.k, offsets, table.ip ? UNIT : 0);
    }
    const store = space.ptr("kmStore");
    writeExactStore(engine, store, this.#rows, this.#codes);
    encodeExact(engine, store, this.#rows, table.k, 0, table.k);
    const scratch = threadAddresses(space.ptr("kmSeek"), bytes, threads);
    const at = space.ptr(rows.section) + (rows.offset ?? 0);
    for (const each of scratch) {
      beginExact(engine, store, each, this.#rows, { ...shape, at, stride: rows.stride });
    }
    const perCall = Math.floor(CALL_PRODUCTS / (table.k * table.dimension) / PANEL) * PANEL;
    yield {
      fn: "kmeansSeek",
      scratch,
      args: [store, table.prepare(), table.choice(rows, sections)],
      total: rows.rows,
      chunk: Math.max(PANEL, perCall),
      ...report,
    };
  }

  release(): void {
    this.#space.set(Object.fromEntries(SECTIONS.map((name) => [name, 0])));
  }
}
