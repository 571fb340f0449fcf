// Writes container-v1.vic, the golden file of format version 1. Run after `npm run build`:
//   node test/golden/make-container-v1.mjs
// The file is a promise: later versions must read it. It is never made again for the same version.
import { writeFile } from "node:fs/promises";
import { encodeSnapshot } from "../../dist/persist/index.js";

const bytes = encodeSnapshot({
  kind: "golden",
  facts: { dimension: 3, metric: "l2", note: "größer als ½", options: { M: 16, rate: 0.25 }, seed: 7 },
  sections: [
    { name: "vectors", dtype: "f32", data: Float32Array.of(1, -2, 0.5, 3, 4, -0.25) },
    { name: "empty", dtype: "u32", data: new Uint32Array(0) },
    { name: "ids", dtype: "u64", data: BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n) },
    { name: "text", dtype: "utf8", data: new TextEncoder().encode("α\nβ") },
  ],
});
await writeFile(new URL("container-v1.vic", import.meta.url), bytes);
