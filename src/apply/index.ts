/**
 * What neighbours are good for: classes, values, densities, outliers, recommendations.
 *
 * @module
 */
export type { FitInput, KNeighbors } from "./estimator.ts";
export { KNeighborsClassifier, type KNeighborsClassifierOptions } from "./kNeighborsClassifier.ts";
export { KNeighborsRegressor, type KNeighborsRegressorOptions } from "./kNeighborsRegressor.ts";
export type { Label } from "./labels.ts";
export type { NeighborOptions } from "./neighbors.ts";
export {
  type FittableModel,
  type Recommendation,
  Recommender,
  type RecommenderOptions,
  type RecommendOptions,
  type SimilarItem,
} from "./recommend.ts";
export { r2, type Targets, type TargetsInput } from "./targets.ts";
export { majority, type Ties, type WeightFunction, type Weights } from "./votes.ts";
