import type { RunOptions } from "../../core/index.ts";
import { type FashionRows, trainFashion } from "../../labs/fashion/embedding.ts";
import { floats } from "../../labs/rows.ts";
import type { Vectors } from "./dataSet.ts";

export interface LearnFashionInput extends Omit<FashionRows, "pixels"> {
  readonly pixels: Vectors;
  readonly cacheDir: string | undefined;
}

/** Trains the space of clothes and keeps it. Answers its bytes. */
export async function learnFashion(
  { pixels, labels, train, cacheDir }: LearnFashionInput,
  run: RunOptions,
): Promise<Uint8Array> {
  return trainFashion({ pixels: floats(pixels, pixels.rows), labels, train }, { cacheDir, ...run });
}
