export { isVicinalError, type Matrix, type Metric, matrix, VicinalError } from "./core/index.ts";
export {
  type BuildOptions,
  type BuildReport,
  build,
  buildReport,
  create,
  type Estimate,
  type Explanation,
  estimate,
  explain,
  type Filter,
  type Index,
  type Key,
  type Metadata,
  type Neighbors,
  open,
  type TuneReport,
  tune,
} from "./indexes/index.ts";
export { init } from "./kernels/init.ts";
