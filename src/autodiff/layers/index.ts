/** Functions with parameters of their own, to be put together. */
export { he, type Initialiser, normal, orthogonal, uniform, xavier, zeros } from "./initialisers.ts";
export {
  type Layer,
  type NamedParameters,
  namedParameters,
  parameterCount,
  plain,
  type Seed,
} from "./layer.ts";
export {
  type BatchNormOptions,
  batchNorm,
  type DropoutOptions,
  dropout,
  type LayerNormOptions,
  layerNorm,
} from "./normalisation.ts";
export {
  ACTIVATIONS,
  type Activation,
  activation,
  flatten,
  globalMeanPool,
  maxPool,
  meanPool,
  type ResidualOptions,
  residual,
  sequential,
  toImages,
  unitLength,
  unitRows,
} from "./shapes.ts";
export {
  type ConvolutionOptions,
  convolution,
  type DenseOptions,
  dense,
  type Embedding,
  type EmbeddingOptions,
  embedding,
} from "./weighted.ts";
