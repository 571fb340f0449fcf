import { KNeighborsClassifier } from "../../apply/index.ts";
import { type Metric, type RunOptions, row } from "../../core/index.ts";
import type { LabelledSpace } from "../neighbourAccuracy.ts";
import type { PictureNear, PictureRow, PictureSet } from "../report/pictureRows.ts";
import { gather } from "../rows.ts";

/** A space in which pictures have neighbours: the same pictures in each, in the same order. */
export interface NamedSpace {
  readonly name: string;
  readonly space: LabelledSpace;
  readonly metric: Metric;
}

/** Queries told wrongly, the surest first. */
export interface Mistake {
  readonly query: number;
  readonly told: number;
  readonly truth: number;
  /** Share of the neighbours of the class told. */
  readonly share: number;
}

/**
 * Queries told wrongly, those first of whose neighbours most agree; among equals those whose nearest is nearest.
 *
 * @param told class told of each query, by `k` neighbours
 */
export async function surestMistakes(
  { space, metric }: NamedSpace,
  told: readonly number[],
  k: number,
  most: number,
  { signal }: RunOptions,
): Promise<Mistake[]> {
  const { base, baseLabels, queries, queryLabels } = space;
  const wrong = told.flatMap((label, query) => (label === queryLabels[query] ? [] : [query]));
  if (wrong.length === 0) return [];
  const near = await neighbours({ base, baseLabels, metric }, gather(queries, wrong), k, signal);
  const found = wrong.map((query, i) => {
    const votes = near[i]!.filter(({ id }) => baseLabels[id] === told[query]).length;
    return {
      mistake: { query, told: told[query]!, truth: queryLabels[query]!, share: votes / near[i]!.length },
      distance: near[i]![0]!.distance,
    };
  });
  found.sort((a, b) => b.mistake.share - a.mistake.share || a.distance - b.distance);
  return found.slice(0, most).map(({ mistake }) => mistake);
}

/** Queries as pictures, each with its nearest in every space. */
export async function pictureNeighbours(
  spaces: readonly NamedSpace[],
  queries: readonly number[],
  k: number,
  says: (query: number) => { name: string; says: string },
  { classes, set, signal }: { classes: readonly string[]; set: PictureSet; signal?: AbortSignal | undefined },
): Promise<PictureRow[]> {
  const lists = await Promise.all(
    spaces.map(async ({ space, metric }) =>
      neighbours({ ...space, metric }, gather(space.queries, queries), k, signal),
    ),
  );
  const truth = spaces[0]!.space.queryLabels;
  return queries.map((query, i) => ({
    picture: set.numberOf(`query ${query}`),
    ...says(query),
    lists: spaces.map(({ name, space }, s) => ({
      space: name,
      near: lists[s]![i]!.map(
        ({ id, distance }): PictureNear => ({
          picture: set.numberOf(`base ${id}`),
          name: classes[space.baseLabels[id]!]!,
          distance,
          same: space.baseLabels[id] === truth[query],
        }),
      ),
    })),
  }));
}

interface Near {
  readonly id: number;
  readonly distance: number;
}

async function neighbours(
  { base, baseLabels, metric }: Pick<LabelledSpace, "base" | "baseLabels"> & { metric: Metric },
  queries: LabelledSpace["queries"],
  k: number,
  signal: AbortSignal | undefined,
): Promise<Near[][]> {
  const classifier = new KNeighborsClassifier<number>({ metric, k });
  try {
    await classifier.fitAsync(base, baseLabels, { signal });
    const { rows, distances, counts } = await classifier.kneighborsAsync(queries, k, { signal });
    return Array.from({ length: queries.rows }, (_, q) =>
      Array.from({ length: counts[q]! }, (_, i) => ({
        id: rows[q * k + i]!,
        distance: distances[q * k + i]!,
      })),
    );
  } finally {
    classifier.close();
  }
}

/** Pictures by their keys of a {@link PictureSet}: "base 17" or "query 3". */
export function picturesOf(
  { keys }: PictureSet,
  { base, queries }: Pick<LabelledSpace, "base" | "queries">,
  rgb: (pixels: Float32Array) => Uint8Array,
): Uint8Array[] {
  return keys.map((key) => {
    const [side, number] = key.split(" ");
    return rgb(row(side === "base" ? base : queries, Number(number)));
  });
}
