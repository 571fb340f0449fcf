import { checkpointFile } from "../checkpointFile.ts";
import type { Ranking } from "./ranking.ts";
import type { Run } from "./study.ts";

/** A trained network's numbers, and what pictures need of its answers. */
export interface Finished {
  readonly run: Run;
  readonly ranking?: Ranking;
}

/** Runs that are done, kept on disk until all are: who is stopped goes on from there. */
export interface FinishedRuns {
  get(name: string): Finished | undefined;
  put(name: string, finished: Finished): void;
  /** Removes the file. */
  remove(): void;
}

interface Stored {
  readonly key: string;
  readonly runs: Record<
    string,
    { run: Run; ranking?: { heldOut: number; depth: number; places: number[]; distances: number[] } }
  >;
}

/**
 * Opens the file of finished runs, empty when there is none or when it is of other settings.
 *
 * @param key tells all that decides the numbers
 */
export function finishedRuns(path: string, key: string): FinishedRuns {
  const file = checkpointFile(path);
  const runs = readStored(file.load(), key);
  return {
    get(name) {
      const found = runs[name];
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
      runs[name] = numbers === undefined ? { run } : { run, ranking: numbers };
      file.save(new TextEncoder().encode(JSON.stringify({ key, runs })));
    },
    remove: () => file.remove(),
  };
}

function readStored(bytes: Uint8Array | undefined, key: string): Stored["runs"] {
  if (bytes === undefined) return {};
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as Stored;
    return stored.key === key ? stored.runs : {};
  } catch {
    return {};
  }
}

/** The first answers alone. */
export function shallow({ heldOut, depth, places, distances }: Ranking, most: number): Ranking {
  const kept = Math.min(most, depth);
  const of = <T extends Int32Array | Float32Array>(list: T): T =>
    list.filter((_, at) => at % depth < kept) as T;
  return { heldOut, depth: kept, places: of(places), distances: of(distances) };
}
