import {
  type Metric,
  oneOf,
  parseMetric,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { CreateOptions, Key } from "../contract.ts";
import { GraphIndex } from "../graphs/common/graphIndex.ts";
import type { SavedSection, SavedStructure } from "../snapshot.ts";
import { checkRowOptions, support } from "../support.ts";

export interface HnswOptions extends CreateOptions {
  /** Links of a row on upper levels, twice as many on level 0; 2 … 100. Memory about 8·M bytes a row. */
  M?: number;
  /** Candidates kept while a row looks for its links; at least M. More builds slower and links better. */
  efConstruction?: number;
  /** Candidates kept while searching, unless a search says otherwise. */
  efSearch?: number;
  /** What the graph is built and searched over: the vectors, 7-bit or 8-bit codes. */
  codes?: "none" | "sq7" | "sq8";
  /** Over codes: keep the vectors too and score the best candidates again by them. */
  refine?: boolean;
}

export const HNSW_DEFAULTS: Required<HnswOptions> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  M: 16,
  efConstruction: 200,
  efSearch: 64,
  codes: "none",
  refine: true,
};

/** What a file holds of a graph with levels. */
export const GRAPH_SECTIONS: readonly SavedSection[] = [
  ["links0", "u32"],
  ["upperAt", "u32"],
  ["levels", "u8"],
  ["upper", "u32"],
];

/**
 * Hierarchical navigable small world graph (Malkov & Yashunin, arXiv:1603.09320), over vectors or over codes
 * with exact rescoring. Inner product is searched as L2 after augmentation (Bachrach et al., RecSys 2014).
 */
export class HnswIndex<K extends Key = Key> extends GraphIndex<K> {
  readonly kind = "HNSW";
  readonly options: Readonly<Required<HnswOptions>>;

  constructor(given: HnswOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, codes, seed, efSearch, M, efConstruction } = options;
    const keepVectors = codes === "none" || options.refine;
    super({
      rows: { dimension, metric, dtype, codes, keepVectors, augment: metric === "ip" },
      seed,
      efSearch,
      graph: {
        ...{ M, capacity: 2 * M, efConstruction, seed, flat: false },
        ...{ chooseScale: 1, pruneScale: 1 },
      },
      seeds: false,
    });
    this.options = options;
  }

  get spec(): string {
    const { M, codes, refine } = this.options;
    if (codes === "none") return `HNSW${M}`;
    return `HNSW${M},${codes.toUpperCase()}${refine ? ",Refine" : ""}`;
  }

  savedStructure(): SavedStructure {
    const { M, efConstruction, codes, refine } = this.options;
    const { upperWords, inserted, entry, maxLevel } = this.graph;
    return {
      facts: { M, efConstruction, codes, refine, upperWords, inserted, entry, maxLevel },
      sections: GRAPH_SECTIONS,
      sizes: this.graph.sizes(this.rows.rows),
    };
  }

  protected override details(): Record<string, number | string> {
    const { M, efConstruction } = this.options;
    return { M, efConstruction, ...super.details() };
  }
}

function checkOptions(given: HnswOptions): Readonly<Required<HnswOptions>> {
  const options = resolveOptions<Required<HnswOptions>>(HNSW_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  wholeNumber("M", options.M, 2, 100);
  wholeNumber("efConstruction", options.efConstruction, options.M, 100_000);
  wholeNumber("efSearch", options.efSearch, 1, 0x7fffffff);
  oneOf("codes", options.codes, ["none", "sq7", "sq8"]);
  const where = support("HNSW", metric, options.dtype, options.codes !== "none");
  if (where !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `HNSW over ${options.dtype} vectors with metric ${metric}`,
      rule: where,
    });
  }
  return { ...options, metric };
}
