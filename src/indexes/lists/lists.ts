import { type Metric, parseMetric, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import { pad16 } from "../../kernels/space.ts";
import { CentroidTable } from "../../quantize/kmeans/centroids.ts";
import type { CreateOptions, HealthReport, Key, SearchParams } from "../contract.ts";
import { ladder } from "../ladder.ts";
import { formatSpec, type ListCodes, type OpqSpec, type Spec } from "../parts/spec.ts";
import type { StructureSearch, Way } from "../plan.ts";
import { liveFirst, type NewOrder } from "../rowIndex.ts";
import { scanScorer } from "../scorers.ts";
import type { SavedStructure } from "../snapshot.ts";
import { SCAN_SCORERS } from "../structs.ts";
import { checkRowOptions, support } from "../support.ts";
import type { Tasks } from "../task.ts";
import { VectorIndex } from "../vectorIndex.ts";
import { type BuildParts, numbersByList, place, SAMPLE_PER_LIST, train } from "./build.ts";
import { makeCodec, trainTurn } from "./codecs.ts";
import { ListSearch } from "./search.ts";
import { ListStore } from "./store.ts";

export interface ListsOptions extends CreateOptions {
  /** Lists, each with a centroid; undefined for one list of all rows (flat codes). */
  nlist?: number;
  /** How rows are stored: `Flat` for the vectors themselves. */
  codes?: ListCodes;
  /** Rows are turned by a trained rotation first (OPQ). */
  opq?: OpqSpec;
  /** Over codes: keep the vectors too and score the best candidates again by them. */
  refine?: boolean;
  /** Lists to look into, unless a search says otherwise; default the square root of their number. */
  nprobe?: number;
}

export const LISTS_DEFAULTS: Required<Omit<ListsOptions, "nlist" | "opq" | "nprobe">> &
  Pick<ListsOptions, "nlist" | "opq" | "nprobe"> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  nlist: undefined,
  codes: { kind: "Flat" },
  opq: undefined,
  refine: false,
  nprobe: undefined,
};

type Resolved = typeof LISTS_DEFAULTS & { metric: Metric };

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

/**
 * Rows in lists, each around a centroid of k-means; a search looks into the lists of the `nprobe` nearest centroids. Rows
 * are compared themselves or by codes. Inverted file: Sivic & Zisserman, ICCV 2003; with codes: Jégou, Douze & Schmid,
 * TPAMI 2011 (doi:10.1109/TPAMI.2010.57). Without `nlist` all rows are in one list: flat codes.
 *
 * Rows are scanned until there are enough to train on. Training is repeated whenever the rows have doubled, as long as
 * the vectors are there, until {@link SAMPLE_PER_LIST} a list have trained.
 */
export class ListsIndex<K extends Key = Key> extends VectorIndex<K> {
  readonly kind = "Lists";
  readonly exact = false;
  readonly options: Readonly<Resolved>;
  readonly spec: string;
  readonly searchParams: readonly string[];
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

