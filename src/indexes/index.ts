export {
  type AllNeighbors,
  type AllNeighborsOptions,
  allNeighbors,
  type NeighborGraph,
} from "./allNeighbors.ts";
export type { Alternative } from "./auto/choose.ts";
export { type ExplainOptions, type Explanation, explain } from "./auto/explain.ts";
export { type BuildOptions, type BuildReport, build, buildReport } from "./build.ts";
export type { Estimate } from "./bytes.ts";
export * from "./contract.ts";
export { create } from "./create.ts";
export { type EstimateOptions, estimate } from "./estimate.ts";
export { FLAT_DEFAULTS, FlatIndex, type FlatOptions } from "./flat.ts";
export type { AnnoyMetric, DotLayout } from "./forest/annoyLayout.ts";
export { type ReadAnnoyOptions, readAnnoy } from "./forest/annoyRead.ts";
export { saveAnnoy, type WriteAnnoyOptions, writeAnnoy } from "./forest/annoyWrite.ts";
export { RPFOREST_DEFAULTS, RPForestIndex, type RPForestOptions } from "./forest/forest.ts";
export type { FlatGraphOptions } from "./graphs/common/options.ts";
export { ANNG_DEFAULTS, AnngIndex, type AnngOptions } from "./graphs/ngt/anng.ts";
export { ONNG_DEFAULTS, OnngIndex, type OnngOptions } from "./graphs/ngt/onng.ts";
export {
  type KnnGraph,
  type NeighborGraphOptions,
  neighborGraph,
  neighborGraphAsync,
} from "./graphs/nndescent/neighborGraph.ts";
export { NNDESCENT_DEFAULTS, NNDescentIndex, type NNDescentOptions } from "./graphs/nndescent/nndescent.ts";
export { VAMANA_DEFAULTS, VamanaIndex, type VamanaOptions } from "./graphs/vamana/vamana.ts";
export { HNSW_DEFAULTS, HnswIndex, type HnswOptions } from "./hnsw/hnsw.ts";
export {
  type AsyncDensityOptions,
  DENSITY_DEFAULTS,
  type DensityOptions,
  kernelDensity,
  kernelDensityAsync,
} from "./kernelDensity.ts";
export { LISTS_DEFAULTS, ListsIndex, type ListsOptions } from "./lists/lists.ts";
export { type OpenOptions, open } from "./open.ts";
export { parseFilterExpression as parseFilter } from "./parts/filterExpression.ts";
export { formatSpec, type ListCodes, type OpqSpec, parseSpec, type Spec } from "./parts/spec.ts";
export { QG_DEFAULTS, QgIndex, type QgOptions } from "./qg/qg.ts";
export { SCANN_DEFAULTS, ScannIndex, type ScannOptions } from "./scann/scann.ts";
export { CODE_METRICS, SUPPORT, support } from "./support.ts";
export { BALLTREE_DEFAULTS, BallTreeIndex, type BallTreeOptions } from "./trees/balltree/balltree.ts";
export type { DensityKernel } from "./trees/balltree/normaliser.ts";
export { KDTREE_DEFAULTS, KDTreeIndex, type KDTreeOptions } from "./trees/kdtree/kdTree.ts";
export { type TuneOptions, type TunePoint, type TuneReport, tune } from "./tune/tune.ts";
