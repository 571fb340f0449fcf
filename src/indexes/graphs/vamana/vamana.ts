import { createRng, permutation, VicinalError, wholeNumber } from "../../../core/index.ts";
import type { Key } from "../../contract.ts";
import type { Pause } from "../../hnsw/graphStruct.ts";
import type { SavedStructure } from "../../snapshot.ts";
import type { Tasks } from "../../task.ts";
import { FlatGraphIndex } from "../common/flatGraph.ts";
import { medoid } from "../common/medoid.ts";
import {
  checkFlatOptions,
  codesText,
  FLAT_GRAPH_DEFAULTS,
  type FlatGraphOptions,
  flatRows,
} from "../common/options.ts";

export interface VamanaOptions extends FlatGraphOptions {
  /** Most links of a row, 4 … 500. Memory 4·R bytes a row. */
  R?: number;
  /**
   * A candidate is passed over when α times its distance to a neighbour already chosen is less than its distance to the row:
   * 1 … 2. More keeps longer links: fewer steps to the goal, each dearer.
   */
  alpha?: number;
}

export const VAMANA_DEFAULTS: Required<VamanaOptions> = {
  ...FLAT_GRAPH_DEFAULTS,
  ...{ R: 64, alpha: 1.2, efConstruction: 100 },
};

/** Distances whose ranks are not squared. */
const PLAIN: readonly string[] = ["l1", "linf", "hamming"];

/**
 * Vamana, the graph of DiskANN (Subramanya et al., NeurIPS 2019): one level, links thinned by a rule with a factor α, searches
 * that start at the medoid, and here also at seeds, without which far clusters can be missed. The first block is linked twice, with
 * α = 1 and then with the α asked for; `efConstruction` is the
 * paper's L. Rows are inserted in batches (Dobson et al., arXiv:2305.04359), so that threads change nothing.
 */
export class VamanaIndex<K extends Key = Key> extends FlatGraphIndex<K> {
  readonly kind = "Vamana";
  readonly options: Readonly<Required<VamanaOptions>>;

  constructor(given: VamanaOptions) {
    const options = checkFlatOptions("Vamana", VAMANA_DEFAULTS, given);
    const { R, alpha, seed, efSearch, efConstruction, metric } = options;
    wholeNumber("R", R, 4, 500);
    if (!(alpha >= 1 && alpha <= 2)) {
      throw new VicinalError("OPTION_RANGE", { option: "alpha", got: alpha, rule: "from 1 to 2" });
    }
    const scale = PLAIN.includes(metric) ? alpha : alpha * alpha;
    // The paper's codes let a list grow by such a share before they prune it; here that is part of R.
    const fill = Math.min(R - 1, Math.ceil(R / 1.2));
    super({
      rows: flatRows(options),
      seed,
      efSearch,
      graph: {
        ...{ M: fill, pruneTo: fill, capacity: R, efConstruction, seed, flat: true },
        ...{ chooseScale: scale, pruneScale: scale },
      },
      seeds: true,
    });
    this.options = options;
  }

  get spec(): string {
    return `Vamana${this.options.R}${codesText(this.options)}`;
  }

  protected override *linkRows(first: number, end: number, threads: number, pause?: Pause): Tasks<void> {
    const { graph } = this;
    if (graph.entry >= 0 || first === end) return yield* super.linkRows(first, end, threads, pause);
    graph.makeLists(first, end);
    const order = permutation(end - first, createRng(this.seed, `order ${first}`)).map((row) => first + row);
    const held = order.slice(0, Math.min(pause?.rows ?? 0, order.length - 1));
    const rows = order.slice(held.length);
    // The first to be inserted is where searches start.
    const entry = medoid(this.rows, rows.slice().sort(), this.seed);
    rows[rows.indexOf(entry)] = rows[0]!;
    rows[0] = entry;
    graph.scale = 1;
    try {
      yield* graph.insertRows(rows, threads);
    } finally {
      graph.scale = undefined;
    }
    yield* graph.refine(rows, threads);
    if (held.length === 0) return;
    yield* pause!.tasks(held);
    yield* graph.insertRows(held, threads);
  }

  protected override chooseEntry(): void {
    const { rows } = this;
    const live = Uint32Array.from({ length: rows.rows }, (_, row) => row).filter(
      (row) => !rows.isRemoved(row),
    );
    if (live.length === 0) this.graph.setEntry(-1, -1);
    else this.graph.setEntry(medoid(rows, live, this.seed), 0);
  }

  override savedStructure(): SavedStructure {
    const { R, alpha } = this.options;
    return this.flatStructure({ R, alpha });
  }
}
