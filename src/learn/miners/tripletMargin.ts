import { oneOf, resolveOptions } from "../../core/index.ts";
import type { BatchLabels, Triplets } from "../losses/tuples.ts";
import { checkAtLeast, type Embeddings, tableOf } from "./distances.ts";

export interface TripletMarginOptions {
  /** How much farther than the positive the negative should be, in the unit of `distance`; default 1. */
  margin?: number;
  /** Default `squared`, as in the triplet loss. */
  distance?: "squared" | "plain";
  /**
   * `semiHard` (default): the negative is farther than the positive, but by less than the margin. `hard`: it is nearer.
   * `violating`: either. `easy`: it is farther by more.
   */
  kind?: "semiHard" | "hard" | "violating" | "easy";
  /** `all` (default) such negatives of each anchor and positive, or only the `nearest`. */
  take?: "all" | "nearest";
}

export const TRIPLET_MARGIN_DEFAULTS: Required<TripletMarginOptions> = {
  margin: 1,
  distance: "squared",
  kind: "semiHard",
  take: "all",
};

/**
 * Triplets by how their negative lies to their positive.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN, OPTION_RANGE
 * @remarks n²·d / 2 multiplications and a comparison for each triplet
 * @see Schroff, Kalenichenko & Philbin, FaceNet, CVPR 2015 (semi-hard)
 */
export function tripletMargin(
  z: Embeddings,
  labels: BatchLabels,
  given: TripletMarginOptions = {},
): Triplets {
  const { margin, distance, kind, take } = resolveOptions(TRIPLET_MARGIN_DEFAULTS, given);
  oneOf("kind", kind, ["semiHard", "hard", "violating", "easy"]);
  oneOf("take", take, ["all", "nearest"]);
  checkAtLeast("margin", margin, 0);
  const unit: "squared" | "plain" = oneOf("distance", distance, ["squared", "plain"]);
  const { n, codes, distances } = tableOf(z, labels, unit);
  const wanted = {
    semiHard: (gap: number) => gap > 0 && gap < margin,
    hard: (gap: number) => gap <= 0,
    violating: (gap: number) => gap < margin,
    easy: (gap: number) => gap >= margin && gap > 0,
  }[kind];
  const triplets: number[] = [];
  for (let a = 0; a < n; a++) {
    for (let p = 0; p < n; p++) {
      if (p === a || codes[p] !== codes[a]) continue;
      const near = distances[a * n + p]!;
      let nearest = -1;
      for (let x = 0; x < n; x++) {
        if (codes[x] === codes[a] || !wanted(distances[a * n + x]! - near)) continue;
        if (take === "all") triplets.push(a, p, x);
        else if (nearest < 0 || distances[a * n + x]! < distances[a * n + nearest]!) nearest = x;
      }
      if (nearest >= 0) triplets.push(a, p, nearest);
    }
  }
  return { triplets: Int32Array.from(triplets) };
}

/** {@link tripletMargin} of kind `semiHard`. */
export const semiHard = (
  z: Embeddings,
  labels: BatchLabels,
  given: Omit<TripletMarginOptions, "kind"> = {},
): Triplets => tripletMargin(z, labels, { ...given, kind: "semiHard" });
