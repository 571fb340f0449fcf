/**
 * Reverse-mode differentiation on the CPU: tensors, operations, layers, optimisers, training.
 *
 * @module
 */
export { createRng, type Rng } from "../core/index.ts";
export { type CheckedInput, checkGradients, type GradientCheck } from "./checkGradients.ts";
export type { Kernels, Precision } from "./kernels.ts";
export type { Embedding, Initialiser, Layer, NamedParameters, Seed } from "./layers/index.ts";
export * as layers from "./layers/index.ts";
export * from "./ops/index.ts";
export * from "./optim/index.ts";
export { createReferenceKernels } from "./reference/kernels.ts";
export {
  readSafetensors,
  type Safetensors,
  type StoredTensor,
  type TensorData,
  type TensorType,
  writeSafetensors,
} from "./safetensors.ts";
export type { Shape } from "./shape.ts";
export { createTape, Tape, type TapeOptions } from "./tape.ts";
export { Parameter, Tensor } from "./tensor.ts";
export { readTorch, type TorchFile, type TorchOptions, type TorchTensor } from "./torch/index.ts";
export * from "./training/index.ts";
export { createWasmKernels, type WasmKernelsOptions } from "./wasm/kernels.ts";
export { init } from "./wasm/program.ts";
