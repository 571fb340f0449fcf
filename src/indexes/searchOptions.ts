import { VicinalError, wholeNumber } from "../core/index.ts";
import type { SearchOptions } from "./contract.ts";

/** Options of a single search that every index understands. */
export const SEARCH_OPTIONS: readonly string[] = ["k", "filter", "maxDistance", "exact"];

/** Checks what limits an answer. */
export function checkLimits({ maxDistance, exact }: Pick<SearchOptions, "maxDistance" | "exact">): void {
  if (maxDistance !== undefined && !(typeof maxDistance === "number" && !Number.isNaN(maxDistance))) {
    throw new VicinalError("OPTION_RANGE", { option: "maxDistance", got: maxDistance, rule: "a number" });
  }
  if (exact !== undefined && typeof exact !== "boolean") {
    throw new VicinalError("OPTION_RANGE", { option: "exact", got: exact, rule: "true or false" });
  }
}

/** The value of a search parameter. */
export function checkParam(name: string, value: unknown): number {
  return wholeNumber(name, value, 1, 0x7fffffff);
}
