export * from "./errors.ts";
export * from "./matrix.ts";
export * from "./metric.ts";
export * from "./options.ts";
export * from "./progress.ts";
export * from "./rng.ts";
