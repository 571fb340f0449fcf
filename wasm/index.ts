// The entry of the WebAssembly modules: every function exported here is callable from TypeScript and is
// declared in src/kernels/exports.ts.
export * from "./convert";
export * from "./exact/index";
export * from "./hash";
export * from "./vectors";
export * from "./codecs/exports";
export * from "./graph/exports";
export * from "./forest/exports";
export * from "./trees/exports";
export * from "./graphs/exports";
export * from "./qg/exports";
export { decodeRow, encodeRows, measureCodes } from "./quantize";
export * from "./scan";
export * from "./kmeans/exports";
export * from "./trees/ballExports";
export * from "./lists/exports";

/** 1 in the relaxed build, 0 in the plain one. */
export function relaxedBuild(): i32 {
  // @ts-ignore: RELAXED is a compiler flag
  return isDefined(RELAXED) ? 1 : 0;
}
