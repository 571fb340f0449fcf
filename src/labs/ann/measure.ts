import type { RunOptions } from "../../core/index.ts";
import { measurePoint } from "../../evaluate/index.ts";
import type { Index } from "../../indexes/index.ts";
import {
  builtIn,
  type Judges,
  judges,
  measureRow,
  type Study,
  type StudyInput,
  type StudyOptions,
  type StudyRow,
  studyOf,
} from "../study.ts";
import { type FamilyMember, PLAIN, spread } from "./families.ts";

/** One line of the table that the field publishes. */
export interface SummaryRow {
  readonly family: string;
  readonly index: string;
  readonly params: Readonly<Record<string, number>>;
  /** Milliseconds a query, one a call, ten neighbours, at the fastest setting of recall@10 ≥ 0.95. */
  readonly searchMs: number;
  readonly recallAt10: number;
  /** Share of queries whose very nearest row was missed at that setting: 1-R@1. */
  readonly missAt1: number;
  readonly bytes: number;
  readonly buildSeconds: number;
  /** How many times as fast as comparing with every row in plain float32, in the same run. */
  readonly faster: number;
}

/** All indexes on one data set. */
export interface AnnSet {
  readonly summary: readonly SummaryRow[];
  /** One study for each k, the one of ten neighbours first. */
  readonly studies: readonly Study[];
}

export interface AnnSetOptions extends RunOptions {
  seed: number;
  threads: number;
  rounds: number;
  /** Values tried of an index's first search parameter. */
  settings: number;
  /** Neighbours wanted; the first must be 10. */
  ks: readonly number[];
}

/** Builds every index once and measures it for each k at several settings. */
export async function measureSet(
  input: StudyInput,
  members: readonly FamilyMember[],
  options: AnnSetOptions,
  onRow: (row: SummaryRow) => void,
): Promise<AnnSet> {
  const { ks, settings, signal } = options;
  const all = await judges(input, Math.max(...ks), options);
  const rows = ks.map((): StudyRow[] => []);
  const summary: SummaryRow[] = [];
  let plain = 0;
  for (const member of members) {
    const { index, buildSeconds } = await builtIn(member, input.base, options);
    try {
      for (const [i, k] of ks.entries()) {
        // The other k get fewer settings: they show how the picture moves.
        const study: StudyOptions = {
          ...options,
          indexes: [],
          settings: (index, k) => spread(index, k, i === 0 ? settings : Math.max(2, settings >> 1)),
        };
        rows[i]!.push(await measureRow(member.name, index, buildSeconds, all, k, study));
      }
      const row = await summarize(member, index, rows[0]!.at(-1)!, all, plain, signal);
      if (member.name === PLAIN) plain = row.searchMs;
      summary.push(row);
      onRow(row);
    } finally {
      index.close();
    }
  }
  const studies = ks.map((k, i) => studyOf(input, input.queries.rows, k, rows[i]!, options));
  return { summary, studies };
}

async function summarize(
  { family }: FamilyMember,
  index: Index,
  { index: name, chosen, bytes, buildSeconds }: StudyRow,
  all: Judges,
  plain: number,
  signal: AbortSignal | undefined,
): Promise<SummaryRow> {
  const searchMs = 1000 / chosen.qps;
  // Ten are searched for and the first is judged, as at the setting shown.
  const first = await measurePoint(index, all.queries, all.of(1), chosen.params, { k: 1, rounds: 1, signal });
  return {
    family,
    index: name,
    params: chosen.params,
    searchMs,
    recallAt10: chosen.recall,
    missAt1: 1 - first.recall,
    bytes,
    buildSeconds,
    faster: plain === 0 ? 1 : plain / searchMs,
  };
}
