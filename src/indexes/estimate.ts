import { type Dtype, type Metric, parseMetric, wholeNumber } from "../core/index.ts";
import { chooseIndex } from "./auto/choose.ts";
import { bytesOf, type Estimate } from "./bytes.ts";
import { parseSpec } from "./parts/spec.ts";
import { defaultDtype } from "./support.ts";

export interface EstimateOptions {
  n: number;
  dimension: number;
  metric?: Metric;
  dtype?: Dtype;
}

/**
 * Bytes that an index of n rows with default keys will take, before it is built; within ten per cent of
 * `stats().memory.total` from some 20,000 rows on. For `Auto`, of what it would try first.
 *
 * @throws VicinalError SPEC_SYNTAX, UNSUPPORTED, OPTION_RANGE
 */
export function estimate(spec: string, { n, dimension, metric = "l2", dtype }: EstimateOptions): Estimate {
  const auto = parseSpec(spec).kind === "Auto";
  wholeNumber("n", n, 0, 0xffff_fffe);
  wholeNumber("dimension", dimension, 1, 65_535);
  const type = dtype ?? defaultDtype(parseMetric(metric));
  const shape = { n, dimension, metric: parseMetric(metric), dtype: type };
  return bytesOf(auto ? chooseIndex({ ...shape, targetRecall: 0.95 }).ladder[0]!.spec : spec, shape);
}
