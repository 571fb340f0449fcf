export { concat, gather, permute, pick, reshape, scatterAdd, slice, transpose } from "./arrange.ts";
export { type CustomOperation, custom } from "./custom.ts";
export {
  abs,
  add,
  div,
  exp,
  gelu,
  leakyRelu,
  log,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  pow,
  reciprocal,
  relu,
  sigmoid,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
} from "./elementwise.ts";
export {
  type ConvOptions,
  convolve,
  maxPool,
  meanPool,
  overlapAdd,
  pad,
  patches,
  type WindowOptions,
} from "./image.ts";
export {
  type AppendOptions,
  appendNeighbors,
  type Candidates,
  type NeighborWindows,
  neighborDistances,
  neighborMeans,
  type PlacedCandidates,
  placeCandidates,
  RELAXATION_FORMS,
  type RelaxationForm,
  type RelaxOptions,
  relaxNeighbors,
} from "./neighbours.ts";
export { batchNorm, type NormaliseOptions, type RunningStatistics } from "./normalise.ts";
export { linear, matmul, type ProductOptions } from "./product.ts";
export { max, mean, type ReduceOptions, sum } from "./reduce.ts";
export { logSoftmax, logSumExp, softmax, squaredDistances, type TopK, topK } from "./rows.ts";
