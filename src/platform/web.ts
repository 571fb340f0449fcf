export * from "./cache.web.ts";
export * from "./data.web.ts";
export * from "./files.web.ts";
export * from "./workers.web.ts";
