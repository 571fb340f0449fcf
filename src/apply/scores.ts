import { VicinalError } from "../core/index.ts";
import type { Targets } from "./targets.ts";

/** Share of equal codes. */
export function agreement(codes: Int32Array, truth: Int32Array): number {
  let right = 0;
  for (let i = 0; i < truth.length; i++) if (codes[i] === truth[i] && truth[i]! >= 0) right++;
  return truth.length === 0 ? 0 : right / truth.length;
}

/** Throws BAD_INPUT unless there are as many values a row as were fitted. */
export function sameOutputs(targets: Targets, outputs: number): Targets {
  if (targets.values.length === 0 || targets.outputs === outputs) return targets;
  const got = `of ${targets.outputs} values a row`;
  throw new VicinalError("BAD_INPUT", { what: "values", got, rule: `of ${outputs}, as fitted` });
}
