import { Engine } from "../kernels/engine.ts";

/** XXH64 with seed 0, over bytes as they come. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** 16 lower-case hexadecimal digits of everything taken so far; afterwards it starts anew. */
  digest(): string;
  dispose(): void;
}

const STATE = 1024;
const RESULT = 1152;
const SCRATCH = 65536;
/** Small enough to stay in a core's cache between the copy and the hashing. */
const SCRATCH_BYTES = 4 * 65536;

/** A hasher in an engine of its own; dispose of it. Throws WASM_UNAVAILABLE. */
export function createHasher(): Hasher {
  const engine = Engine.create();
  engine.grow(SCRATCH + SCRATCH_BYTES);
  engine.exports.hashInit(STATE, 0, 0);
  return {
    update(bytes) {
      const memory = engine.u8;
      for (let at = 0; at < bytes.length; at += SCRATCH_BYTES) {
        const piece = bytes.subarray(at, at + SCRATCH_BYTES);
        memory.set(piece, SCRATCH);
        engine.exports.hashUpdate(STATE, SCRATCH, piece.length);
      }
    },
    digest() {
      engine.exports.hashDigest(STATE, RESULT);
      engine.exports.hashInit(STATE, 0, 0);
      let hex = "";
      for (let i = 7; i >= 0; i--) hex += engine.u8[RESULT + i]!.toString(16).padStart(2, "0");
      return hex;
    },
    dispose: () => engine.dispose(),
  };
}
