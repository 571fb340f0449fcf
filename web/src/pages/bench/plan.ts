import { parseGrid, type SweepEntry } from "vicinal/evaluate";
import { SourceError } from "../../client/index.ts";

/** A line of the form: an index and the parameters to try, as typed. */
export interface PlanLine {
  readonly id: number;
  readonly index: string;
  /** Such as "efSearch=10,20,40 rerank=20". */
  readonly params: string;
}

let lines = 0;

export function planLine(index = "", params = ""): PlanLine {
  return { id: ++lines, index, params };
}

/** What a first visitor measures: exact search, the usual graph, and an inverted file with about √n lists. */
export function usualPlan(count: number): PlanLine[] {
  const lists = 2 ** Math.max(2, Math.round(Math.log2(Math.sqrt(Math.max(1, count)))));
  return [
    planLine("Flat"),
    planLine("HNSW16", "efSearch=10,20,40,80"),
    planLine("HNSW16,SQ7,Refine", "efSearch=10,20,40,80"),
    planLine(`IVF${lists},Flat`, "nprobe=1,2,4,8,16"),
  ];
}

/** @throws SourceError USAGE, saying what a parameter looks like */
export function entryOf({ index, params }: PlanLine): SweepEntry {
  if (index.trim() === "") {
    throw new SourceError("USAGE", "An index is missing: type one, such as HNSW16 or IVF64,Flat.");
  }
  return {
    index: index.trim(),
    params: parseGrid(params.trim().split(/\s+/).filter(Boolean), "A parameter"),
  };
}

export const BOUNDS = { k: [1, 100], queries: [1, 5000] } as const;

/** Why a number typed is none that can be taken; undefined where it can. */
export function numberTrouble(name: keyof typeof BOUNDS, value: number): string | undefined {
  const [low, high] = BOUNDS[name];
  if (Number.isInteger(value) && value >= low && value <= high) return undefined;
  return `A whole number from ${low} to ${high}.`;
}
