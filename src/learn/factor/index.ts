export { ALS_DEFAULTS, ImplicitALS, type ImplicitAlsOptions, type SavedAls } from "./als.ts";
export { BPR, BPR_DEFAULTS, type BprOptions, type SavedBpr } from "./bpr.ts";
export { EASE_DEFAULTS, Ease, type EaseOptions } from "./ease.ts";
export {
  type InteractionColumns,
  type Interactions,
  type InteractionsShape,
  interactions,
  rowOf,
  type Triple,
  transposed,
} from "./interactions.ts";
export { ITEM_KNN_DEFAULTS, ItemKnn, type ItemKnnOptions } from "./itemKnn.ts";
export type { FactorModel, ItemScorer } from "./model.ts";
export { Popularity } from "./popularity.ts";
export { type Weighting, weighted } from "./weighting.ts";
