export { type Codes, Quantizer } from "./codes.ts";
export {
  type AsyncKMeansOptions,
  KMEANS_DEFAULTS,
  type KMeansOptions,
  type KMeansResult,
  kmeans,
  kmeansAsync,
} from "./kmeans/kmeans.ts";
export { type ScalarQuantizer, trainScalar } from "./scalar.ts";
export {
  type CodeMetric,
  PQ_TRAINING,
  type PqTraining,
  RABITQ_TRAINING,
  type RabitqTraining,
  SQ_TRAINING,
  type SqTraining,
  type TrainingRun,
  trainPq,
  trainPqAsync,
  trainRabitq,
  trainSq,
} from "./train.ts";
export { OPQ_TRAINING, type OpqTraining, trainOpq, turnRows } from "./trainOpq.ts";
