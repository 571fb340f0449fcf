import type { RunOptions } from "../core/index.ts";
import { drawSample, measureRecall } from "./audit.ts";
import type { AuditReport, Key } from "./contract.ts";
import type { VectorIndex } from "./vectorIndex.ts";

export interface TuneOptions extends RunOptions {
  targetRecall: number;
  k: number;
  seed: number;
  /** Rows searched for; default 500. */
  sample?: number;
}

/** The largest candidate list that tuning tries: beyond it, comparing everything is the better way. */
const MOST_EF = 4096;
/** Steps finer than this share of the value drown in the noise of the sample. */
const FINE = 0.06;

/**
 * Sets the index's `efSearch` to the smallest value, within 6 %, whose recall on the sample reaches the target with
 * its whole confidence interval: widening until it does, then halving the gap. Where none does, the widest tried
 * is set, and the report says what it reaches.
 */
export async function tuneSearch<K extends Key>(
  index: VectorIndex<K>,
  options: TuneOptions,
): Promise<AuditReport> {
  const { targetRecall, k, seed, sample = 500 } = options;
  const drawn = await drawSample(index, Math.min(sample, index.size), k, seed, options);
  const measure = (efSearch: number): Promise<AuditReport> =>
    measureRecall(index, drawn, { efSearch }, options);
  // A perfect sample passes whatever its interval says: no wider search can show more.
  const passes = ({ low, recall }: AuditReport): boolean => low >= targetRecall || recall === 1;
  const most = Math.max(k, Math.min(MOST_EF, index.size));
  let below = 0;
  let value = Math.min(most, Math.max(k, 10));
  let found = await measure(value);
  while (!passes(found) && value < most) {
    below = value;
    value = Math.min(most, Math.ceil(value * 1.6));
    found = await measure(value);
  }
  while (passes(found) && below > 0 && value - below > Math.max(1, below * FINE)) {
    const middle = Math.floor((below + value) / 2);
    const next = await measure(middle);
    if (passes(next)) [value, found] = [middle, next];
    else below = middle;
  }
  index.configure({ efSearch: value });
  return found;
}
