import type { Key } from "../contract.ts";
import { fileForm, type KindOfIndex, type RowShape } from "../kind.ts";
import type { Spec } from "../parts/spec.ts";
import { pad16 } from "../space.ts";
import { HnswIndex, type HnswOptions } from "./hnsw.ts";
import { checkGraph } from "./validate.ts";

const MOST = 0xffff_fffe;

interface Facts {
  readonly M: number;
  readonly efConstruction: number;
  readonly codes: "none" | "sq7" | "sq8";
  readonly refine: boolean;
  readonly upperWords: number;
  readonly inserted: number;
  readonly entry: number;
  readonly maxLevel: number;
}

function optionsOf(spec: Spec): Pick<HnswOptions, "M" | "codes" | "refine"> {
  if (spec.kind !== "HNSW") return {};
  const codes = spec.codes === undefined ? "none" : spec.codes === "SQ7" ? "sq7" : "sq8";
  return { M: spec.M, codes, refine: codes === "none" ? true : spec.refine };
}

/** Hierarchical navigable small worlds. */
export const HNSW: KindOfIndex = {
  name: "HNSW",
  options: ["efConstruction", "efSearch"],
  create: (spec, options) => new HnswIndex({ ...options, ...optionsOf(spec) }),
  estimate(spec, n, { dimension, metric, dtype }) {
    const { M = 32, codes = "none", refine } = optionsOf(spec);
    const floats = dimension + (metric === "ip" ? 1 : 0);
    const bytes = dtype === "f32" ? floats * 4 : dtype === "bits" ? Math.ceil(dimension / 8) : dimension;
    // Level-0 list, offset, level, and 1/(M − 1) upper lists a row on average.
    const links = (2 * M + 1) * 4 + 4 + 1 + ((M + 1) * 4) / (M - 1);
    return {
      vectors: codes === "none" || refine ? n * pad16(bytes) : 0,
      codes: codes === "none" ? 0 : n * (pad16(floats) + (codes === "sq7" ? 4 : 0)),
      links: n * links,
      // A bit for removal, a visited mark, and after renumbering two numbers for the key.
      rest: n * (1 / 8 + 9),
    };
  },
  file: fileForm<Facts, HnswIndex>({
    facts: (f) => ({
      M: f.whole("M", 2, 100),
      efConstruction: f.whole("efConstruction", 2, 100_000),
      codes: f.word("codes", ["none", "sq7", "sq8"] as const),
      refine: f.flag("refine"),
      upperWords: f.whole("upperWords", 0, MOST),
      inserted: f.whole("inserted", 0, Number.MAX_SAFE_INTEGER),
      entry: f.whole("entry", -1, MOST),
      maxLevel: f.whole("maxLevel", -1, 31),
    }),
    create: <K extends Key>(shape: RowShape, { M, efConstruction, codes, refine }: Facts) =>
      new HnswIndex<K>({ ...shape, M, efConstruction, codes, refine }),
    expect: (index, { upperWords }) => index.graph.setUpperWords(upperWords),
    restore(index, facts, fail) {
      index.graph.restore(facts);
      checkGraph(index, fail);
    },
  }),
};
