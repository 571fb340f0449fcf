export { type ScalarQuantizer, trainScalar } from "./scalar.ts";
