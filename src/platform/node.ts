export * from "./cache.node.ts";
export * from "./data.node.ts";
export * from "./files.node.ts";
export * from "./workers.node.ts";
