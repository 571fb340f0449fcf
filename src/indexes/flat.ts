import { type Metric, type MetricOptions, parseMetric, resolveOptions, VicinalError } from "../core/index.ts";
import { resolveMetricOptions } from "../metrics/index.ts";
import type { CreateOptions, Key } from "./contract.ts";
import { type DistanceFunction, FunctionSearcher } from "./functionSearcher.ts";
import type { StructureSearch } from "./plan.ts";
import { liveFirst, type NewOrder } from "./rowIndex.ts";
import type { SavedStructure } from "./snapshot.ts";
import { checkRowOptions, support } from "./support.ts";
import type { Tasks } from "./task.ts";
import { VectorIndex } from "./vectorIndex.ts";

export interface FlatOptions extends CreateOptions {
  /**
   * Keep 7-bit codes (about d + 4.5 bytes a row) that exclude most rows by a bound; answers are the same without
   * them, single queries several times slower. Float32 under l2, l2sq, cosine, ip only.
   */
  codes?: boolean;
  /** Numbers that minkowski and mahalanobis take. */
  metricOptions?: MetricOptions | undefined;
  /** A distance of the caller's own instead of a metric, over float32 vectors. Such an index cannot be saved. */
  distance?: DistanceFunction;
}

type ResolvedOptions = Required<Omit<FlatOptions, "distance" | "metricOptions">> &
  Pick<FlatOptions, "distance" | "metricOptions">;

export const FLAT_DEFAULTS: ResolvedOptions = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  codes: true,
  metricOptions: undefined,
  distance: undefined,
};

/** Compares a query with every row: exact for every metric, and the oracle of all other indexes. */
export class FlatIndex<K extends Key = Key> extends VectorIndex<K> {
  readonly kind = "Flat";
  readonly spec = "Flat";
  readonly exact = true;
  readonly searchParams: readonly string[] = [];
  readonly #distance: DistanceFunction | undefined;

  constructor(given: FlatOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, distance } = options;
    const metricOptions = resolveMetricOptions(metric, dimension, options.metricOptions);
    const rows = {
      dimension,
      metric,
      metricOptions,
      dtype,
      codes: "none",
      keepVectors: true,
      augment: false,
    } as const;
    super(rows, options.seed, {}, options.codes);
    this.#distance = distance;
    if (distance !== undefined) this.searcher = new FunctionSearcher(this.space, this.rows, distance);
  }

  structureSizes(): Record<string, number> {
    return {};
  }

  protected *link(): Tasks<void> {}

  protected orderAfterAdding(): NewOrder | undefined {
    return undefined;
  }

  protected structure(): StructureSearch | undefined {
    return undefined;
  }

  planSearch(): undefined {
    return undefined;
  }

  override get metric(): Metric | "custom" {
    return this.#distance === undefined ? super.metric : "custom";
  }

  savedStructure(): SavedStructure {
    if (this.#distance !== undefined) {
      throw new VicinalError("UNSUPPORTED", {
        what: "Saving an index with a distance function",
        rule: "a file cannot hold code; save the vectors, or use a named metric",
      });
    }
    return { facts: {}, sections: [], sizes: {} };
  }

  /** Live rows move down in their order. */
  protected renumber(): NewOrder {
    return liveFirst(this.rows);
  }

  protected details(): Record<string, number | string> {
    return {};
  }
}

function checkOptions(given: FlatOptions): Readonly<ResolvedOptions> {
  const options = resolveOptions<ResolvedOptions>(FLAT_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  const why = support("Flat", metric, options.dtype, false);
  if (why !== undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: `Flat over ${options.dtype} vectors with metric ${metric}`,
      rule: why,
    });
  }
  const { distance, dtype } = options;
  if (distance !== undefined && (typeof distance !== "function" || dtype !== "f32")) {
    const rule = "a function of two Float32Arrays, with dtype f32";
    throw new VicinalError("OPTION_RANGE", {
      option: "distance",
      got: `${typeof distance} with dtype ${dtype}`,
      rule,
    });
  }
  return { ...options, metric: distance === undefined ? metric : "l2" };
}
