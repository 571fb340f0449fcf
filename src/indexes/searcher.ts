import { VicinalError } from "../core/index.ts";
import type { Engine } from "../kernels/index.ts";
import type { ScalarQuantizer } from "../quantize/index.ts";
import type { ExactScan } from "./exactScan.ts";
import { distanceOfRank } from "./metricBlock.ts";
import type { VectorReader } from "./parts/vectors.ts";
import type { Answers, Plan, SearchEngine, StructureSearch } from "./plan.ts";
import type { RowStore } from "./rows.ts";
import { scanScorer, strictKind } from "./scorers.ts";
import type { Space } from "./space.ts";
import { hideRow, REQUEST_BYTES, SCAN_SCORERS, writeRequest } from "./structs.ts";
import type { Task, Tasks } from "./task.ts";
import type { Workbench } from "./workbench.ts";

/** Longer answers are gathered whole and sorted once; shorter ones are kept sorted. */
const LONG_LIST = 256;
/** Memory for staged queries and their answers on one thread, and on several. */
const WAVE_BYTES = 1 << 18;
const THREADED_WAVE_BYTES = 1 << 24;
/** Exact search reads all rows once a wave. */
const EXACT_WAVE_BYTES = 1 << 22;

const SEARCHING = { phase: "search", total: 0, done: 0, of: 0 } as const;

/** What the structs were filled for. */
interface Preparation {
  readonly plan: Plan;
  readonly threads: number;
  readonly version: number;
  readonly uses: number;
  readonly rows: number;
  /** Queries there is room for. */
  readonly room: number;
  readonly quantizer: ScalarQuantizer | undefined;
  /** What to run; undefined for lists too long to keep sorted. */
  readonly task: Task | undefined;
  /** Address of the staged queries. */
  readonly queries: number;
  /** Where answers are, in words. */
  readonly ids: number;
  readonly ranks: number;
  readonly counts: number;
}

/** Runs searches over a store of rows: by scanning, or through a structure. */
export class Searcher implements SearchEngine {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  readonly #exact: ExactScan;
  /** Distances of metrics that are seldom used, from their ranks. */
  readonly #ofRank: ((rank: number) => number) | undefined;
  #queryNorms: Float64Array = new Float64Array(0);
  #preparation: Preparation | undefined;

