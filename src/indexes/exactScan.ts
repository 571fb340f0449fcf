import type { Metric } from "../core/index.ts";
import {
  beginExact,
  EXACT_STORE_BYTES,
  type ExactCodes,
  type ExactPath,
  type ExactQueries,
  type ExactRows,
  encodeExact,
  exactChunkRows,
  exactCodeSizes,
  exactScratchBytes,
  finishExact,
  searchExact,
  trainExact,
  writeExactStore,
} from "../kernels/exact.ts";
import type { Answers, Plan } from "./plan.ts";
import { longestRow } from "./rowMath.ts";
import type { RowStore } from "./rows.ts";
import type { Space } from "./space.ts";
import type { Tasks } from "./task.ts";

/** From this many numbers on, bounding codes pay for their d + 4.5 bytes a row. */
export const CODES_FROM = 262_144;
/** Fewer allowed rows than one in so many are scored directly: reading all codes would cost more. */
const SPARSE = 16;
/** Fewer queries than this gain nothing from a matrix product. */
const PRODUCT_QUERIES = 6;
const TRAINED_ENOUGH = 1 << 16;
/** Metrics that a product of vectors gives. */
const BY_PRODUCT: readonly Metric[] = ["l2", "l2sq", "cosine", "ip"];

/**
 * Exact search over float32 rows under L2, cosine or inner product (src/kernels/exact.ts). With codes, most rows
 * are excluded by a lower bound on their distance; all ways give the same bits.
 */
export class ExactScan {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #withCodes: boolean;
  /** Rows whose codes are right, and the numbering they belong to. */
  #encoded = 0;
  #order = 0;
  #trainedOn = 0;
  #step = 1;
  #maxNorm = 0;

  constructor(space: Space, rows: RowStore, withCodes: boolean) {
    this.#space = space;
    this.#rows = rows;
    this.#withCodes = withCodes;
    space.set({
      exactStore: 0,
      exactCodes: 0,
      exactSums: 0,
      exactErrors: 0,
      exactOffsets: 0,
      exactScratch: 0,
    });
  }

  /** Gives the room of the codes back; the next search that wants them makes them anew. */
  forget(): void {
    this.#encoded = 0;
    this.#trainedOn = 0;
    this.#space.set({ exactCodes: 0, exactSums: 0, exactErrors: 0, exactOffsets: 0, exactScratch: 0 });
  }

  /** Whether rows of this kind can be searched this way. */
  get serves(): boolean {
    const { dtype, metric } = this.#rows.options;
    return dtype === "f32" && this.#rows.hasVectors && BY_PRODUCT.includes(metric);
  }

  /** Bytes of the codes there are: none before the first search that wants them. */
  get codeBytes(): number {
    if (this.#encoded === 0) return 0;
    const sizes = exactCodeSizes(this.#encoded, this.#rows.floats, this.#metric);
    return sizes.codes + sizes.sums + sizes.errors + sizes.offsets;
  }

  get #metric(): "ip" | "l2sq" {
    return this.#rows.options.metric === "ip" ? "ip" : "l2sq";
  }

  get #layout(): ExactRows {
    const { rowBytes, floats } = this.#rows;
    return {
      rows: this.#space.ptr("vectors"),
      stride: rowBytes,
      bytes: rowBytes,
      dimension: floats,
      metric: this.#metric,
    };
  }

