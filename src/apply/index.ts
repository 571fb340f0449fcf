/**
 * What neighbours are good for: classes, values, densities, outliers, recommendations.
 *
 * @module
 */
export type { DensityKernel } from "../indexes/trees/balltree/normaliser.ts";
export type { Calibration, CalibrationFit } from "./calibrate.ts";
export type { ColourMode, FloatImage } from "./denoise/colours.ts";
export {
  type CommonDenoiseOptions,
  type DenoiseImageOptions,
  type DenoiseOptions,
  denoise,
  denoiseAsync,
  denoiseImage,
} from "./denoise/denoise.ts";
export {
  type Bm3dOptions,
  DENOISERS,
  type Denoiser,
  type DenoiserSettings,
  type NetworkOptions,
  type NlmOptions,
} from "./denoise/methods.ts";
export {
  DNCNN_DEFAULTS,
  type DncnnOptions,
  dncnn,
  N3NET_DEFAULTS,
  type N3netOptions,
  type NetworkStart,
  n3net,
  type SavedNetwork,
  saveDenoisingNetwork,
} from "./denoise/networks/layers.ts";
export { denoisingNetworkOf, loadDenoisingNetwork } from "./denoise/networks/load.ts";
export type { NamedTensor } from "./denoise/networks/tensors.ts";
export type {
  BlockWeights,
  Chain,
  Convolution,
  DenoisingNetwork,
  DncnnWeights,
  N3netWeights,
} from "./denoise/networks/weights.ts";
export { addNoise } from "./denoise/noise.ts";
export type { Plane } from "./denoise/plane.ts";
export {
  FIT_DENOISER_DEFAULTS,
  type FitDenoiserOptions,
  type FitDenoiserReport,
  fitDenoiser,
  fitDenoiserAsync,
} from "./denoise/training/fit.ts";
export type { FitInput, KNeighbors } from "./estimator.ts";
export type { AsyncHeldOutOptions, HeldOutOptions, KChoice } from "./heldOut.ts";
export { KernelDensity, type KernelDensityOptions } from "./kernelDensity.ts";
export {
  type ClassScoring,
  KNeighborsClassifier,
  type KNeighborsClassifierOptions,
} from "./kNeighborsClassifier.ts";
export { KNeighborsDensity, type KNeighborsDensityOptions } from "./kNeighborsDensity.ts";
export {
  KNeighborsDensityClassifier,
  type KNeighborsDensityClassifierOptions,
} from "./kNeighborsDensityClassifier.ts";
export { KNeighborsRegressor, type KNeighborsRegressorOptions } from "./kNeighborsRegressor.ts";
export type { Label } from "./labels.ts";
export { LocalOutlierFactor, type LocalOutlierFactorOptions } from "./localOutlierFactor.ts";
export { NearestCentroid, type NearestCentroidOptions } from "./nearestCentroid.ts";
export type { Found, NeighborOptions } from "./neighbors.ts";
export {
  RadiusNeighborsClassifier,
  type RadiusNeighborsClassifierOptions,
  RadiusNeighborsRegressor,
  type RadiusNeighborsRegressorOptions,
} from "./radiusNeighbors.ts";
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
