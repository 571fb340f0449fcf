export {
  type AsyncKMeansOptions,
  KMEANS_DEFAULTS,
  type KMeansOptions,
  type KMeansResult,
  kmeans,
  kmeansAsync,
} from "./kmeans/kmeans.ts";
export { type ScalarQuantizer, trainScalar } from "./scalar.ts";
