/**
 * Miners: which rows of a batch, or of a whole set, a loss should compare. They return row numbers, for any loss.
 *
 * @module
 */
export { BATCH_HARD_DEFAULTS, type BatchHardOptions, batchHard } from "./batchHard.ts";
export { type MinedByIndexOptions, minedByIndex } from "./byIndex.ts";
export type { Embeddings } from "./distances.ts";
export {
  DISTANCE_WEIGHTED_DEFAULTS,
  type DistanceWeightedOptions,
  distanceWeighted,
} from "./distanceWeighted.ts";
export {
  MULTI_SIMILARITY_MINER_DEFAULTS,
  type MultiSimilarityMinerOptions,
  multiSimilarityPairs,
} from "./multiSimilarity.ts";
export {
  semiHard,
  TRIPLET_MARGIN_DEFAULTS,
  type TripletMarginOptions,
  tripletMargin,
} from "./tripletMargin.ts";
