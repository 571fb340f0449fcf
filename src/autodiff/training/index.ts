export type { EarlyStop } from "./earlyStop.ts";
export { type Batch, createLoader, type Loader, type LoaderOptions } from "./loader.ts";
export {
  type EpochReport,
  type StepReport,
  type TrainOptions,
  type TrainReport,
  train,
  trainAsync,
  trainJob,
} from "./train.ts";
export { loadWeights, prepareWeights, saveWeights, tensorsOf } from "./weights.ts";
