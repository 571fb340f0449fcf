import { FLAT } from "./flatKind.ts";
import { HNSW } from "./hnsw/kind.ts";
import type { KindOfIndex } from "./kind.ts";

/** Every kind of index; a new one joins the factory, files and estimates by a line here. */
export const KINDS: readonly KindOfIndex[] = [FLAT, HNSW];

/** The kind of that name. */
export function kindNamed(name: string): KindOfIndex | undefined {
  return KINDS.find((kind) => kind.name === name);
}
