import { VicinalError } from "../core/index.ts";
import { FLAT } from "./flatKind.ts";
import { RPFOREST } from "./forest/kind.ts";
import { ANNG, ONNG } from "./graphs/ngt/kind.ts";
import { NNDESCENT } from "./graphs/nndescent/kind.ts";
import { VAMANA } from "./graphs/vamana/kind.ts";
import { HNSW } from "./hnsw/kind.ts";
import type { KindOfIndex } from "./kind.ts";
import { LISTS } from "./lists/kind.ts";
import { formatSpec, type Spec } from "./parts/spec.ts";
import { QG } from "./qg/kind.ts";
import { SCANN } from "./scann/kind.ts";
import { BALLTREE } from "./trees/balltree/kind.ts";
import { KDTREE } from "./trees/kdtree/kind.ts";

/** Every kind of index; a new one joins the factory, files and estimates by a line here. */
export const KINDS: readonly KindOfIndex[] = [
  FLAT,
  HNSW,
  KDTREE,
  BALLTREE,
  RPFOREST,
  LISTS,
  SCANN,
  NNDESCENT,
  QG,
  VAMANA,
  ANNG,
  ONNG,
];

/** The kind of that name. */
export function kindNamed(name: string): KindOfIndex | undefined {
  return KINDS.find((kind) => kind.name === name);
}

/** For a specification that can be read and is of no kind listed here. */
export function unknownKind(spec: Spec): VicinalError {
  const known = KINDS.map(({ name }) => name).join(", ");
  return new VicinalError("UNSUPPORTED", { what: formatSpec(spec), rule: `indexes are of kind ${known}` });
}
