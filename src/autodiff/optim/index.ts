export { type Clip, clipGradients, gradientNorm } from "./clip.ts";
export type { Optimiser, ParameterGroup } from "./optimiser.ts";
export {
  ADAM_DEFAULTS,
  ADAMW_DEFAULTS,
  type AdamOptions,
  adam,
  adamW,
  SGD_DEFAULTS,
  type SgdOptions,
  sgd,
} from "./optimisers.ts";
export { constant, cosine, oneCycle, type Schedule, stepwise, warmUp } from "./schedules.ts";
