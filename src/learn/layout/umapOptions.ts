import {
  type Metric,
  oneOf,
  parseMetric,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { fitCurve } from "./curve.ts";

export interface UmapOptions {
  /** Components of the layout. */
  nComponents?: number;
  /** Neighbours of a row, itself counted: few show detail, many show the whole. Fewer where there are no more rows. */
  nNeighbors?: number;
  /** Nearest that rows may lie in the layout. */
  minDist?: number;
  /** Scale of the layout; minDist is within it. */
  spread?: number;
  /** How rows are compared; any metric of the library but inner product. */
  metric?: Metric;
  /** Rounds; default 500 up to 10,000 rows, 200 above. */
  nEpochs?: number;
  learningRate?: number;
  /** Rows pushed from for each edge that pulls. */
  negativeSampleRate?: number;
  repulsionStrength?: number;
  /** Nearest neighbours taken to be connected in full. */
  localConnectivity?: number;
  /** 1: an edge counts where either end sees it (union); 0: where both do. */
  setOpMixRatio?: number;
  /**
   * "spectral": eigenvectors of the graph of neighbours, or "pca" where that graph falls into parts; "pca": the leading principal
   * components; "random"; or rows of the caller's, one for each row of the data.
   */
  init?: "spectral" | "pca" | "random" | VectorsInput;
  seed?: number;
}

export type ResolvedUmap = Required<Omit<UmapOptions, "nEpochs">> & Pick<UmapOptions, "nEpochs">;

export const UMAP_DEFAULTS: ResolvedUmap = {
  nComponents: 2,
  nNeighbors: 15,
  minDist: 0.1,
  spread: 1,
  metric: "l2",
  nEpochs: undefined,
  learningRate: 1,
  negativeSampleRate: 5,
  repulsionStrength: 1,
  localConnectivity: 1,
  setOpMixRatio: 1,
  init: "spectral",
  seed: 42,
};

/** Options with defaults, checked. Throws OPTION_RANGE, OPTION_UNKNOWN, METRIC_UNKNOWN. */
export function resolveUmap(given: UmapOptions): Readonly<ResolvedUmap> {
  const options = resolveOptions<ResolvedUmap>(UMAP_DEFAULTS, given);
  const { nEpochs, init, minDist, spread } = options;
  const within = (name: keyof UmapOptions, low: number, high: number, rule: string): void => {
    const got = options[name];
    if (typeof got === "number" && got >= low && got <= high) return;
    throw new VicinalError("OPTION_RANGE", { option: name, got, rule });
  };
  wholeNumber("nComponents", options.nComponents, 1, 10_000);
  wholeNumber("nNeighbors", options.nNeighbors, 2, 100_000);
  if (nEpochs !== undefined) wholeNumber("nEpochs", nEpochs, 1, 1_000_000);
  wholeNumber("negativeSampleRate", options.negativeSampleRate, 0, 10_000);
  wholeNumber("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  within("learningRate", Number.MIN_VALUE, 1e6, "above 0 and at most 1000000");
  within("repulsionStrength", 0, 1e6, "from 0 to 1000000");
  within("localConnectivity", 0, 1e5, "from 0 to 100000");
  within("setOpMixRatio", 0, 1, "from 0 to 1");
  fitCurve(minDist, spread);
  if (typeof init === "string") oneOf("init", init, ["spectral", "pca", "random"]);
  const metric = parseMetric(options.metric);
  if (metric === "ip" || metric === "minkowski" || metric === "mahalanobis") {
    const rule =
      metric === "ip" ? "inner product is no distance between rows; use cosine" : "map rows first and use l2";
    throw new VicinalError("UNSUPPORTED", { what: `a layout by ${metric}`, rule });
  }
  return Object.freeze({ ...options, metric });
}
