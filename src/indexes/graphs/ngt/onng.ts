import { wholeNumber } from "../../../core/index.ts";
import type { Key } from "../../contract.ts";
import type { SavedStructure } from "../../snapshot.ts";
import type { Tasks } from "../../task.ts";
import { checkFlatOptions, codesText } from "../common/options.ts";
import { adjustPaths } from "./adjust.ts";
import { ANNG_DEFAULTS, type AnngOptions, checkEpsilon } from "./anng.ts";
import { NgtIndex, ngtCapacity, ngtLinks } from "./ngt.ts";

export interface OnngOptions extends AnngOptions {
  /** Nearest rows that link to a row, as a multiple of `edges`, 1 … 20. */
  inward?: number;
}

export const ONNG_DEFAULTS: Required<OnngOptions> = { ...ANNG_DEFAULTS, inward: 6 };

/**
 * NGT's optimized graph (Iwasaki & Miyazaki, arXiv:1810.07355): an ANNG whose links are made anew. A row links to its
 * `edges` nearest rows and is linked to by its `inward · edges` nearest, and links with a way round over two shorter ones are
 * left out. This is done once, for the first block; rows added later are linked as in ANNG.
 */
export class OnngIndex<K extends Key = Key> extends NgtIndex<K> {
  readonly kind = "ONNG";
  readonly options: Readonly<Required<OnngOptions>>;

  constructor(given: OnngOptions) {
    const options = checkFlatOptions("ONNG", ONNG_DEFAULTS, given);
    const { edges, epsilon, inward } = options;
    wholeNumber("edges", edges, 2, 500);
    wholeNumber("inward", inward, 1, 20);
    checkEpsilon(epsilon);
    super(options, ngtLinks(edges, epsilon, options, ngtCapacity(edges)));
    this.options = options;
  }

  get spec(): string {
    return `ONNG${this.options.edges}${codesText(this.options)}`;
  }

  protected override *finish(rows: Uint32Array, threads: number): Tasks<void> {
    const { edges, inward } = this.options;
    const { space, bench, graph } = this;
    yield* adjustPaths(
      { space, rows: this.rows, bench, graph },
      rows,
      { edges, inward: inward * edges },
      threads,
    );
    this.growTree(true);
  }

  override savedStructure(): SavedStructure {
    const { edges, epsilon, inward } = this.options;
    return this.flatStructure({ edges, epsilon, inward });
  }
}