  /** Answers the n queries staged in section "queries". */
  run(n: number, plan: Plan, out: Answers, to: number): void {
    const { engine } = this.#space;
    const { store, scratch, queries } = this.#begin(n, plan, 1);
    searchExact(engine, store, scratch, this.#layout, queries, 0, this.#rows.rows);
    this.#finish(n, plan, out, to);
  }

  /** The same as tasks: threads share the rows, and their lists are merged. */
  *tasks(n: number, plan: Plan, out: Answers, to: number, threads: number): Tasks<void> {
    const { engine } = this.#space;
    const { store, scratch, queries, bytes } = this.#begin(n, plan, threads);
    const path = queries.path === "scan" ? 0 : queries.path === "codes" ? 1 : 2;
    const scratches = Array.from({ length: threads }, (_, t) => scratch + t * bytes);
    yield {
      fn: "exactSearch",
      scratch: scratches,
      args: [store, path],
      total: this.#rows.rows,
      chunk: exactChunkRows(this.#layout, queries),
      phase: "search",
      done: 0,
      of: this.#rows.rows,
    };
    for (const other of scratches.slice(1)) engine.exports.exactMerge(scratch, other);
    this.#finish(n, plan, out, to);
  }

  #begin(
    n: number,
    plan: Plan,
    threads: number,
  ): { store: number; scratch: number; queries: ExactQueries; bytes: number } {
    const space = this.#space;
    const path = this.#path(n, plan);
    space.atLeast("exactStore", EXACT_STORE_BYTES);
    const shape = { path, queries: n, k: plan.k };
    if (path === "codes") this.#refreshCodes();
    const bytes = Math.ceil(exactScratchBytes(space.engine, this.#layout, shape) / 64) * 64;
    space.atLeast("exactScratch", bytes * threads);
    const layout = this.#layout;
    const store = space.ptr("exactStore");
    writeExactStore(space.engine, store, layout, path === "codes" ? this.#codes : undefined);
    const scratch = space.ptr("exactScratch");
    const queries: ExactQueries = {
      ...shape,
      at: space.ptr("queries"),
      stride: this.#rows.queryStride,
      skip: plan.skip ? space.ptr("skip") : 0,
    };
    for (let t = 0; t < threads; t++) beginExact(space.engine, store, scratch + t * bytes, layout, queries);
    return { store, scratch, queries, bytes };
  }

  #finish(n: number, plan: Plan, out: Answers, to: number): void {
    const { engine } = this.#space;
    const scratch = this.#space.ptr("exactScratch");
    for (let q = 0; q < n; q++) {
      out.counts[to + q] = finishExact(engine, scratch, q, plan.k, out.ids, out.distances, (to + q) * plan.k);
    }
  }

  #path(n: number, plan: Plan): ExactPath {
    const { rows } = this.#rows;
    if (plan.matches * SPARSE < rows) return "scan";
    if (this.#withCodes && rows * this.#rows.floats >= CODES_FROM) return "codes";
    return n >= PRODUCT_QUERIES ? "product" : "scan";
  }

  get #codes(): ExactCodes {
    const s = this.#space;
    return {
      codes: s.ptr("exactCodes"),
      sums: s.ptr("exactSums"),
      errors: s.ptr("exactErrors"),
      offsets: s.ptr("exactOffsets"),
      step: this.#step,
      maxNorm: this.#maxNorm,
    };
  }

  /** Encodes rows that are new or have moved; trains anew when there are twice as many, or longer ones. */
  #refreshCodes(): void {
    const rows = this.#rows;
    const n = rows.rows;
    if (this.#order !== rows.order) {
      this.#order = rows.order;
      this.#encoded = 0;
    }
    if (this.#encoded === n) return;
    const space = this.#space;
    const sizes = exactCodeSizes(Math.max(n, rows.capacity), rows.floats, this.#metric);
    space.set({
      exactCodes: sizes.codes,
      exactSums: sizes.sums,
      exactErrors: sizes.errors,
      exactOffsets: sizes.offsets,
    });
    const due = this.#trainedOn === 0 || (n >= 2 * this.#trainedOn && this.#trainedOn < TRAINED_ENOUGH);
    if (due) this.#train(n);
    if (this.#encode(n) > 0) {
      // Under inner product longer rows than any before are bounded poorly.
      this.#train(n);
      this.#encode(n);
    }
    this.#encoded = n;
  }

  #train(n: number): void {
    const { engine } = this.#space;
    const { rowBytes, floats } = this.#rows;
    const vectors = this.#space.f32("vectors");
    const longest = this.#metric === "ip" ? longestRow(vectors, n, rowBytes / 4, floats) : 0;
    const trained = trainExact(engine, this.#layout, n, this.#space.ptr("exactOffsets"), longest);
    this.#step = trained.step;
    this.#maxNorm = trained.maxNorm;
    this.#trainedOn = n;
    this.#encoded = 0;
  }

  #encode(n: number): number {
    const { engine } = this.#space;
    const store = this.#space.ptr("exactStore");
    writeExactStore(engine, store, this.#layout, this.#codes);
    return encodeExact(engine, store, this.#layout, n, this.#encoded, n);
  }
}
