export type { Architecture, CnnArchitecture, MlpArchitecture } from "./architecture.ts";
export { type AugmentOptions, augmentImages } from "./augment.ts";
export {
  type ClassificationHead,
  classificationHead,
  FIT_CLASSIFIER_DEFAULTS,
  type FitClassifierOptions,
  type FittedClassifier,
  fitClassifier,
  fitClassifierAsync,
} from "./classifier.ts";
export { createEncoder, type EncodeOptions, Encoder, type EncoderOptions, loadEncoder } from "./encoder.ts";
export {
  FIT_METRIC_DEFAULTS,
  type FitMetricOptions,
  fitMetric,
  fitMetricAsync,
  METRIC_LOSSES,
  type MetricLoss,
} from "./fitMetric.ts";
export { type InputScaling, inputScaling } from "./scaling.ts";
export type { Augment } from "./training.ts";
