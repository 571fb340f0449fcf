import { type KeptParts, keptParts } from "../keptParts.ts";
import type { Ranking } from "./ranking.ts";
import type { Run } from "./study.ts";

/** A trained network's numbers, and what pictures need of its answers. */
export interface Finished {
  readonly run: Run;
  readonly ranking?: Ranking;
}

/** Runs that are done. */
export type FinishedRuns = KeptParts<Finished>;

/** As JSON has it. */
interface Stored {
  readonly run: Run;
  readonly ranking?: { heldOut: number; depth: number; places: number[]; distances: number[] };
}

/** Opens the file of finished runs: see {@link keptParts}. */
export function finishedRuns(path: string, key: string): FinishedRuns {
  const parts = keptParts<Stored>(path, key);
  return {
    get(name) {
      const found = parts.get(name);
      if (found === undefined) return undefined;
      const { run, ranking } = found;
      if (ranking === undefined) return { run };
      const places = Int32Array.from(ranking.places);
      return { run, ranking: { ...ranking, places, distances: Float32Array.from(ranking.distances) } };
    },
    put(name, { run, ranking }) {
      const numbers = ranking && {
        ...ranking,
        places: [...ranking.places],
        distances: [...ranking.distances],
      };
      parts.put(name, numbers === undefined ? { run } : { run, ranking: numbers });
    },
    remove: () => parts.remove(),
  };
}

/** The first answers alone. */
export function shallow({ heldOut, depth, places, distances }: Ranking, most: number): Ranking {
  const kept = Math.min(most, depth);
  const of = <T extends Int32Array | Float32Array>(list: T): T =>
    list.filter((_, at) => at % depth < kept) as T;
  return { heldOut, depth: kept, places: of(places), distances: of(distances) };
}
