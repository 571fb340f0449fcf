import type { Facts } from "../../../persist/index.ts";
import type { Key } from "../../contract.ts";
import type { SavedSection, SavedStructure } from "../../snapshot.ts";
import { GraphIndex } from "./graphIndex.ts";

const SECTIONS: readonly SavedSection[] = [
  ["links0", "u32"],
  ["pivots", "u32"],
];

/** A graph whose rows all stand on one level. */
export abstract class FlatGraphIndex<K extends Key = Key> extends GraphIndex<K> {
  /** What a flat graph adds to a file, beside facts of its kind. */
  protected flatStructure(own: Facts): SavedStructure {
    const { graph, rows } = this;
    const { inserted, entry, pivots, seeded } = graph;
    const { efConstruction } = graph.options;
    const { codes, keepVectors } = rows.options;
    const refine = codes === "none" || keepVectors;
    return {
      facts: { ...own, efConstruction, codes, refine, inserted, entry, pivots, seeded },
      sections: SECTIONS,
      sizes: graph.sizes(rows.rows),
    };
  }

  protected override details(): Record<string, number | string> {
    const { efConstruction } = this.graph.options;
    const { levels: _, ...rest } = super.details() as Record<string, number>;
    return { efConstruction, ...rest };
  }
}
