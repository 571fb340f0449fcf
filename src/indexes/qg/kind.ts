import type { Key } from "../contract.ts";
import { HNSW } from "../hnsw/kind.ts";
import { checkGraph } from "../hnsw/validate.ts";
import { fileForm, type KindOfIndex, type RowShape } from "../kind.ts";
import type { Spec } from "../parts/spec.ts";
import { blockBytes } from "./blocks.ts";
import { QgIndex } from "./qg.ts";

const MOST = 0xffff_fffe;

interface Facts {
  readonly M: number;
  readonly efConstruction: number;
  readonly upperWords: number;
  readonly inserted: number;
  readonly entry: number;
  readonly maxLevel: number;
  readonly blocksReady: boolean;
}

const linksOf = (spec: Spec): number => (spec.kind === "QG" ? spec.M : 32);

/** Graphs whose rows hold their neighbours' codes. */
export const QG: KindOfIndex = {
  name: "QG",
  options: ["efConstruction", "efSearch"],
  create: (spec, options) => new QgIndex({ ...options, M: linksOf(spec) }),
  estimate(spec, n, shape) {
    const M = linksOf(spec);
    const graph = HNSW.estimate({ kind: "HNSW", M: M / 2, codes: "SQ7", refine: true }, n, shape);
    return { ...graph, codes: graph.codes + n * blockBytes(M, shape.dimension) };
  },
  file: fileForm<Facts, QgIndex>({
    facts: (f) => ({
      M: f.whole("M", 4, 200),
      efConstruction: f.whole("efConstruction", 2, 100_000),
      upperWords: f.whole("upperWords", 0, MOST),
      inserted: f.whole("inserted", 0, Number.MAX_SAFE_INTEGER),
      entry: f.whole("entry", -1, MOST),
      maxLevel: f.whole("maxLevel", -1, 31),
      blocksReady: f.flag("blocksReady"),
    }),
    create: <K extends Key>(shape: RowShape, { M, efConstruction }: Facts) =>
      new QgIndex<K>({ ...shape, M, efConstruction }),
    expect: (index, { upperWords }) => index.graph.setUpperWords(upperWords),
    restore(index, facts, fail) {
      index.graph.restore(facts);
      checkGraph(index, fail);
      const wrong = index.blocks.restore(facts.blocksReady);
      if (wrong !== undefined) fail(wrong);
    },
  }),
};
