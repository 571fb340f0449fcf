import type { Space } from "../../kernels/space.ts";
import { pad16 } from "../../kernels/space.ts";
import { CentroidTable } from "../../quantize/kmeans/centroids.ts";
import type { HealthReport, Key, SearchParams } from "../contract.ts";
import { ladder } from "../ladder.ts";
import type { StructureSearch, Way } from "../plan.ts";
import { liveFirst, type NewOrder } from "../rowIndex.ts";
import type { RowOptions } from "../rowOptions.ts";
import { scanScorer } from "../scorers.ts";
import type { SavedStructure } from "../snapshot.ts";
import { SCAN_SCORERS } from "../structs.ts";
import type { Tasks } from "../task.ts";
import { VectorIndex } from "../vectorIndex.ts";
import { type BuildParts, numbersByList, place, SAMPLE_LEAST, SAMPLE_PER_LIST, train } from "./build.ts";
import type { ListCodec, TurnTrainer } from "./codec.ts";
import { ListSearch } from "./search.ts";
import { ListStore } from "./store.ts";

/** Fewer rows are scanned: lists over them would cost more than they save. */
const LEAST_ROWS = 64;
/** Rows a list that make training worth while, at first and, with codes alone, before the vectors are dropped. */
const LEAST_PER_LIST = 4;
const ENOUGH_PER_LIST = 39;
/** Candidates compared by their vectors, unless a search says otherwise: so many times k. */
const RERANK_SHARE = 10;
const RERANK_LEAST = 100;
/** Rows before codes alone are trained for good. */
const WARM_UP_ROWS = 1024;

/** What a kind of index makes its lists of. */
export interface ListsLayout {
  readonly rows: Pick<RowOptions, "dimension" | "metric" | "dtype">;
  readonly seed: number;
  /** Vectors are kept beside codes, or are what lists are of. */
  readonly keepVectors: boolean;
  /** Lists, each with a centroid, before the first training; undefined for one list without. */
  readonly nlist: number | undefined;
  /** Lists to look into; undefined where there is one, and where the number of lists says. */
  readonly nprobe: number | undefined;
  /** Dimensions of rows as they are put into lists: after a rotation, if there is one. */
  readonly dimension: number;
  /** How a rotation is learnt, and for how many parts. */
  readonly opq: { readonly train: (space: Space) => TurnTrainer; readonly m: number } | undefined;
  /** Undefined where rows themselves are compared. */
  readonly codec: (space: Space) => ListCodec | undefined;
  /** Weight of the shared direction when each row is put into a second list (SOAR); undefined for one list a row. */
  readonly spill: number | undefined;
}

/**
 * What indexes over lists share. Rows are scanned until there are enough to train on. Training is repeated whenever the rows
 * have doubled, as long as the vectors are there, until {@link SAMPLE_PER_LIST} a list have trained.
 */
export abstract class ListedIndex<K extends Key = Key> extends VectorIndex<K> {
  readonly exact = false;
  /** @internal */
  readonly lists: ListStore;
  readonly #build: BuildParts;
  readonly #search: ListSearch;
  /** Rows there were when centroids and codes were trained; 0 while they are not. */
  #trainedOn = 0;
  #iterations = 0;
  #repaired = 0;
  /** Lists were made anew, and rows are not in their order yet. */
  #fresh = false;

  constructor(layout: ListsLayout) {
    const { rows, keepVectors, nlist, dimension, opq, seed } = layout;
    super(
      { ...rows, codes: keepVectors ? "none" : "own", keepVectors, augment: false },
      seed,
      layout.nprobe === undefined ? {} : { nprobe: layout.nprobe },
    );
    const { space } = this;
    const bytes = pad16(dimension * 4);
    const ip = rows.metric === "ip";
    const turn = opq === undefined ? undefined : { section: "listTurn", stride: this.rows.rowBytes };
    if (turn !== undefined) space.set({ listTurn: dimension * turn.stride });
    const codec = layout.codec(space);
    const coarse =
      nlist === undefined ? undefined : new CentroidTable(space, "coarse", { dimension, stride: bytes, ip });
    const copies = layout.spill === undefined ? 1 : 2;
    const parts = { codec, coarse, bytes, dimension, turn, ip, places: !keepVectors, copies };
    this.lists = new ListStore(space, nlist ?? 1, parts);
    const turning = opq === undefined ? undefined : { train: opq.train(space), m: opq.m };
    this.#build = { space, rows: this.rows, lists: this.lists, seed, turning, spill: layout.spill };
    this.#search = new ListSearch(this.lists, (t) => this.#scratch(t));
    if (!keepVectors) this.rows.decodeWith((slot) => this.#decode(slot));
  }

  /** Lists for so many rows, to be made by a training. @internal */
  listsFor(_rows: number): number {
    return this.lists.nlist;
  }

  /** Rows from which on training is not repeated. */
  protected get enoughRows(): number {
    return Math.max(SAMPLE_PER_LIST * this.#coarseLists(this.rows.live), SAMPLE_LEAST);
  }

  /** Lists to look into, unless a search says otherwise. */
  protected get nprobe(): number {
    return this.params.nprobe ?? Math.ceil(Math.sqrt(this.lists.nlist));
  }

  #coarseLists(rows: number): number {
    return this.lists.parts.coarse === undefined ? 0 : this.listsFor(rows);
  }

  structureSizes(capacity: number): Record<string, number> {
    if (this.lists === undefined) return {};
    const { codec, coarse, turn, dimension } = this.lists.parts;
    return {
      ...(turn === undefined ? {} : { [turn.section]: dimension * turn.stride }),
      ...coarse?.sizes(),
      ...codec?.sizes(),
      ...this.lists.sizes(capacity),
    };
  }

  /** Whether rows are in lists; before, they are scanned. @internal */
  get trained(): boolean {
    return this.#trainedOn > 0;
  }

  /** Rows that training takes at least. */
  get #leastRows(): number {
    const lists = LEAST_PER_LIST * this.#coarseLists(this.rows.live);
    return Math.max(LEAST_ROWS, lists, this.lists.parts.codec?.leastRows ?? 0);
  }

