// The entry of the modules that learn: every function exported here is callable from TypeScript and is declared
// in src/autodiff/wasm/exports.ts.
export * from "./tiles";
export * from "./gemm";
export * from "./convolve";
export * from "./winograd";

/** 1 in the relaxed build, 0 in the plain one. */
export function relaxedBuild(): i32 {
  // @ts-ignore: RELAXED is a compiler flag
  return isDefined(RELAXED) ? 1 : 0;
}
