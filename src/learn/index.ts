/**
 * Spaces in which neighbours mean something: linear metrics, losses, encoders, factorisations, layouts.
 *
 * @module
 */
export {
  ALS_DEFAULTS,
  BPR,
  BPR_DEFAULTS,
  type BprOptions,
  EASE_DEFAULTS,
  Ease,
  type EaseOptions,
  type FactorModel,
  ImplicitALS,
  type ImplicitAlsOptions,
  type InteractionColumns,
  type Interactions,
  type InteractionsShape,
  ITEM_KNN_DEFAULTS,
  ItemKnn,
  type ItemKnnOptions,
  type ItemScorer,
  interactions,
  Popularity,
  rowOf,
  type SavedAls,
  type SavedBpr,
  type Triple,
  transposed,
  type Weighting,
  weighted,
} from "./factor/index.ts";
export type { Dense } from "./linalg/dense.ts";
export { type Eigen, symmetricEigen } from "./linalg/eigen.ts";
export { type Qr, qr } from "./linalg/qr.ts";
export { type Svd, svd } from "./linalg/svd.ts";
export { LinearModel } from "./linear/linearModel.ts";
export { PCA, PCA_DEFAULTS, type PcaOptions } from "./linear/pca.ts";
export type { SavedModel } from "./saved.ts";
export {
  PAIR_DEFAULTS,
  PairEmbedding,
  type PairEmbeddingOptions,
  type SavedPairs,
  type SavedSkipGram,
  type Sequences,
  SKIP_GRAM_DEFAULTS,
  SkipGram,
  type SkipGramOptions,
  type Token,
} from "./words/index.ts";
