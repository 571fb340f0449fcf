import { checkNames, type Dtype, type Metric, parseMetric, VicinalError } from "../core/index.ts";
import type { Index, Key } from "./contract.ts";
import { FlatIndex } from "./flat.ts";
import { HnswIndex, type HnswOptions } from "./hnsw/hnsw.ts";
import { formatSpec, parseSpec, type Spec } from "./parts/spec.ts";
import { defaultDtype } from "./support.ts";

export interface FactoryOptions {
  dimension: number;
  /** Default l2. */
  metric?: Metric;
  /** Default f32, or bits for hamming. */
  dtype?: Dtype;
  seed?: number;
  efConstruction?: number;
  efSearch?: number;
}

const FACTORY_OPTIONS = ["dimension", "metric", "dtype", "seed", "efConstruction", "efSearch"];

/**
 * An empty index from a specification in FAISS's grammar: `Flat`, `HNSW32`, `HNSW16,SQ8`, `HNSW16,SQ7,Refine`.
 * `Auto` needs data to decide: use build().
 *
 * @throws VicinalError SPEC_SYNTAX, UNSUPPORTED, OPTION_RANGE, OPTION_UNKNOWN
 */
export function create<K extends Key = Key>(spec: string, options: FactoryOptions): Index<K> {
  checkNames(options, FACTORY_OPTIONS);
  const parsed = parseSpec(spec);
  const metric = parseMetric(options.metric ?? "l2");
  const dtype = options.dtype ?? defaultDtype(metric);
  if (parsed.kind === "Flat") {
    const { efConstruction: _build, efSearch: _search, ...rest } = options;
    return new FlatIndex<K>({ ...rest, metric, dtype });
  }
  if (parsed.kind === "Auto") {
    throw new VicinalError("UNSUPPORTED", {
      what: "create() with Auto",
      rule: "the choice depends on the vectors; call build(vectors, options), or name an index",
    });
  }
  if (parsed.kind !== "HNSW") {
    throw new VicinalError("UNSUPPORTED", {
      what: formatSpec(parsed),
      rule: "it can be read but not built in this version; take Flat or HNSW<M>",
    });
  }
  return new HnswIndex<K>({ ...options, ...hnswOptions(parsed), metric, dtype });
}

function hnswOptions(spec: Spec & { kind: "HNSW" }): Pick<HnswOptions, "M" | "codes" | "refine"> {
  const codes = spec.codes === undefined ? "none" : spec.codes === "SQ7" ? "sq7" : "sq8";
  return { M: spec.M, codes, refine: codes === "none" ? true : spec.refine };
}
