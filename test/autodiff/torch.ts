import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { readTorch, type TorchFile, type TorchOptions } from "../../src/autodiff/torch/index.ts";
import { isVicinalError } from "../../src/core/index.ts";

/** A file by test/golden/make-weights.torch.py. */
export const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/weights.torch-1.13-${name}.pt`, import.meta.url)));
export const valuesOf = ({ tensors }: TorchFile, name: string): number[] => [...tensors.get(name)!.values()];
export const NET: TorchOptions = { classes: ["__main__.Net"] };

/** Reads all that a file holds; the code of the error, or "read". */
export function outcome(bytes: Uint8Array): string {
  try {
    let numbers = 0;
    for (const tensor of readTorch(bytes, NET).tensors.values()) numbers += tensor.values().length;
    expect(numbers).toBeLessThanOrEqual(bytes.length * 8);
    return "read";
  } catch (error) {
    if (isVicinalError(error)) return error.code;
    throw error;
  }
}
export const TYPED: readonly string[] = ["FORMAT", "UNSUPPORTED", "LIMIT", "CORRUPT"];
