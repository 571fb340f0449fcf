import type { Ptr } from "../exports.ts";

/** k-means (wasm/kmeans/exports.ts). Pointers are to the structs of wasm/kmeans/layout.ts. */
export interface KMeansExports {
  kmeansScratchBytes(d: number): number;
  kmeansPack(scratch: Ptr, centroids: Ptr, begin: number, end: number): void;
  kmeansChoose(scratch: Ptr, centroids: Ptr, choice: Ptr, begin: number, end: number): void;
  kmeansSeek(scratch: Ptr, codes: Ptr, centroids: Ptr, choice: Ptr, begin: number, end: number): void;
  kmeansNear(scratch: Ptr, centroids: Ptr, choice: Ptr, j: number, begin: number, end: number): void;
  kmeansSort(centroids: Ptr, choice: Ptr, n: number): void;
  kmeansMeans(scratch: Ptr, centroids: Ptr, choice: Ptr, begin: number, end: number): void;
}
