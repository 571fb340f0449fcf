import type { AuditReport } from "./contract.ts";

/** The largest candidate list that tuning tries: beyond it, comparing everything is the better way. */
const MOST_EF = 4096;
/** Steps finer than this share of the value drown in the noise of the sample. */
const FINE = 0.06;

/**
 * The smallest `efSearch`, within 6 %, whose recall reaches the target with its whole confidence interval: widening
 * until it does, then halving the gap; where none does, the widest. A generator that asks for measurements, so that
 * its caller may take them at once or in steps.
 */
export function* smallestPassing(
  targetRecall: number,
  k: number,
  rows: number,
): Generator<number, { efSearch: number; report: AuditReport }, AuditReport> {
  // A perfect sample passes whatever its interval says: no wider search can show more.
  const passes = ({ low, recall }: AuditReport): boolean => low >= targetRecall || recall === 1;
  const most = Math.max(k, Math.min(MOST_EF, rows));
  let below = 0;
  let value = Math.min(most, Math.max(k, 10));
  let found = yield value;
  while (!passes(found) && value < most) {
    below = value;
    value = Math.min(most, Math.ceil(value * 1.6));
    found = yield value;
  }
  while (passes(found) && below > 0 && value - below > Math.max(1, below * FINE)) {
    const middle = Math.floor((below + value) / 2);
    const next = yield middle;
    if (passes(next)) [value, found] = [middle, next];
    else below = middle;
  }
  return { efSearch: value, report: found };
}
