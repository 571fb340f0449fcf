import { VicinalError } from "../core/index.ts";

/** Weights of one query's neighbours from their distances, nearest first; as many finite numbers. */
export type WeightFunction = (distances: Float32Array) => ArrayLike<number>;

/**
 * What a neighbour counts for: the same as any other, 1 / distance, or what a function says. Under "distance"
 * neighbours at distance 0 count 1 and all others 0, where there are any.
 */
export type Weights = "uniform" | "distance" | WeightFunction;

/**
 * Which of several classes with equally many votes wins: the lowest label, or the one whose nearest voter is
 * nearest.
 */
export type Ties = "lowest" | "nearest";

export const TIES: readonly Ties[] = ["lowest", "nearest"];

/** Throws OPTION_RANGE unless those are weights. */
export function checkWeights(got: unknown): Weights {
  if (got === "uniform" || got === "distance" || typeof got === "function") return got as Weights;
  throw new VicinalError("OPTION_RANGE", {
    option: "weights",
    got,
    rule: '"uniform", "distance" or a function of the distances',
  });
}

/** Writes the weights of neighbours from … to−1, nearest first, to the front of `out`. */
export function weigh(
  weights: Weights,
  distances: Float32Array,
  from: number,
  to: number,
  out: Float64Array,
): void {
  const n = to - from;
  if (weights === "uniform") {
    out.fill(1, 0, n);
  } else if (weights === "distance") {
    const meets = n > 0 && distances[from]! <= 0;
    for (let i = 0; i < n; i++) {
      const distance = distances[from + i]!;
      out[i] = meets ? (distance <= 0 ? 1 : 0) : 1 / distance;
    }
  } else {
    const given = weights(distances.slice(from, to));
    for (let i = 0; i < n; i++) {
      const weight = given?.[i];
      if (typeof weight !== "number" || !Number.isFinite(weight)) {
        throw new VicinalError("BAD_INPUT", {
          what: `weight ${i} of ${n}`,
          got: String(weight),
          rule: "a finite number for each distance",
        });
      }
      out[i] = weight;
    }
  }
}

/** Sums the weights of each class; `codes` holds the classes of n neighbours. */
export function countVotes(
  codes: ArrayLike<number>,
  weights: Float64Array,
  n: number,
  votes: Float64Array,
): void {
  votes.fill(0);
  for (let i = 0; i < n; i++) votes[codes[i]!]! += weights[i]!;
}

/** The class with the most votes; `codes` holds the classes of n neighbours, nearest first. */
export function winner(votes: Float64Array, codes: ArrayLike<number>, n: number, ties: Ties): number {
  let best = 0;
  for (let c = 1; c < votes.length; c++) if (votes[c]! > votes[best]!) best = c;
  if (ties === "nearest") {
    for (let i = 0; i < n; i++) if (votes[codes[i]!] === votes[best]) return codes[i]!;
  }
  return best;
}

/** The commonest label; among equals the lowest, or undefined of none. */
export function majority<L extends number | string>(labels: readonly L[]): L | undefined {
  const counts = new Map<L, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  let best: L | undefined;
  let most = 0;
  for (const [label, count] of counts) {
    if (count > most || (count === most && label < best!)) [best, most] = [label, count];
  }
  return best;
}
