import { interval, type Mean } from "../theory/part.ts";

/** "0.917 ± 0.010", of a 95 % interval over seeds; of a single seed the value alone. */
export function overSeeds({ mean, se }: Mean): string {
  return se === 0 ? mean.toFixed(3) : interval({ mean, se }, 3);
}
