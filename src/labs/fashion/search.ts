import { KNeighborsClassifier } from "../../apply/index.ts";
import { listsFor, spread, subspaces } from "../ann/families.ts";
import type { LabelledSpace } from "../neighbourAccuracy.ts";
import { shareEqual } from "../neighbourAccuracy.ts";
import { gather } from "../rows.ts";
import {
  builtIn,
  bySpec,
  judges,
  measureRow,
  type Study,
  type StudyInput,
  type StudyOptions,
  type StudyRow,
  studyOf,
} from "../study.ts";

/** Recall against speed, and what approximate neighbours cost in accuracy. */
export interface SpaceSearch {
  readonly study: Study;
  /** Index → share of all queries told rightly by k neighbours at the setting chosen. */
  readonly accuracy: Readonly<Record<string, number>>;
}

export interface SearchSpaceOptions extends Omit<StudyOptions, "indexes" | "settings" | "k"> {
  /** Neighbours searched for and that vote. */
  k: number;
  /** Queries that are timed, the first ones. */
  timed: number;
  /** Values tried of an index's first search parameter. */
  points: number;
  specs: readonly string[];
}

/** Exact search and a member of each large family, for n rows of d components. */
export function searchedSpecs(n: number, d: number): string[] {
  const lists = listsFor(n);
  return [
    "Flat",
    "HNSW16,SQ7,Refine",
    `IVF${lists},PQ${subspaces(d)}x4fs,Refine`,
    "RPForest20",
    "NNDescent30",
  ];
}

/**
 * Measures each index on a space as the lab of all indexes does, and tells the class of every query by what it finds at
 * the setting chosen.
 */
export async function searchSpace(
  title: Pick<StudyInput, "name" | "title" | "note">,
  space: LabelledSpace,
  options: SearchSpaceOptions,
  onRow: (row: StudyRow, accuracy: number) => void = () => {},
): Promise<SpaceSearch> {
  const { k, timed, points, specs, seed, threads, signal, onProgress } = options;
  const first = Array.from({ length: Math.min(timed, space.queries.rows) }, (_, i) => i);
  const input: StudyInput = { ...title, base: space.base, queries: gather(space.queries, first) };
  const all = await judges(input, k, options);
  const study = { ...options, indexes: [], settings: spreadOver(points) };
  const rows: StudyRow[] = [];
  const accuracy: Record<string, number> = {};
  for (const spec of specs) {
    const { index, buildSeconds } = await builtIn(bySpec(spec), space.base, {
      ...{ seed, threads, signal, onProgress },
    });
    try {
      const row = await measureRow(spec, index, buildSeconds, all, k, study);
      const classifier = new KNeighborsClassifier<number>({ k, threads, ...row.chosen.params });
      classifier.fit(index, space.baseLabels);
      const told = await classifier.predictAsync(space.queries, {
        signal,
        onProgress: onProgress && ((p) => onProgress({ ...p, phase: `tell by ${spec}` })),
      });
      accuracy[spec] = shareEqual(told, space.queryLabels);
      rows.push(row);
      onRow(row, accuracy[spec]!);
    } finally {
      index.close();
    }
  }
  return { study: studyOf(input, input.queries.rows, k, rows, options), accuracy };
}

const spreadOver =
  (points: number): StudyOptions["settings"] =>
  (index, k) =>
    spread(index, k, points);
