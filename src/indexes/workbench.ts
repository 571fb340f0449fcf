import { pad16, type Space } from "./space.ts";
import {
  resetEpoch,
  SCORER_BYTES,
  SCRATCH_BYTES,
  type ScorerFields,
  writeScorer,
  writeScratch,
} from "./structs.ts";

/** Room that one thread needs; counts of entries. */
export interface WorkNeeds {
  /** Keys of the candidate pool. */
  pool?: number;
  /** Rows waiting to be scored. */
  pending?: number;
  chosen?: number;
  /** Keys of the second list. */
  sorted?: number;
  /** Bytes of a staged query in code form. */
  code?: number;
  /** Rows of the visited table; 0 for scans. */
  visited?: number;
}

/** Scratch space of one or more threads: the structs, the lists they point to, and the visited tables. */
export class Workbench {
  readonly #space: Space;
  #threads = 0;
  /** Grows whenever a struct is pointed elsewhere. */
  uses = 0;
  #needs: Required<WorkNeeds> = { pool: 0, pending: 0, chosen: 0, sorted: 0, code: 0, visited: 0 };

  constructor(space: Space) {
    this.#space = space;
    space.set({ threads: 0, lists: 0, visited: 0 });
  }

  /** Makes room; lists only ever grow, visited tables follow the number of rows. */
  ensure(threads: number, needs: WorkNeeds): void {
    const have = this.#needs;
    const want = {
      pool: Math.max(have.pool, needs.pool ?? 0),
      pending: Math.max(have.pending, needs.pending ?? 0),
      chosen: Math.max(have.chosen, needs.chosen ?? 0),
      sorted: Math.max(have.sorted, needs.sorted ?? 0),
      code: Math.max(have.code, needs.code ?? 0),
      visited: needs.visited ?? have.visited,
    };
    const count = Math.max(threads, this.#threads);
    const same = (Object.keys(want) as (keyof typeof want)[]).every((name) => want[name] === have[name]);
    if (same && count === this.#threads) return;
    this.#space.set({
      threads: count * (SCRATCH_BYTES + SCORER_BYTES),
      lists: count * listBytes(want),
      visited: count * pad16(want.visited),
    });
    this.#needs = want;
    this.#threads = count;
    this.#space.u8("visited").fill(0);
    for (let t = 0; t < count; t++) resetEpoch(this.#space.engine, this.scratch(t));
  }

  /** Gives back the room of all threads. */
  clear(): void {
    this.#needs = { pool: 0, pending: 0, chosen: 0, sorted: 0, code: 0, visited: 0 };
    this.#threads = 0;
    this.#space.set({ threads: 0, lists: 0, visited: 0 });
  }

  /** Address of thread t's struct. */
  scratch(t: number): number {
    return this.#space.ptr("threads") + t * (SCRATCH_BYTES + SCORER_BYTES);
  }

  /** Address of thread t's second list. */
  sorted(t: number): number {
    return this.#space.ptr("lists") + t * listBytes(this.#needs) + 8 * this.#needs.pool;
  }

  /** Address of thread t's list of pending rows. */
  pending(t: number): number {
    return this.sorted(t) + 8 * this.#needs.sorted;
  }

  visited(t: number): number {
    return this.#space.ptr("visited") + t * pad16(this.#needs.visited);
  }

  /** Points thread t's struct at its room and a scorer; returns the struct's address. */
  prepare(t: number, kind: number, scorer: ScorerFields, gather = 0): number {
    this.uses++;
    const { engine } = this.#space;
    const at = this.scratch(t);
    const pool = this.#space.ptr("lists") + t * listBytes(this.#needs);
    const pending = this.pending(t);
    const chosen = pending + pad16(4 * this.#needs.pending);
    writeScorer(engine, at + SCRATCH_BYTES, scorer);
    writeScratch(engine, at, {
      kind,
      scorer: at + SCRATCH_BYTES,
      visited: this.visited(t),
      pool,
      pending,
      chosen,
      sorted: gather === 0 ? this.sorted(t) : gather,
      code: chosen + pad16(4 * this.#needs.chosen),
      gather: gather !== 0,
    });
    return at;
  }
}

function listBytes(n: Required<WorkNeeds>): number {
  const bytes = 8 * n.pool + 8 * n.sorted + pad16(4 * n.pending) + pad16(4 * n.chosen) + pad16(n.code);
  return Math.ceil(bytes / 64) * 64;
}
