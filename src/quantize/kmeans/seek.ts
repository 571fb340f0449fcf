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
/** What rows have that have not chosen yet: NONE of wasm/kmeans/layout.ts. */
const NONE = 0xffffffff;
/** Products of 7-bit numbers in a call: a few milliseconds. */
const CALL_PRODUCTS = 1 << 27;
/** A little more than the squared length of any centroid of length 1. */
const UNIT = 1.001;

const SHAPE = { path: "codes", queries: PANEL, k: 1 } as const;
const SECTIONS = ["kmStore", "kmCodes", "kmSums", "kmErrors", "kmOffsets", "kmSeek"];

/**
 * Rows look for their nearest centroid. 7-bit codes of the centroids bound every distance from below, and the rank of the
 * centroid they had, or else of the one of least bound, excludes most of the others: several times the speed of a float
 * product, the same outcome.
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

  /** Codes the centroids as they are now; `learn` for the range of the codes too, needed the first time. */
  code(threads: number, learn: boolean): void {
    const space = this.#space;
    const table = this.#table;
    const { engine } = space;
    const sizes = exactCodeSizes(table.k, table.dimension, this.#rows.metric);
    space.set({
      ...{ kmStore: EXACT_STORE_BYTES, kmCodes: sizes.codes, kmSums: sizes.sums },
      ...{ kmErrors: sizes.errors, kmOffsets: sizes.offsets, kmSeek: this.#scratchBytes * threads },
    });
    if (learn) {
      const offsets = space.ptr("kmOffsets");
      this.#trained = trainExact(engine, this.#rows, table.k, offsets, table.ip ? UNIT : 0);
    }
    const store = space.ptr("kmStore");
    writeExactStore(engine, store, this.#rows, this.#codes);
    encodeExact(engine, store, this.#rows, table.k, 0, table.k);
  }

  get #scratchBytes(): number {
    return Math.ceil(exactScratchBytes(this.#space.engine, this.#rows, SHAPE) / 64) * 64;
  }

  /** As {@link CentroidTable.choose}; `again` says that rows begin with the centroids that they have chosen before. */
  *choose(
    rows: RowsInSpace,
    sections: { chosen: string; ranks: string },
    threads: number,
    again: boolean,
    report: Report,
  ): Tasks<void> {
    const space = this.#space;
    const table = this.#table;
    const { engine } = space;
    if (!again) space.u32(sections.chosen).fill(NONE, 0, rows.rows);
    const store = space.ptr("kmStore");
    writeExactStore(engine, store, this.#rows, this.#codes);
    const scratch = threadAddresses(space.ptr("kmSeek"), this.#scratchBytes, threads);
    const at = space.ptr(rows.section) + (rows.offset ?? 0);
    for (const each of scratch) {
      beginExact(engine, store, each, this.#rows, { ...SHAPE, at, stride: rows.stride });
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
