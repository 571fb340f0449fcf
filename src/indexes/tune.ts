import type { RunOptions } from "../core/index.ts";
import type { AuditReport, Index, Key } from "./contract.ts";

export interface TuneOptions extends RunOptions {
  targetRecall: number;
  k: number;
  seed: number;
  /** Rows searched for; default 200. */
  sample?: number;
}

/** The largest candidate list that tuning tries: beyond it, comparing everything is the better way. */
const MOST_EF = 4096;

/**
 * Sets the index's `efSearch` to the smallest tried value whose measured recall reaches the target on rows drawn
 * from the index, each leaving itself out: doubling until it is reached, then halving the gap. The target is held against
 * the mean; the report says how sure that is.
 */
export async function tuneSearch<K extends Key>(index: Index<K>, options: TuneOptions): Promise<AuditReport> {
  const { targetRecall, k, seed, sample = 200, signal, onProgress } = options;
  const measure = (efSearch: number): Promise<AuditReport> =>
    index.audit({ efSearch, k, seed, sample: Math.min(sample, index.size), signal, onProgress });
  const most = Math.max(k, Math.min(MOST_EF, index.size));
  let low = 0;
  let high = Math.max(k, 16);
  let best = await measure(high);
  while (best.recall < targetRecall && high < most) {
    low = high;
    high = Math.min(most, high * 2);
    best = await measure(high);
  }
  // A tenth of the value is finer than the noise of the sample.
  while (low > 0 && high - low > Math.max(2, high / 10) && best.recall >= targetRecall) {
    const middle = Math.round((low + high) / 2);
    const report = await measure(middle);
    if (report.recall >= targetRecall) {
      high = middle;
      best = report;
    } else low = middle;
  }
  index.configure({ efSearch: high });
  return best;
}
