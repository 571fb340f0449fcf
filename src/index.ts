export { isVicinalError, type Matrix, type Metric, matrix, VicinalError } from "./core/index.ts";
export {
  type BuildOptions,
  type BuildReport,
  build,
  buildReport,
  create,
  type Estimate,
  estimate,
  type Filter,
  type Index,
  type Key,
  type Metadata,
  type Neighbors,
  open,
} from "./indexes/index.ts";
export { init } from "./kernels/init.ts";
