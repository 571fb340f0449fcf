import { setFlagsFromString } from "node:v8";
import { type Build, relaxedSupported } from "../../src/kernels/binary.ts";

/**
 * The builds that can be tested in this process. Node 20 runs the relaxed one only behind a flag, and
 * rightly only without its baseline compiler; both are set here, so call this before any engine is made.
 */
export function testableBuilds(): Build[] {
  if (!relaxedSupported()) {
    setFlagsFromString("--experimental-wasm-relaxed-simd");
    setFlagsFromString("--no-liftoff");
  }
  if (relaxedSupported()) return ["plain", "relaxed"];
  console.warn("relaxed build not tested: this runtime knows no relaxed SIMD");
  return ["plain"];
}
