import { checkNames, parseMetric, VicinalError } from "../core/index.ts";
import type { FactoryOptions, Index, Key } from "./contract.ts";
import { kindNamed, unknownKind } from "./kinds.ts";
import { parseSpec } from "./parts/spec.ts";
import { defaultDtype } from "./support.ts";

const ROW_OPTIONS = ["dimension", "metric", "dtype", "seed"];
const SEED = 42;

/**
 * An empty index from a specification in FAISS's grammar: `Flat`, `HNSW32`, `HNSW16,SQ8`, `HNSW16,SQ7,Refine`.
 * `Auto` needs data to decide: use build().
 *
 * @throws VicinalError SPEC_SYNTAX, UNSUPPORTED, OPTION_RANGE, OPTION_UNKNOWN
 */
export function create<K extends Key = Key>(spec: string, options: FactoryOptions): Index<K> {
  const parsed = parseSpec(spec);
  const kind = kindNamed(parsed.kind);
  if (kind === undefined) {
    if (parsed.kind !== "Auto") throw unknownKind(parsed);
    throw new VicinalError("UNSUPPORTED", {
      what: `create() with ${parsed.kind}`,
      rule: "the choice depends on the vectors; call build(vectors, options), or name an index",
    });
  }
  checkNames(options, [...ROW_OPTIONS, ...kind.options]);
  const metric = parseMetric(options.metric ?? "l2");
  const dtype = options.dtype ?? defaultDtype(metric);
  return kind.create<K>(parsed, { ...options, metric, dtype, seed: options.seed ?? SEED });
}
