export { FactsReader } from "./facts.ts";
export { isVicinalFile } from "./header.ts";
export { FORMAT_VERSION } from "./layout.ts";
export {
  type LoadedSnapshot,
  loadSnapshot,
  openSnapshot,
  type ReadOptions,
  type SnapshotReader,
  type Target,
} from "./read.ts";
export type {
  Facts,
  Json,
  Section,
  SectionDtype,
  SectionInfo,
  Snapshot,
  SnapshotHeader,
} from "./snapshot.ts";
export { readBytes, type SnapshotInput } from "./source.ts";
export { encodeSnapshot, saveBytes, saveSnapshot, type WriteOptions, writeSnapshot } from "./write.ts";
