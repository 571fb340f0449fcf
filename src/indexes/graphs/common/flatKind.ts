import type { Dtype, Metric } from "../../../core/index.ts";
import type { FactsReader } from "../../../persist/index.ts";
import type { Key } from "../../contract.ts";
import { checkGraph } from "../../hnsw/validate.ts";
import { type EstimatedParts, type Fail, type FileForm, fileForm, type RowShape } from "../../kind.ts";
import { pad16 } from "../../space.ts";
import type { FlatGraphIndex } from "./flatGraph.ts";
import type { FlatGraphOptions } from "./options.ts";

const MOST = 0xffff_fffe;
const NODE_WORDS = 8;

/** What every flat graph says of itself in a file. */
export interface FlatFacts {
  readonly efConstruction: number;
  readonly codes: "none" | "sq7" | "sq8";
  readonly refine: boolean;
  readonly inserted: number;
  readonly entry: number;
  readonly pivots: number;
  readonly seeded: number;
}

/** The file form of a kind of flat graph with facts of its own. */
export function flatFile<F>(
  own: (reader: FactsReader) => F,
  create: <K extends Key>(shape: RowShape, facts: FlatFacts & F) => FlatGraphIndex<K>,
): FileForm {
  return fileForm<FlatFacts & F, FlatGraphIndex>({
    facts: (f) => ({
      ...own(f),
      efConstruction: f.whole("efConstruction", 1, 100_000),
      codes: f.word("codes", ["none", "sq7", "sq8"] as const),
      refine: f.flag("refine"),
      inserted: f.whole("inserted", 0, Number.MAX_SAFE_INTEGER),
      entry: f.whole("entry", -1, MOST),
      pivots: f.whole("pivots", 0, MOST / NODE_WORDS),
      seeded: f.whole("seeded", 0, MOST),
    }),
    create,
    expect: (index, { pivots }) => index.graph.setPivots(pivots),
    restore(index, facts, fail) {
      index.space.u8("levels").fill(0);
      index.graph.restore({ ...facts, upperWords: 0, maxLevel: facts.entry < 0 ? -1 : 0 });
      index.graph.seeded = facts.seeded;
      checkGraph(index, fail);
      checkPivots(index, fail);
    },
  });
}

/** Pivots are rows; children come after their parents, so that every way down ends. */
function checkPivots(index: FlatGraphIndex, fail: Fail): void {
  const { graph, rows, space } = index;
  if (graph.pivots > 0 && graph.entry < 0) fail("seeds are those of a graph");
  const words = space.u32("pivots");
  for (let node = 0; node < graph.pivots; node++) {
    for (let way = 0; way < 4; way++) {
      const at = node * NODE_WORDS + way;
      if (words[at]! >= rows.rows) fail("pivots are rows", `node ${node}`);
      const child = words[at + 4]!;
      if (child !== 0 && (child <= node || child >= graph.pivots)) {
        fail("children stand behind their parents", `node ${node}`);
      }
    }
  }
}

interface FlatShape extends Pick<Required<FlatGraphOptions>, "codes" | "refine"> {
  readonly capacity: number;
}

/** Bytes of n rows with room for so many links each. */
export function flatEstimate(
  n: number,
  { dimension, metric, dtype }: { dimension: number; metric: Metric; dtype: Dtype },
  { capacity, codes, refine }: FlatShape,
): EstimatedParts {
  const floats = dimension + (metric === "ip" ? 1 : 0);
  const bytes = dtype === "f32" ? floats * 4 : dtype === "bits" ? Math.ceil(dimension / 8) : dimension;
  return {
    vectors: codes === "none" || refine ? n * pad16(bytes) : 0,
    codes: codes === "none" ? 0 : n * (pad16(floats) + (codes === "sq7" ? 4 : 0)),
    // A list and a level byte; a node of 32 bytes for about twelve rows.
    links: n * ((capacity + 1) * 4 + 1 + 2.6),
    rest: n * (1 / 8 + 9),
  };
}
