import type { FileStore } from "./files.node.ts";

export type { FileStore, OpenFile } from "./files.node.ts";

/** Pages have no files by path. */
export const fileStore: FileStore | undefined = undefined;
