import { majority } from "../apply/index.ts";
import { type Job, type Matrix, row } from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import { gather } from "./rows.ts";

/** How well neighbours tell a label. */
export interface Accuracy {
  readonly queries: number;
  readonly k: number;
  /** Share of queries whose vote was right. */
  readonly accuracy: number;
  /** Share of the commonest label among the queries: what guessing it always would reach. */
  readonly majority: number;
  /** Label → its queries and how many of them were right, largest first. */
  readonly labels: readonly { readonly label: string; readonly queries: number; readonly correct: number }[];
}

/** Collects votes into an {@link Accuracy}. */
export function tally(truth: readonly string[], votes: readonly string[], k: number): Accuracy {
  const seen = new Map<string, { label: string; queries: number; correct: number }>();
  let right = 0;
  for (const [i, label] of truth.entries()) {
    const entry = seen.get(label) ?? { label, queries: 0, correct: 0 };
    seen.set(label, entry);
    entry.queries++;
    if (votes[i] !== label) continue;
    entry.correct++;
    right++;
  }
  const labels = [...seen.values()].sort((a, b) => b.queries - a.queries || (a.label < b.label ? -1 : 1));
  const queries = truth.length;
  return {
    queries,
    k,
    accuracy: queries === 0 ? 0 : right / queries,
    majority: queries === 0 ? 0 : labels[0]!.queries / queries,
    labels,
  };
}

export interface LeaveOutOptions {
  /** Label of each row of the index. */
  labels: readonly string[];
  /** Rows of one identity never vote for one another. */
  identities: readonly string[];
  /** Rows that are classified; default all. */
  queries?: readonly number[];
  k?: number;
}

const CHUNK = 64;

/**
 * Classifies rows of an index by their k nearest rows of another identity.
 *
 * @param index holds `vectors`, its keys are their row numbers
 * @remarks searches exactly whatever the index
 */
export function* leaveIdentityOut(
  index: Index<number>,
  vectors: Matrix<Float32Array>,
  { labels, identities, queries, k = 5 }: LeaveOutOptions,
): Job<Accuracy> {
  const asked = queries ?? labels.map((_, i) => i);
  const sizes = new Map<string, number>();
  for (const identity of identities) sizes.set(identity, (sizes.get(identity) ?? 0) + 1);
  const votes: string[] = [];
  for (let start = 0; start < asked.length; start += CHUNK) {
    yield { phase: "classify", done: start, total: asked.length };
    const rows = asked.slice(start, start + CHUNK);
    // Enough for all but the largest families, which are asked for again with room for all of them.
    const found = index.search(gather(vectors, rows), { k: Math.min(index.size, k + 20), exact: true });
    for (const [i, self] of rows.entries()) {
      let near = strangers(found.keys(i), self);
      if (near.length < k && sizes.get(identities[self]!)! > 20) {
        const more = Math.min(index.size, k + sizes.get(identities[self]!)!);
        near = strangers(index.search(row(vectors, self), { k: more, exact: true }).keys(), self);
      }
      votes.push(majority(near.map((other) => labels[other]!)) ?? "");
    }
  }
  return tally(
    asked.map((i) => labels[i]!),
    votes,
    k,
  );

  function strangers(rows: readonly number[], self: number): number[] {
    return rows.filter((other) => identities[other] !== identities[self]).slice(0, k);
  }
}
