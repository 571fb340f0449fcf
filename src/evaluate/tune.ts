import { type RunOptions, VicinalError } from "../core/index.ts";
import type { AuditReport, Index } from "../indexes/contract.ts";
import type { Params } from "./grid.ts";

export interface TuneOptions extends RunOptions {
  /** Neighbours a query, default 10. */
  k?: number;
  /** Rows of the index drawn as queries, default 500; each leaves itself out. */
  sample?: number;
  seed?: number;
}

/** The cheapest setting found, with the recall it showed on the sample. */
export interface Tuned {
  readonly params: Params;
  readonly recall: number;
  /** 95 % confidence interval of the recall. */
  readonly low: number;
  readonly high: number;
  /** False when even the widest search stayed below the target. */
  readonly reached: boolean;
}

/** Tuning stops when the next smaller candidate differs by less than this share. */
const FINE_ENOUGH = 0.06;

/**
 * Finds the smallest `efSearch` whose recall, on rows drawn from the index itself, reaches the target
 * with its whole confidence interval; queries to be measured later are never looked at. An index
 * without that parameter has one setting, which is audited as it is.
 *
 * @param target recall wanted, above 0 and at most 1
 * @throws OPTION_RANGE
 * @remarks about a dozen audits: O(sample · size · d) for the truth and less for each search
 */
export async function tuneSearch(index: Index, target: number, options: TuneOptions = {}): Promise<Tuned> {
  if (typeof target !== "number" || !(target > 0 && target <= 1)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "targetRecall",
      got: target,
      rule: "a number above 0 and at most 1",
    });
  }
  const { k = 10, sample = 500, seed = 0, signal, onProgress } = options;
  const ask = (params: Params): Promise<AuditReport> => index.audit({ k, sample, seed, signal, ...params });
  if (index.exact || index.size === 0 || !index.searchParams.includes("efSearch")) {
    const { recall, low, high } = index.size === 0 ? { recall: 1, low: 1, high: 1 } : await ask({});
    return {
      params: { ...index.defaults },
      recall,
      low,
      high,
      reached: index.exact || passes({ low, high }, target),
    };
  }

  let below = 0;
  let step = 0;
  let ef = Math.max(k, 10);
  let best: AuditReport;
  for (;;) {
    onProgress?.({ phase: `tune efSearch=${ef}`, done: step++, total: 0 });
    best = await ask({ efSearch: ef });
    if (passes(best, target) || ef >= index.size) break;
    below = ef;
    ef = Math.min(index.size, Math.ceil(ef * 1.6));
  }
  const reached = passes(best, target);
  let above = ef;
  while (reached && above - below > Math.max(1, below * FINE_ENOUGH)) {
    const middle = Math.floor((below + above) / 2);
    if (middle < k || middle === below) break;
    onProgress?.({ phase: `tune efSearch=${middle}`, done: step++, total: 0 });
    const report = await ask({ efSearch: middle });
    if (passes(report, target)) {
      above = middle;
      best = report;
    } else below = middle;
  }
  return { params: { efSearch: above }, recall: best.recall, low: best.low, high: best.high, reached };
}

/** A perfect sample passes whatever its interval says: no wider search can show more. */
function passes(report: Pick<AuditReport, "low" | "high"> & { recall?: number }, target: number): boolean {
  return report.low >= target || report.recall === 1;
}
