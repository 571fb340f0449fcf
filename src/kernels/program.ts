import type { BuildExports, EngineExports } from "./exports.ts";
import { EXPORTS, PACKED, PLAIN_BYTES, RELAXED_BYTES } from "./wasm.generated.ts";

/** A pair of modules, relaxed and plain, that export the same functions `E`: see scripts/build-wasm.mjs. */
export interface Program<E extends BuildExports = BuildExports> {
  /** Its files are dist/wasm/NAME.wasm and dist/wasm/NAME-relaxed.wasm. */
  readonly name: string;
  /** Both modules as wasm/unpack/ reads them, the relaxed one first. */
  readonly packed: string;
  readonly relaxedBytes: number;
  readonly plainBytes: number;
  /** Names of the exported functions, between spaces. */
  readonly exports: string;
  /** For the type alone. */
  readonly typed?: E;
}

/** What searches. */
export const SEARCH: Program<EngineExports> = {
  name: "vicinal",
  packed: PACKED,
  relaxedBytes: RELAXED_BYTES,
  plainBytes: PLAIN_BYTES,
  exports: EXPORTS,
};