  protected *link(first: number, end: number, threads: number): Tasks<void> {
    const { rows } = this;
    if (end === first) return;
    const alone = !rows.options.keepVectors;
    if (!rows.hasVectors) {
      try {
        yield* place(this.#build, first, end, threads);
      } finally {
        if (!this.space.engine.disposed) rows.release();
      }
      return;
    }
    if (this.#isDue(end)) yield* this.#renew(end, threads);
    else if (this.trained) yield* place(this.#build, first, end, threads);
    const enough = Math.max(WARM_UP_ROWS, ENOUGH_PER_LIST * this.#coarseLists(rows.live), this.#leastRows);
    if (alone && this.trained && rows.live >= enough) rows.release();
  }

  /** Trains on what there is and makes the lists anew; if it is abandoned, those there were are put back. */
  *#renew(end: number, threads: number): Tasks<void> {
    const before = this.trained ? this.#copy() : undefined;
    let done = false;
    try {
      this.lists.resize(this.listsFor(this.rows.live));
      this.lists.clear(this.rows.capacity);
      const { iterations, repaired } = yield* train(this.#build, end, threads);
      yield* place(this.#build, 0, end, threads);
      this.restoreTraining({ trainedRows: end, rounds: iterations, repaired });
      done = true;
    } finally {
      if (!done && !this.space.engine.disposed) this.#putBack(before);
    }
    this.#fresh = true;
  }

  /** What would be saved of the lists. */
  #copy(): Copied {
    const { sections, sizes } = this.savedStructure();
    const bytes = new Map<string, Uint8Array>();
    for (const [name] of sections) bytes.set(name, this.space.u8(name).slice(0, sizes[name]));
    return { nlist: this.lists.nlist, blocks: this.lists.blocks, bytes };
  }

  #putBack(before: Copied | undefined): void {
    const { coarse } = this.lists.parts;
    if (before !== undefined) this.lists.resize(before.nlist);
    this.lists.expectBlocks(before?.blocks ?? 0);
    coarse?.setCount(before === undefined ? 0 : this.lists.nlist);
    this.space.set(this.lists.sizes(this.rows.capacity));
    if (before === undefined) return;
    for (const [name, bytes] of before.bytes) this.space.u8(name).set(bytes);
    coarse?.pack();
    this.lists.findPlaces();
  }

  /** Whether it is time to train: at first, and while samples are small whenever there are twice as many rows. */
  #isDue(end: number): boolean {
    const live = this.rows.live;
    if (!this.trained) return live >= this.#leastRows;
    return this.#trainedOn < this.enoughRows && end >= 2 * this.#trainedOn;
  }

  /** After a training rows are renumbered list by list, so that a list is read from memory in order. */
  protected orderAfterAdding(_first: number, end: number): NewOrder | undefined {
    const fresh = this.#fresh && this.lists.parts.coarse !== undefined;
    this.#fresh = false;
    if (!fresh || !this.rows.hasVectors || this.rows.removed > 0) return undefined;
    const newSlotOfOld = numbersByList(this.lists, end);
    this.lists.renumber(newSlotOfOld, end);
    // Renumbering takes a second copy of the codes for a moment.
    this.space.trimSpare(1 << 16);
    return { newSlotOfOld, kept: end };
  }

  protected renumber(): NewOrder {
    const order = liveFirst(this.rows);
    if (this.trained) this.lists.renumber(order.newSlotOfOld, order.kept);
    return order;
  }

  #decode(slot: number): Float32Array {
    const coded = this.lists.decode(slot);
    const { turn } = this.lists.parts;
    if (turn === undefined) return coded;
    // The rotation's rows are orthonormal: turning back is a product with its transpose.
    const { dimension } = this;
    const out = new Float64Array(dimension);
    const rotation = this.space.f32(turn.section);
    coded.forEach((y, j) => {
      for (let i = 0; i < dimension; i++) out[i]! += y * rotation[(j * turn.stride) / 4 + i]!;
    });
    return Float32Array.from(out);
  }

  protected structure(): StructureSearch | undefined {
    return this.trained ? this.#search : undefined;
  }

  /** Prepares thread t's scratch; rows are compared as a scan does. */
  #scratch(t: number): number {
    const { name, fields } = scanScorer(this.space, this.rows);
    return this.bench.prepare(t, SCAN_SCORERS[name], fields);
  }

