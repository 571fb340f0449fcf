import { expect } from "vitest";
import { isVicinalError, type VicinalError } from "../../src/core/errors.ts";
import { createRng } from "../../src/core/rng.ts";
import type { Section, Snapshot } from "../../src/persist/index.ts";
import { encodeSnapshot } from "../../src/persist/index.ts";

/** A snapshot with every kind of trouble: odd lengths, an empty section, non-ASCII facts, several types. */
export function sampleSnapshot(seed = 1): Snapshot {
  const rng = createRng(seed, "persist");
  const floats = Float32Array.from({ length: 37 }, () => rng.normal());
  const ids = Uint32Array.from({ length: 16 }, () => rng.u32());
  const sections: Section[] = [
    { name: "vectors", dtype: "f32", data: floats },
    { name: "empty", dtype: "u8", data: new Uint8Array(0) },
    { name: "graph.links", dtype: "u32", data: () => ids },
    { name: "codes", dtype: "i8", data: Int8Array.from({ length: 131 }, () => rng.below(256) - 128) },
    { name: "keys", dtype: "utf8", data: new TextEncoder().encode('["α","b\\n"]') },
  ];
  const facts = { metric: "l2", dimension: 37, seed, params: { M: 16, alpha: 1.5e-7 }, note: 'ñ–🙂\u0001"' };
  return { kind: "sample", facts, sections };
}

/** Runs what must fail with a {@link VicinalError}, and answers the error. */
export async function failureOf(work: () => unknown): Promise<VicinalError> {
  try {
    await work();
  } catch (error) {
    if (isVicinalError(error)) return error;
    throw error;
  }
  return expect.fail("nothing was thrown");
}

export const sampleBytes = (seed = 1): Uint8Array => encodeSnapshot(sampleSnapshot(seed));
