/**
 * Spaces in which neighbours mean something: linear metrics, losses, encoders, factorisations, layouts.
 *
 * @module
 */
export type { Dense } from "./linalg/dense.ts";
export { type Eigen, symmetricEigen } from "./linalg/eigen.ts";
export { type Qr, qr } from "./linalg/qr.ts";
export { type Svd, svd } from "./linalg/svd.ts";
export { LinearModel } from "./linear/linearModel.ts";
export { PCA, PCA_DEFAULTS, type PcaOptions } from "./linear/pca.ts";
export type { SavedModel } from "./saved.ts";
