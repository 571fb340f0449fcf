import type { RunOptions } from "../core/index.ts";
import { drawSample, measureRecall } from "./audit.ts";
import type { AuditReport, Key } from "./contract.ts";
import { smallestPassing } from "./smallestPassing.ts";
import type { VectorIndex } from "./vectorIndex.ts";

export interface TuneOptions extends RunOptions {
  targetRecall: number;
  k: number;
  seed: number;
  /** Rows searched for; default 500. */
  sample?: number;
}

/**
 * Sets the `efSearch` of an index that is already built to the smallest value whose audited recall reaches the
 * target. Audits judge a little harshly (see {@link auditIndex}); build() tunes on rows that are not linked yet.
 */
export async function tuneSearch<K extends Key>(
  index: VectorIndex<K>,
  options: TuneOptions,
): Promise<AuditReport> {
  const { targetRecall, k, seed, sample = 500 } = options;
  const drawn = await drawSample(index, Math.min(sample, index.size), k, seed, options);
  const search = smallestPassing(targetRecall, k, index.size);
  let step = search.next();
  while (!step.done) {
    step = search.next(await measureRecall(index, drawn, { efSearch: step.value }, options));
  }
  const { efSearch, report } = step.value;
  index.configure({ efSearch });
  return report;
}
