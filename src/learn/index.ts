/**
 * Spaces in which neighbours mean something: linear metrics, losses, encoders, factorisations, layouts.
 *
 * @module
 */

export * from "./clip/index.ts";
export * from "./encoders/index.ts";
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
export type { Curve } from "./layout/curve.ts";
export type { KnnRows } from "./layout/fuzzy.ts";
export { classicalMds, type MdsLayout, type MdsOptions } from "./layout/mds.ts";
export { type LayoutQuality, type LayoutQualityOptions, layoutQuality } from "./layout/trustworthiness.ts";
export { UMAP } from "./layout/umap.ts";
export { UMAP_DEFAULTS, type UmapOptions } from "./layout/umapOptions.ts";
export type { Csr } from "./linalg/csr.ts";
export type { Dense } from "./linalg/dense.ts";
export { type Eigen, symmetricEigen } from "./linalg/eigen.ts";
export { type LbfgsOptions, type LbfgsResult, lbfgs, type Objective } from "./linalg/lbfgs.ts";
export { type Qr, qr } from "./linalg/qr.ts";
export { type LinearOperator, type RandomizedOptions, randomizedSvd } from "./linalg/randomized.ts";
export { choleskySolve } from "./linalg/solve.ts";
export { type Svd, svd } from "./linalg/svd.ts";
export { COVARIANCE_DEFAULTS, Covariance, type CovarianceOptions } from "./linear/covariance.ts";
export { LDA, LDA_DEFAULTS, type LdaOptions } from "./linear/lda.ts";
export { LinearModel } from "./linear/linearModel.ts";
export { LMNN, LMNN_DEFAULTS, type LmnnOptions } from "./linear/lmnn.ts";
export { MetricLearner } from "./linear/metricLearner.ts";
export { NCA, NCA_DEFAULTS, type NcaOptions } from "./linear/nca.ts";
export { PCA, PCA_DEFAULTS, type PcaOptions } from "./linear/pca.ts";
export {
  GaussianRandomProjection,
  johnsonLindenstraussMinDim,
  RANDOM_PROJECTION_DEFAULTS,
  type RandomProjectionOptions,
  SPARSE_PROJECTION_DEFAULTS,
  type SparseProjectionOptions,
  SparseRandomProjection,
} from "./linear/randomProjection.ts";
export type { MetricStart } from "./linear/start.ts";
export { WHITENING_DEFAULTS, Whitening, type WhiteningOptions } from "./linear/whitening.ts";
export * from "./losses/index.ts";
export * from "./miners/index.ts";
export * from "./neighbours/index.ts";
export * from "./samplers/index.ts";
export type { SavedModel } from "./saved.ts";
export { TFIDF_DEFAULTS, type TfidfOptions, TfidfVectorizer } from "./text/tfidf.ts";
export { TRUNCATED_SVD_DEFAULTS, TruncatedSVD, type TruncatedSvdOptions } from "./text/truncatedSvd.ts";
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
