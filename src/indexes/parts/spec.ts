export { formatSpec } from "./spec/format.ts";
export { parseSpec } from "./spec/parse.ts";
export * from "./spec/types.ts";
