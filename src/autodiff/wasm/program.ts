import type { BuildExports } from "../../kernels/exports.ts";
import { type InitSource, initProgram } from "../../kernels/init.ts";
import type { Program } from "../../kernels/program.ts";
import { EXPORTS, PACKED, PLAIN_BYTES, RELAXED_BYTES } from "./wasm.generated.ts";

/** A function of wasm/learn. Addresses are bytes; flags are 0 or 1. */
type Call = (...args: number[]) => number | undefined;

/**
 * What wasm/learn exports. A function whose parameters begin with `scratch` and end with `begin, end` is work for
 * threads: see Machine.run.
 */
export interface LearnExports extends BuildExports {
  readonly [name: string]: Call;
}

/** What learns: a pair of modules apart from those that search. */
export const LEARN: Program<LearnExports> = {
  name: "vicinal-learn",
  packed: PACKED,
  relaxedBytes: RELAXED_BYTES,
  plainBytes: PLAIN_BYTES,
  exports: EXPORTS,
};

/**
 * Prepares the WebAssembly module that learning runs on, as `init` of the package itself does for searching:
 * its files are dist/wasm/vicinal-learn.wasm and vicinal-learn-relaxed.wasm.
 */
export function init(source: InitSource = {}): Promise<void> {
  return initProgram(source, LEARN);
}
