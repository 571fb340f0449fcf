import { VicinalError, wholeNumber } from "../../../core/index.ts";
import type { Key } from "../../contract.ts";
import type { SavedStructure } from "../../snapshot.ts";
import {
  checkFlatOptions,
  codesText,
  FLAT_GRAPH_DEFAULTS,
  type FlatGraphOptions,
} from "../common/options.ts";
import { NgtIndex, ngtCapacity, ngtLinks } from "./ngt.ts";

export interface AnngOptions extends FlatGraphOptions {
  /** Nearest rows that a new row links to, both ways; 2 … 500. A row has room for three times as many links. */
  edges?: number;
  /** While building, a search goes on up to (1 + ε) times the distance of the last of `edges` rows found. */
  epsilon?: number;
}

export const ANNG_DEFAULTS: Required<AnngOptions> = {
  ...FLAT_GRAPH_DEFAULTS,
  ...{ edges: 10, epsilon: 0.1 },
};

/**
 * NGT's approximate nearest-neighbour graph (Iwasaki, SISAP 2016, doi:10.1007/978-3-319-46759-7_2): rows are inserted one
 * after another and linked both ways to the nearest found, by a search whose range shrinks with its finds, from seeds that a
 * tree gives. Links into a row are bounded here: a list that overflows is thinned by the rule of diversity.
 */
export class AnngIndex<K extends Key = Key> extends NgtIndex<K> {
  readonly kind = "ANNG";
  readonly options: Readonly<Required<AnngOptions>>;

  constructor(given: AnngOptions) {
    const options = checkFlatOptions("ANNG", ANNG_DEFAULTS, given);
    const { edges, epsilon } = options;
    wholeNumber("edges", edges, 2, 500);
    checkEpsilon(epsilon);
    super(options, ngtLinks(edges, epsilon, options, ngtCapacity(edges)));
    this.options = options;
  }

  get spec(): string {
    return `ANNG${this.options.edges}${codesText(this.options)}`;
  }

  override savedStructure(): SavedStructure {
    const { edges, epsilon } = this.options;
    return this.flatStructure({ edges, epsilon });
  }
}

export function checkEpsilon(epsilon: number): void {
  if (typeof epsilon === "number" && epsilon >= 0 && epsilon <= 10) return;
  throw new VicinalError("OPTION_RANGE", { option: "epsilon", got: epsilon, rule: "from 0 to 10" });
}
