import { type Metric, parseMetric, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { CreateOptions, Key, SearchParams } from "../contract.ts";
import { ladder } from "../ladder.ts";
import type { StructureSearch, Way } from "../plan.ts";
import { RebuiltIndex } from "../rebuilt.ts";
import type { NewOrder } from "../rowIndex.ts";
import type { SavedStructure } from "../snapshot.ts";
import { checkRowOptions, support } from "../support.ts";
import type { Tasks } from "../task.ts";
import { growTrees } from "./grow.ts";
import { renumberTrees } from "./renumber.ts";
import { TREE_SECTIONS, Trees } from "./trees.ts";

export interface RPForestOptions extends CreateOptions {
  /** Trees; 1 … 1000. Each takes 4 bytes a row, and its splits; more find more with less searching. */
  trees?: number;
  /** Most rows of a leaf. Smaller leaves hold nearer rows, and take more splits. */
  leafSize?: number;
  /** Candidates to collect, unless a search says otherwise; default trees × k, as in Annoy. */
  searchK?: number;
}

export const RPFOREST_DEFAULTS: Required<Omit<RPForestOptions, "searchK">> & { searchK: number | undefined } =
  {
    dimension: 0,
    metric: "l2",
    dtype: "f32",
    seed: 42,
    trees: 50,
    leafSize: 64,
    searchK: undefined,
  };

type Resolved = Readonly<typeof RPFOREST_DEFAULTS>;

/** Leaves that a search looks into at least, unless it says otherwise. */
const LEAST_LEAVES = 4;
/** Longer answers than this come from a scan. */
const LONGEST = 256;
/** A scan of one row costs about as much as this many candidates. */
const CANDIDATES_PER_ROW = 2;

/**
 * Forest of random-projection trees, as Annoy grows and searches them (Bernhardsson, github.com/spotify/annoy; the
 * splits are those of two means of a sample, Dasgupta & Freund, STOC 2008, is the idea). Planes and the first ranking
 * work on 7-bit codes of the rows, the answer on the vectors themselves.
 *
 * The same rows, options and seed give the same trees, whatever the number of threads.
 */
export class RPForestIndex<K extends Key = Key> extends RebuiltIndex<K> {
  readonly kind = "RPForest";
  readonly exact = false;
  readonly options: Resolved;
  readonly searchParams: readonly string[];
  /** @internal */
  readonly trees: Trees;
  #always = false;
  #adopting: ((trees: Trees, covered: number) => number) | undefined;

  constructor(given: RPForestOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, seed, searchK } = options;
    const codes = dtype === "f32" ? "sq7" : "none";
    super(
      { dimension, metric, dtype, codes, keepVectors: true, augment: metric === "ip" },
      seed,
      searchK === undefined ? {} : { searchK },
    );
    this.options = options;
    this.searchParams = dtype === "f32" ? ["searchK", "rerank"] : ["searchK"];
    this.trees = new Trees(this.space, this.rows, this.bench);
  }

  get spec(): string {
    return `RPForest${this.options.trees}`;
  }

  structureSizes(_capacity: number): Record<string, number> {
    return this.trees.sizes();
  }

  /** Trees of the next block that are not grown: `make` fills the sections, and says the step of codes. @internal */
  takeOver(make: (trees: Trees, covered: number) => number): void {
    this.#adopting = make;
  }

  protected override get leastRows(): number {
    return this.#always || this.#adopting !== undefined ? 1 : super.leastRows;
  }

  /** Has trees grown however few rows there are. @internal */
  growAlways(): void {
    this.#always = true;
  }

  protected *rebuild(end: number, threads: number): Tasks<void> {
    const make = this.#adopting;
    this.#adopting = undefined;
    if (make !== undefined) {
      this.trees.settle(make(this.trees, end));
      return;
    }
    yield* growTrees(this.trees, end, this.options, threads);
  }

  protected renumberStructure(order: NewOrder): void {
    renumberTrees(this.trees, order, (slot) => this.rows.isRemoved(slot));
  }

  protected structure(): StructureSearch | undefined {
    return this.covered > 0 ? this.trees : undefined;
  }

  /** @internal */
  planSearch(k: number, matches: number, params: SearchParams): Way | undefined {
    const rows = this.rows.rows;
    if (this.covered === 0 || k > LONGEST || k > matches / 4) return undefined;
    const { trees, leafSize } = this.options;
    const wanted = params.searchK ?? Math.max(trees * k, LEAST_LEAVES * leafSize);
    // Rows that may not be answered are met too: more are looked at, so that as many allowed ones are among them.
    const ef = Math.min(trees * this.covered, Math.ceil((wanted * rows) / matches));
    if (matches * CANDIDATES_PER_ROW <= ef) return undefined;
    if (this.dtype === "bits") return { ef, rerank: 0 };
    return { ef, rerank: Math.min(rows, Math.max(k, params.rerank ?? Math.ceil(1.4 * k) + 4)) };
  }

  override dials(k: number): Record<string, readonly number[]> {
    const { trees } = this.options;
    const least = trees * Math.max(1, Math.floor(k / 2));
    return { searchK: ladder(least, Math.max(least, trees * this.options.leafSize * 16)) };
  }

  savedStructure(): SavedStructure {
    const { trees, leafSize } = this.options;
    const { covered, splits, leaves } = this.trees.counts;
    return {
      facts: { trees, leafSize, covered, splits, leaves, planeStep: this.trees.step },
      sections: TREE_SECTIONS,
      sizes: this.trees.sizes(),
    };
  }

  protected details(): Record<string, number | string> {
    const { trees, leafSize } = this.options;
    const { covered, splits, leaves } = this.trees.counts;
    return {
      trees,
      leafSize,
      splits,
      leaves,
      meanLeaf: leaves === 0 ? 0 : Math.round((100 * trees * covered) / leaves) / 100,
    };
  }
}

function checkOptions(given: RPForestOptions): Resolved {
  const options = resolveOptions<Resolved>(RPFOREST_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  wholeNumber("trees", options.trees, 1, 1000);
  wholeNumber("leafSize", options.leafSize, 1, 65_536);
  if (options.searchK !== undefined) wholeNumber("searchK", options.searchK, 1, 0x7fffffff);
  const why = support("RPForest", metric, options.dtype, false);
  if (why !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `RPForest over ${options.dtype} vectors with metric ${metric}`,
      rule: why,
    });
  }
  return { ...options, metric };
}
