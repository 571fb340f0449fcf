import type { VectorReader } from "./parts/vectors.ts";
import type { Tasks } from "./task.ts";

/** A search with everything decided: how many, which way, and what may not be answered. */
export interface Plan {
  /** Places a row of the answer has; no more than there are rows to answer. */
  readonly k: number;
  readonly exact: boolean;
  readonly ef: number;
  /** Candidates scored again by the strict kernel; 0 takes the ranks of the search itself. */
  readonly rerank: number;
  /** Whether the bitmap in section "skip" is to be heeded. */
  readonly skip: boolean;
  /** A row that the search of one query is to behave as if it were not there. */
  readonly hide?: number;
  /** Rows that may be answered. */
  readonly matches: number;
}

/** Where answers go: rows of k places. */
export interface Answers {
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  readonly counts: Uint32Array;
}

/** What an approximate structure adds to a search. */
export interface GraphSearch {
  /** Refreshes addresses; returns the address of the graph struct. */
  prepare(): number;
  /** Prepares the scratch of thread t; returns its address. */
  scratch(t: number): number;
}

/** What carries searches out. */
export interface SearchEngine {
  /** Answers on this thread, without pause. */
  run(reader: VectorReader, plan: Plan, out: Answers, graph: GraphSearch | undefined): void;
  /** The same as tasks, for workers or for a thread that wants to breathe. */
  tasks(
    reader: VectorReader,
    plan: Plan,
    out: Answers,
    graph: GraphSearch | undefined,
    threads: number,
  ): Tasks<void>;
}
