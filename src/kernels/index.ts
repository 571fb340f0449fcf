export * from "./arena.ts";
export { type Build, relaxedSupported, simdSupported } from "./binary.ts";
export * from "./engine.ts";
export * from "./exports/hash.ts";
export * from "./exports/vectors.ts";
export * from "./exports.ts";
export { type InitSource, init } from "./init.ts";
export * from "./pool.ts";
