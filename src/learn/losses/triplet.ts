import {
  add,
  gather,
  relu,
  reshape,
  softplus,
  squaredDistances,
  sub,
  type Tensor,
} from "../../autodiff/index.ts";
import { allDistances, batchShape, type Reduction, reduceTerms } from "./batch.ts";
import { lossOptions } from "./options.ts";
import { allTriplets, type BatchLabels, checkTuples, codesOf, type Tuples, tripletsOf } from "./tuples.ts";

export interface TripletOptions {
  /** How much farther than the positive the negative should be, in the unit of `distance`; default 1. */
  margin?: number;
  /** Default `squared`. */
  distance?: "squared" | "plain";
  /** `hinge` (default): max(0, d(a,p) − d(a,n) + margin). `softplus`: log(1 + exp of the same). */
  violation?: "hinge" | "softplus";
  /** Default `mean`. */
  reduction?: Reduction;
  /** What to compare, such as `batchHard(z, labels)`; default all triplets. */
  tuples?: Tuples;
}

export const TRIPLET_DEFAULTS: Required<Omit<TripletOptions, "tuples">> & TripletOptions = {
  margin: 1,
  distance: "squared",
  violation: "hinge",
  reduction: "mean",
  tuples: undefined as never,
};

/**
 * Triplet loss: an anchor should be nearer to a row of its class than to one of another, by a margin.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN
 * @remarks n²·d multiplications and one term for each triplet
 * @see Schroff, Kalenichenko & Philbin, FaceNet, CVPR 2015; Hermans, Beyer & Leibe, In Defense of the Triplet Loss, 2017 (softplus, batch hard)
 */
export function triplet(z: Tensor, labels: BatchLabels, given: TripletOptions = {}): Tensor {
  const { margin, distance, violation, reduction, tuples } = lossOptions(TRIPLET_DEFAULTS, given, {
    distance: ["squared", "plain"],
    violation: ["hinge", "softplus"],
  });
  const [rows] = batchShape("embeddings", z);
  codesOf(labels, rows);
  if (tuples !== undefined) checkTuples(tuples, rows);
  const { triplets } = tuples === undefined ? allTriplets(labels) : tripletsOf(tuples);
  if (triplets.length === 0) return reduceTerms(undefined, reduction, z);
  const table = distance === "squared" ? squaredDistances(z, z) : allDistances(z);
  const flat = reshape(table, [-1]);
  const count = triplets.length / 3;
  const near = new Float64Array(count);
  const far = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    near[t] = triplets[3 * t]! * rows + triplets[3 * t + 1]!;
    far[t] = triplets[3 * t]! * rows + triplets[3 * t + 2]!;
  }
  const excess = add(sub(gather(flat, near), gather(flat, far)), margin);
  return reduceTerms(violation === "hinge" ? relu(excess) : softplus(excess), reduction, z);
}