  constructor(space: Space, rows: RowStore, bench: Workbench, exact: ExactScan) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.#exact = exact;
    this.#ofRank = distanceOfRank(rows.options);
    space.set({ request: REQUEST_BYTES, queries: 0, ids: 0, ranks: 0, counts: 0, skip: 0, gather: 0 });
  }

  run(reader: VectorReader, plan: Plan, out: Answers, structure: StructureSearch | undefined): void {
    const { engine } = this.#space;
    const exactly = this.#isExactScan(plan, structure);
    const bytes = exactly ? EXACT_WAVE_BYTES : (structure?.waveBytes ?? WAVE_BYTES);
    const wave = this.#waveSize(reader.rows, plan.k, bytes);
    for (let from = 0; from < reader.rows; from += wave) {
      const n = Math.min(wave, reader.rows - from);
      if (exactly) {
        this.#stageQueries(reader, from, n);
        this.#exact.run(n, plan, out, from);
        this.#exactDistances(from, n, plan, out);
        continue;
      }
      const task = this.#stage(reader, from, n, plan, structure, 1);
      if (task === undefined) this.#scanLong(n);
      else {
        if (plan.hide !== undefined) hideRow(engine, task.scratch[0]!, plan.hide);
        runTask(engine, task, n);
        if (plan.hide !== undefined) hideRow(engine, task.scratch[0]!, undefined);
      }
      this.#collect(from, n, plan, out);
    }
  }

  *tasks(
    reader: VectorReader,
    plan: Plan,
    out: Answers,
    structure: StructureSearch | undefined,
    threads: number,
  ): Tasks<void> {
    const exactly = this.#isExactScan(plan, structure);
    const bytes = exactly ? EXACT_WAVE_BYTES : threads > 1 ? THREADED_WAVE_BYTES : WAVE_BYTES;
    const wave = this.#waveSize(reader.rows, plan.k, bytes);
    for (let from = 0; from < reader.rows; from += wave) {
      const n = Math.min(wave, reader.rows - from);
      if (exactly) {
        this.#stageQueries(reader, from, n);
        yield* this.#exact.tasks(n, plan, out, from, threads);
        this.#exactDistances(from, n, plan, out);
        continue;
      }
      const task = this.#stage(reader, from, n, plan, structure, threads);
      if (task === undefined) this.#scanLong(n);
      else yield { ...task, total: n, done: from, of: reader.rows };
      this.#collect(from, n, plan, out);
    }
  }

  /**
   * Ranks listed rows for one query, as the graph sees them, and gives their distances: for a walk that is
   * resumed now and then, so the query is staged anew.
   */
  rankRows(
    reader: VectorReader,
    slots: readonly number[],
    structure: StructureSearch,
    rescore: boolean,
  ): { ranks: Float32Array; distances: Float32Array } {
    const space = this.#space;
    const n = slots.length;
    const plan = { k: 2 * n + 4, exact: false, ef: 1, rerank: rescore ? 1 : 0, skip: false, matches: n };
    this.#bench.ensure(1, { pending: n + 4 });
    const task = this.#stage(reader, 0, 1, plan, structure, 1)!;
    space.engine.u32.set(slots, this.#bench.pending(0) >>> 2);
    space.engine.exports.graphRank(task.scratch[0]!, task.args[1]!, n);
    const at = space.ptr("ranks") >>> 2;
    const ranks = space.engine.f32.slice(at, at + n);
    const distances = rescore ? space.engine.f32.slice(at + n, at + 2 * n) : ranks.slice();
    const fromCodes = !rescore && this.#rows.codeBytes > 0;
    if (fromCodes) this.#fromCodeRanks(distances, 0, n, 0);
    this.#toDistances(distances, 0, n, fromCodes);
    return { ranks, distances };
  }

  #waveSize(queries: number, k: number, bytes: number): number {
    return Math.max(1, Math.min(queries, Math.floor(bytes / (this.#rows.queryStride + 8 * k))));
  }

  #isExactScan(plan: Plan, structure: StructureSearch | undefined): boolean {
    return (plan.exact || structure === undefined) && this.#exact.serves;
  }

  #stageQueries(reader: VectorReader, from: number, n: number): void {
    this.#space.atLeast("queries", n * this.#rows.queryStride);
    this.#rows.stageQueries(reader, this.#space.ptr("queries"), from, from + n);
  }

  #exactDistances(from: number, n: number, plan: Plan, out: Answers): void {
    for (let q = from; q < from + n; q++) this.#toDistances(out.distances, q * plan.k, out.counts[q]!, false);
  }

  /** Stages n queries and says what is to be run; undefined when a long list is wanted from a scan. */
  #stage(
    reader: VectorReader,
    from: number,
    n: number,
    plan: Plan,
    structure: StructureSearch | undefined,
    threads: number,
  ): Task | undefined {
    const byScan = plan.exact || structure === undefined;
    let ready = this.#preparation;
    const same = ready !== undefined && this.#isPrepared(ready, n, plan, threads);
    if (!same) this.#makeRoom(n, plan, byScan ? undefined : structure, threads);
    this.#rows.stageQueries(reader, same ? ready!.queries : this.#space.ptr("queries"), from, from + n);
    if (!this.#rows.hasVectors && this.#rows.codeBytes > 0) {
      if (this.#rows.options.metric === "ip") this.#keepNorms(n);
      if (byScan) this.#encodeStaged(n);
    }
    if (!same) {
      const space = this.#space;
      this.#writeRequest(plan);
      const task = byScan ? this.#scanTask(plan, threads) : this.#structureTask(structure, plan, threads);
      ready = {
        plan,
        threads,
        version: space.version,
        uses: this.#bench.uses,
        rows: this.#rows.rows,
        room: n,
        quantizer: this.#rows.quantizer,
        task,
        queries: space.ptr("queries"),
        ids: space.ptr("ids") >>> 2,
        ranks: space.ptr("ranks") >>> 2,
        counts: space.ptr("counts") >>> 2,
      };
      this.#preparation = ready;
    }
    if (!byScan) structure.arrange?.(ready!.queries, n);
    return ready!.task;
  }

  /** Whether the structs still say what they said for the last search, so that nothing but queries changes. */
  #isPrepared(last: Preparation, n: number, plan: Plan, threads: number): boolean {
    return (
      last.version === this.#space.version &&
      last.uses === this.#bench.uses &&
      last.rows === this.#rows.rows &&
      last.quantizer === this.#rows.quantizer &&
      last.threads === threads &&
      n <= last.room &&
      last.plan.k === plan.k &&
      last.plan.ef === plan.ef &&
      last.plan.rerank === plan.rerank &&
      last.plan.skip === plan.skip &&
      last.plan.exact === plan.exact
    );
  }

  #makeRoom(n: number, plan: Plan, structure: StructureSearch | undefined, threads: number): void {
    const space = this.#space;
    const rows = this.#rows;
    const { k } = plan;
    space.atLeast("queries", n * rows.queryStride);
    space.atLeast("ids", n * k * 4);
    space.atLeast("ranks", n * k * 4);
    space.atLeast("counts", n * 4);
    if (structure === undefined && k > LONG_LIST) space.atLeast("gather", 2 * 8 * rows.rows);
    const scan = { sorted: Math.min(k, LONG_LIST) + 1, code: rows.codeBytes + 16 };
    this.#bench.ensure(threads, structure?.room(plan) ?? scan);
    structure?.reserve?.(n);
  }

  #writeRequest(plan: Plan): void {
    const space = this.#space;
    const rows = this.#rows;
    writeRequest(space.engine, space.ptr("request"), {
      queries: space.ptr("queries"),
      queryStride: rows.queryStride,
      k: plan.k,
      ef: plan.ef,
      rerank: plan.rerank,
      skip: plan.skip ? space.ptr("skip") : 0,
      strictKind: strictKind(rows),
      rows: space.ptr("vectors"),
      rowStride: rows.rowBytes,
      rowBytes: rows.rowBytes,
      levels: rows.levels,
      offsets: space.ptr("offsets"),
      inverseStep: rows.quantizer === undefined ? 0 : 1 / rows.quantizer.step,
      ids: space.ptr("ids"),
      ranks: space.ptr("ranks"),
      counts: space.ptr("counts"),
    });
  }

  /** One query a call; undefined for long lists, which {@link #scanLong} makes. */
  #scanTask(plan: Plan, threads: number): Task | undefined {
    if (plan.k > LONG_LIST) return undefined;
    const scratch = Array.from({ length: threads }, (_, t) => this.#scanScratch(t, 0));
    const args = [this.#space.ptr("request"), this.#rows.rows];
    return { fn: "scanAll", scratch, args, chunk: 1, ...SEARCHING };
  }

  #structureTask(structure: StructureSearch, plan: Plan, threads: number): Task {
    const args = [structure.prepare(plan), this.#space.ptr("request")];
    const scratch = Array.from({ length: threads }, (_, t) => structure.scratch(t));
    return { fn: structure.fn, scratch, args, chunk: structure.chunk, ...SEARCHING };
  }

  #scanScratch(t: number, gather: number): number {
    const { name, fields } = scanScorer(this.#space, this.#rows);
    return this.#bench.prepare(t, SCAN_SCORERS[name], fields, gather);
  }

  /** Turns staged vectors into staged codes, for a scan over codes alone. */
  #encodeStaged(n: number): void {
    const space = this.#space;
    const rows = this.#rows;
    const { exports } = space.engine;
    const stride = rows.queryStride;
    for (let q = 0; q < n; q++) {
      const at = space.ptr("queries") + q * stride;
      exports.encodeRows(
        at,
        stride,
        rows.floats,
        space.ptr("staged"),
        space.ptr("offsets"),
        1 / rows.quantizer!.step,
        rows.levels,
        at,
        stride,
        rows.codeBytes,
        rows.levels === 127 ? at + rows.codeBytes : 0,
        0,
        1,
      );
    }
  }

  #scanLong(n: number): void {
    const space = this.#space;
    const { exports, u32 } = space.engine;
    const rows = this.#rows.rows;
    const gather = space.ptr("gather");
    const scratch = this.#scanScratch(0, gather);
    const request = space.ptr("request");
    for (let q = 0; q < n; q++) {
      u32[(space.ptr("counts") >>> 2) + q] = 0;
      exports.scan(scratch, request, q, 0, rows);
      exports.scanAnswer(scratch, request, q, gather + 8 * rows);
    }
  }

  #collect(from: number, n: number, plan: Plan, out: Answers): void {
    const { u32, f32 } = this.#space.engine.views;
    const { k } = plan;
    const { ids, ranks, counts } = this.#preparation!;
    const fromCodes =
      this.#rows.codeBytes > 0 && (!this.#rows.hasVectors || (!plan.exact && plan.rerank === 0));
    for (let q = 0; q < n; q++) {
      const count = u32[counts + q]!;
      out.counts[from + q] = count;
      const to = (from + q) * k;
      for (let i = 0; i < count; i++) {
        out.ids[to + i] = u32[ids + q * k + i]!;
        out.distances[to + i] = f32[ranks + q * k + i]!;
      }
      if (fromCodes) this.#fromCodeRanks(out.distances, to, count, q);
      this.#toDistances(out.distances, to, count, fromCodes);
    }
  }

  /** Ranks between codes count squared steps; for inner product they are of augmented vectors. */
  #fromCodeRanks(values: Float32Array, at: number, count: number, q: number): void {
    const step = this.#rows.quantizer!.step;
    const { metric } = this.#rows.options;
    let shift = 0;
    if (metric === "ip") shift = this.#rows.maxNorm + this.#queryNorms[q]!;
    for (let i = at; i < at + count; i++) {
      const square = values[i]! * step * step;
      values[i] = metric === "ip" ? (square - shift) / 2 : square;
    }
  }

  /** Squared norms of the staged queries, which a scan over codes overwrites. */
  #keepNorms(n: number): void {
    const { f32 } = this.#space.engine;
    const { dimension } = this.#rows.options;
    this.#queryNorms = new Float64Array(n);
    for (let q = 0; q < n; q++) {
      const at = (this.#space.ptr("queries") + q * this.#rows.queryStride) >>> 2;
      let sum = 0;
      for (let j = at; j < at + dimension; j++) sum += f32[j]! * f32[j]!;
      this.#queryNorms[q] = sum;
    }
  }

  /** Turns ranks of stored vectors into distances, in place. */
  toDistances(ranks: Float32Array): void {
    this.#toDistances(ranks, 0, ranks.length, false);
  }

  #toDistances(values: Float32Array, at: number, count: number, fromCodes: boolean): void {
    const { metric, dtype } = this.#rows.options;
    if (metric === "l2") {
      for (let i = at; i < at + count; i++) values[i] = Math.sqrt(values[i]!);
    } else if (metric === "cosine" && (dtype === "f32" || fromCodes)) {
      // Half the squared distance of unit vectors is 1 − cos θ, without the cancellation.
      for (let i = at; i < at + count; i++) values[i] = values[i]! / 2;
    } else if (this.#ofRank !== undefined) {
      for (let i = at; i < at + count; i++) values[i] = this.#ofRank(values[i]!);
    }
  }
}

function runTask(engine: Engine, { fn, scratch, args, chunk }: Task, n: number): void {
  const call = engine.exports[fn] as (
    scratch: number,
    a: number,
    b: number,
    begin: number,
    end: number,
  ) => void;
  try {
    for (let begin = 0; begin < n; begin += chunk) {
      call(scratch[0]!, args[0]!, args[1]!, begin, Math.min(begin + chunk, n));
    }
  } catch (cause) {
    throw new VicinalError("TRAPPED", { what: "a search" }, { cause });
  }
}
