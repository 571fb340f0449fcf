import type { ExportName } from "../kernels/index.ts";
import type { VectorReader } from "./parts/vectors.ts";
import type { Tasks } from "./task.ts";
import type { WorkNeeds } from "./workbench.ts";

/** A search with everything decided: how many, which way, and what may not be answered. */
export interface Plan {
  /** Places a row of the answer has; no more than there are rows to answer. */
  readonly k: number;
  /** Every row is compared, without the structure. */
  readonly exact: boolean;
  /** How far the structure is searched, in its own measure: candidates, lists, leaves. */
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

/** A search through a structure in linear memory. */
export interface StructureSearch {
  /** Answers queries begin … end of a request: `fn(scratch, structure, request, begin, end)`. */
  readonly fn: ExportName;
  /** Queries a call; a call should last no longer than a few milliseconds. */
  readonly chunk: number;
  /** Room that a thread needs. */
  room(plan: Plan): WorkNeeds;
  /** Refreshes the structure's struct; returns its address. */
  prepare(plan: Plan): number;
  /** Prepares the scratch of thread t; returns its address. */
  scratch(t: number): number;
  /** Bytes of queries and answers that are worth having at once, where it is more than usual. */
  readonly waveBytes?: number;
  /** Makes room for so many queries, before {@link prepare}. */
  reserve?(queries: number): void;
  /** Sees n queries that are staged at an address, before they are answered. */
  arrange?(queries: number, n: number): void;
}

/** What a plan takes from the index: how far to search, and how many candidates to score again. */
export type Way = Pick<Plan, "ef" | "rerank">;

/** What carries searches out. */
export interface SearchEngine {
  /** Answers on this thread, without pause. */
  run(reader: VectorReader, plan: Plan, out: Answers, graph: StructureSearch | undefined): void;
  /** The same as tasks, for workers or for a thread that wants to breathe. */
  tasks(
    reader: VectorReader,
    plan: Plan,
    out: Answers,
    graph: StructureSearch | undefined,
    threads: number,
  ): Tasks<void>;
}
