/**
 * Reverse-mode differentiation on the CPU: tensors, operations, layers, optimisers, training.
 *
 * @module
 */
export { type CheckedInput, checkGradients, type GradientCheck } from "./checkGradients.ts";
export type { Kernels, Precision } from "./kernels.ts";
export * from "./ops/index.ts";
export { createReferenceKernels } from "./reference/kernels.ts";
export type { Shape } from "./shape.ts";
export { createTape, Tape, type TapeOptions } from "./tape.ts";
export { Parameter, Tensor } from "./tensor.ts";
export { createWasmKernels, type WasmKernelsOptions } from "./wasm/kernels.ts";
export { init } from "./wasm/program.ts";