  constructor(given: ListsOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, codes, refine, nlist, opq, seed } = options;
    const keepVectors = codes.kind === "Flat" || refine;
    const nprobe = options.nprobe ?? Math.ceil(Math.sqrt(nlist ?? 1));
    super(
      { dimension, metric, dtype, codes: keepVectors ? "none" : "own", keepVectors, augment: false },
      seed,
      nlist === undefined ? {} : { nprobe },
    );
    this.options = options;
    this.spec = formatSpec(specOf(options));
    this.searchParams = [...(nlist === undefined ? [] : ["nprobe"]), ...(refine ? ["rerank"] : [])];
    const { space } = this;
    const coded = opq?.dimension ?? dimension;
    const bytes = pad16(coded * 4);
    const ip = metric === "ip";
    const turn = opq === undefined ? undefined : { section: "listTurn", stride: this.rows.rowBytes };
    if (turn !== undefined) space.set({ listTurn: coded * turn.stride });
    const shape = { dimension: coded, ip, nlist: nlist ?? 0, turned: opq?.m ?? 0, refine, seed };
    const codec = makeCodec(codes, space, shape);
    if (codec === undefined && codes.kind !== "Flat") {
      throw new VicinalError("UNSUPPORTED", { what: this.spec, rule: "its codes are Flat" });
    }
    const coarse =
      nlist === undefined
        ? undefined
        : new CentroidTable(space, "coarse", { dimension: coded, stride: bytes, ip });
    const parts = { codec, coarse, bytes, dimension: coded, turn, ip, places: !keepVectors };
    this.lists = new ListStore(space, nlist ?? 1, parts);
    const turning = opq === undefined ? undefined : { train: trainTurn(space, codes), m: opq.m };
    this.#build = { space, rows: this.rows, lists: this.lists, seed, turning };
    this.#search = new ListSearch(this.lists, (t) => this.#scratch(t));
    if (!keepVectors) this.rows.decodeWith((slot) => this.#decode(slot));
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
    const { codec, coarse } = this.lists.parts;
    const lists = coarse === undefined ? 0 : LEAST_PER_LIST * this.lists.nlist;
    return Math.max(LEAST_ROWS, lists, codec?.leastRows ?? 0);
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
    const enough = Math.max(WARM_UP_ROWS, ENOUGH_PER_LIST * (this.options.nlist ?? 0), this.#leastRows);
    if (alone && this.trained && rows.live >= enough) rows.release();
  }

  /** Trains on what there is and makes the lists anew; if it is abandoned, those there were are put back. */
  *#renew(end: number, threads: number): Tasks<void> {
    const before = this.trained ? this.#copy() : undefined;
    let done = false;
    try {
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
    return { blocks: this.lists.blocks, bytes };
  }

  #putBack(before: Copied | undefined): void {
    const { coarse } = this.lists.parts;
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
    const most = Math.max(SAMPLE_PER_LIST * (this.options.nlist ?? 0), 1 << 14);
    return this.#trainedOn < most && end >= 2 * this.#trainedOn;
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
    const { dimension } = this.options;
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
    const wanted = Math.max(((params.nprobe ?? 1) * rows) / matches, (2 * k * nlist) / matches);
    const ef = Math.min(nlist, Math.ceil(wanted));
    const scanned = (ef * rows) / nlist;
    if (!kept) return { ef, rerank: 0 };
    if (k > rows / 4 || matches <= Math.min(scanned, rows / 4)) return undefined;
    if (this.options.codes.kind === "Flat") return scanned >= rows ? undefined : { ef, rerank: 0 };
    return { ef, rerank: Math.max(k, params.rerank ?? Math.max(RERANK_LEAST, RERANK_SHARE * k)) };
  }

  /** Where there are only codes, all of them are compared. @internal */
  override planExact(_k: number, _matches: number): Way | undefined {
    return this.rows.hasVectors ? undefined : { ef: this.lists.nlist, rerank: 0 };
  }

  override dials(k: number): Record<string, readonly number[]> {
    const { nlist } = this.lists;
    const dials: Record<string, readonly number[]> = {};
    if (this.options.nlist !== undefined) dials.nprobe = ladder(1, nlist);
    if (this.options.refine) dials.rerank = ladder(k, Math.max(k, Math.min(64 * k, this.rows.rows)));
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
    let reached = 0;
    for (let l = 0; l < this.lists.nlist; l++) {
      for (const { row } of this.lists.rowsOf(l)) if (!rows.isRemoved(row)) reached++;
    }
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
    const { nlist } = this.options;
    if (nlist === undefined) return { trainedOn: this.#trainedOn };
    return {
      nlist,
      nprobe: this.params.nprobe!,
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
  readonly blocks: number;
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

function specOf({ opq, nlist, codes, refine }: Pick<Resolved, "opq" | "nlist" | "codes" | "refine">): Spec {
  return { kind: "Lists", opq, nlist, coarse: undefined, codes, refine };
}

function checkOptions(given: ListsOptions): Readonly<Resolved> {
  const options = resolveOptions<typeof LISTS_DEFAULTS>(LISTS_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  const { nlist, nprobe, codes, refine, opq } = options;
  if (nlist !== undefined) wholeNumber("nlist", nlist, 1, 16_777_216);
  if (nprobe !== undefined) wholeNumber("nprobe", nprobe, 1, 0x7fffffff);
  const what = `${formatSpec(specOf(options))} over ${options.dtype} vectors with metric ${metric}`;
  const rule = support("Lists", metric, options.dtype, codes.kind !== "Flat");
  if (rule !== undefined) throw new VicinalError("UNSUPPORTED", { what, rule });
  if (nlist === undefined && codes.kind === "Flat") {
    throw new VicinalError("UNSUPPORTED", { what, rule: "vectors in one list are a Flat index" });
  }
  if (refine && codes.kind === "Flat") {
    throw new VicinalError("UNSUPPORTED", { what, rule: "Flat is exact within its lists; leave Refine out" });
  }
  if (opq !== undefined && (opq.dimension ?? options.dimension) > options.dimension) {
    throw new VicinalError("UNSUPPORTED", {
      what,
      rule: `a rotation to at most ${options.dimension} dimensions`,
    });
  }
  return { ...options, metric };
}
