// The entry of the modules that learn: every function exported here is callable from TypeScript. Those whose
// parameters begin with `scratch` and end with `begin, end` are work for threads, cut anywhere between the two:
// what an item writes belongs to it alone, and does not depend on the cuts.
export * from "./tiles";
export * from "./gemm";
export * from "./convolve";
export * from "./winograd";
export * from "./unary";
export { prepareFunctions } from "./functions";
export * from "./pairs";
export * from "./optimisers";
export * from "./reduce";
export * from "./rows";
export * from "./move";
export * from "./distances";
export * from "./channels";
export * from "./windows";
export * from "./relax";
export * from "./neighbourDistances";
export * from "./neighbourMeans";
export * from "./append";
export * from "./denoise/blocks";
export * from "./denoise/means";

/** 1 in the relaxed build, 0 in the plain one. */
export function relaxedBuild(): i32 {
  // @ts-ignore: RELAXED is a compiler flag
  return isDefined(RELAXED) ? 1 : 0;
}
