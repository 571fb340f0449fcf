import { relaxedNeighbors, sampleNeighbors } from "vicinal/learn";

/** For each step and point: how much of the step's neighbour it is. */
export interface Takings {
  /** By hard k-NN: 1 or 0. */
  readonly hard: readonly (readonly number[])[];
  /** By the relaxation: weights that sum to 1. */
  readonly soft: readonly (readonly number[])[];
  /** Share of random draws. */
  readonly drawn: readonly (readonly number[])[];
}

export const DRAWS = 1000;

/** Takes k neighbours by their distances at temperature t in three ways. */
export function takings(distances: readonly number[], k: number, t: number, seed: number): Takings {
  const n = distances.length;
  const rows = (form: "alpha" | "hard"): number[][] => {
    const { weights } = relaxedNeighbors(distances, { k, t, form });
    return Array.from({ length: k }, (_, step) => Array.from(weights.subarray(step * n, (step + 1) * n)));
  };
  const drawn = Array.from({ length: k }, () => new Array<number>(n).fill(0));
  const { columns } = sampleNeighbors(
    Array.from({ length: DRAWS }, () => distances),
    { k, t, seed },
  );
  columns.forEach((point, i) => {
    drawn[i % k]![point]! += 1 / DRAWS;
  });
  return { hard: rows("hard"), soft: rows("alpha"), drawn };
}