  /** @internal */
  planSearch(k: number, matches: number, params: SearchParams): Way | undefined {
    if (!this.trained) return undefined;
    const rows = this.rows.live;
    const { nlist } = this.lists;
    const kept = this.rows.hasVectors;
    // Rows that may not be answered are in the lists too; and lists must hold more rows than are wanted.
    const wanted = Math.max(((params.nprobe ?? this.nprobe) * rows) / matches, (2 * k * nlist) / matches);
    const ef = Math.min(nlist, Math.ceil(wanted));
    const scanned = (ef * rows) / nlist;
    if (!kept) return { ef, rerank: 0 };
    if (k > rows / 4 || matches <= Math.min(scanned, rows / 4)) return undefined;
    const { codec } = this.lists.parts;
    if (codec === undefined) return scanned >= rows ? undefined : { ef, rerank: 0 };
    const rerank = params.rerank ?? Math.max(RERANK_LEAST, RERANK_SHARE * k);
    return { ef, rerank: Math.max(k, Math.min(rows, rerank)) };
  }

  /** Where there are only codes, all of them are compared. @internal */
  override planExact(_k: number, _matches: number): Way | undefined {
    return this.rows.hasVectors ? undefined : { ef: this.lists.nlist, rerank: 0 };
  }

  override dials(k: number): Record<string, readonly number[]> {
    const { lists } = this;
    const dials: Record<string, readonly number[]> = {};
    if (this.searchParams.includes("nprobe")) dials.nprobe = ladder(1, lists.nlist);
    if (this.searchParams.includes("rerank")) {
      const most = Math.max(64 * k, 16 * RERANK_LEAST);
      dials.rerank = ladder(k, Math.max(k, Math.min(most, this.rows.rows)));
    }
    return dials;
  }

  protected override structureBytes(rows: number): { codes: number; links: number } {
    const { codec } = this.lists.parts;
    const all = Object.values(this.structureSizes(rows)).reduce((sum, bytes) => sum + bytes, 0);
    const own = Object.values(codec?.sizes() ?? {}).reduce((sum, bytes) => sum + bytes, 0);
    const codes = own + this.lists.blocks * (codec?.blockBytes ?? 0);
    return { codes, links: all - codes };
  }

  override health(): HealthReport {
    this.requireIdle();
    const { rows } = this;
    const report = { size: rows.live, removed: rows.removed, withoutInlinks: 0 };
    if (!this.trained) return { ...report, unreachable: 0, ok: true };
    const seen = new Uint8Array(rows.rows);
    for (let l = 0; l < this.lists.nlist; l++) {
      for (const { row } of this.lists.rowsOf(l)) seen[row] = rows.isRemoved(row) ? 0 : 1;
    }
    const reached = seen.reduce((sum, one) => sum + one, 0);
    const unreachable = rows.live - reached;
    return { ...report, unreachable, ok: unreachable === 0 };
  }

  savedStructure(): SavedStructure {
    const { codec, coarse, turn } = this.lists.parts;
    const { rows } = this.rows;
    const facts = {
      trainedRows: this.#trainedOn,
      rounds: this.#iterations,
      repaired: this.#repaired,
      blocks: this.lists.blocks,
    };
    if (!this.trained) return { facts, sections: [], sizes: {} };
    return {
      facts,
      sections: [
        ...(turn === undefined ? [] : [[turn.section, "f32"] as const]),
        ...(coarse === undefined ? [] : [[coarse.section, "f32"] as const]),
        ...(codec?.saved ?? []),
        ...this.lists.saved,
      ],
      sizes: this.structureSizes(rows),
    };
  }

  /** Takes over what a file says. @internal */
  restoreTraining(facts: { trainedRows: number; rounds: number; repaired: number }): void {
    this.#trainedOn = facts.trainedRows;
    this.#iterations = facts.rounds;
    this.#repaired = facts.repaired;
  }

  protected details(): Record<string, number | string> {
    const { nlist, parts } = this.lists;
    if (parts.coarse === undefined) return { trainedOn: this.#trainedOn };
    return {
      nlist,
      nprobe: this.nprobe,
      trainedOn: this.#trainedOn,
      iterations: this.#iterations,
      repaired: this.#repaired,
      ...(this.trained ? { imbalance: Math.round(100 * this.#imbalance()) / 100 } : {}),
    };
  }

  /** How many times longer the list of an average row is than the average list. */
  #imbalance(): number {
    const counts = this.space.u32("listCounts");
    let rows = 0;
    let squares = 0;
    for (const count of counts) {
      rows += count;
      squares += count * count;
    }
    return rows === 0 ? 1 : (squares * counts.length) / (rows * rows);
  }
}

/** Lists as they were. */
interface Copied {
  readonly nlist: number;
  readonly blocks: number;
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}
