/**
 * Reverse-mode differentiation on the CPU: tensors, operations, layers, optimisers, training.
 *
 * @module
 */
export type { Precision } from "./kernels.ts";
