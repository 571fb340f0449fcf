import { type Matrix, type Metric, type MetricOptions, type Scalars, VicinalError } from "../core/index.ts";
import { type RowDistance, rowDistance } from "./distance.ts";

/** Exact neighbours of every query: shape queries × k, row-major, nearest first. */
export interface Truth {
  /** Rows of the base. */
  readonly ids: Uint32Array | Int32Array;
  readonly queries: number;
  /** Neighbours a query. */
  readonly k: number;
}

/** Rows of the base that an index returned for each query. */
export type Answers = readonly ArrayLike<number>[];

export interface RecallOptions {
  /** Neighbours that count, default 10. */
  k?: number;
  /**
   * Slack on the distance of the k-th true neighbour, in the metric's own units; default 1e-3 as in
   * ann-benchmarks. That is generous where distances are small: of unit vectors under cosine a
   * thousandth can separate many ranks. Use 0 (or 1e-9) to judge those strictly.
   */
  epsilon?: number;
}

/** How well answers match the truth. */
export interface Scores {
  /** Mean share of the k true neighbours found, by distance threshold. */
  readonly recall: number;
  /** The same for each query. */
  readonly perQuery: Float64Array;
  /** Recall with the threshold stretched by 1 % and by 10 %. */
  readonly epsilonRecall: { readonly "0.01": number; readonly "0.1": number };
  /**
   * Sum of the returned distances over the sum of the true ones at the same ranks; 1 is perfect.
   * NaN when nothing was returned, and under ip, whose distances have no zero to be relative to.
   */
  readonly relativeError: number;
}

/** Scores the answers of one set of queries, as often as needed. */
export interface Judge {
  readonly k: number;
  score(answers: Answers): Scores;
}

/** ann-benchmarks' slack on the k-th distance. */
export const RECALL_EPSILON = 1e-3;

/**
 * The judge of ann-benchmarks: it recomputes the distance of every returned row in float64 and counts
 * those no farther than the k-th true neighbour plus epsilon, so ties count whichever was returned.
 * The count is divided by k, or by the rows of the base when there are fewer.
 *
 * @param base shape n × d, raw as given to the index
 * @param queries shape q × d
 * @param truth shape q × K with K ≥ min(k, n)
 * @throws DIM_MISMATCH, BAD_INPUT; `score` refuses a row returned twice, or one that does not exist
 * @remarks O(q·k·d) a score
 * @see ann-benchmarks, plotting/metrics.py
 */
export function createJudge(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  truth: Truth,
  options: RecallOptions & { metric: Metric; metricOptions?: MetricOptions | undefined },
): Judge {
  const k = Math.min(options.k ?? 10, base.rows);
  const epsilon = options.epsilon ?? RECALL_EPSILON;
  checkShapes(base, queries, truth, k);
  const distance = rowDistance(queries, base, options.metric, options.metricOptions);
  const exact = trueDistances(distance, truth, k, base.rows);

  function score(answers: Answers): Scores {
    if (answers.length !== queries.rows) {
      throw new VicinalError("BAD_INPUT", {
        what: "answers",
        got: `${answers.length} rows`,
        rule: `one row for each of the ${queries.rows} queries`,
      });
    }
    const perQuery = new Float64Array(queries.rows);
    const seen = new Set<number>();
    const sums = { hits: 0, near1: 0, near10: 0, returned: 0, wanted: 0 };
    for (let q = 0; q < queries.rows; q++) {
      const row = answers[q]!;
      const kth = exact[q * k + k - 1]!;
      const found = distancesOf(row, Math.min(k, row.length), q, distance, base.rows, seen).sort();
      let hits = 0;
      for (let i = 0; i < found.length; i++) {
        const d = found[i]!;
        if (d <= kth + epsilon) hits++;
        if (d <= kth + 0.01 * Math.abs(kth)) sums.near1++;
        if (d <= kth + 0.1 * Math.abs(kth)) sums.near10++;
        sums.returned += d;
        sums.wanted += exact[q * k + i]!;
      }
      perQuery[q] = hits / k;
      sums.hits += hits;
    }
    const all = queries.rows * k;
    return {
      recall: ratio(sums.hits, all),
      perQuery,
      epsilonRecall: { "0.01": ratio(sums.near1, all), "0.1": ratio(sums.near10, all) },
      relativeError: options.metric === "ip" ? Number.NaN : errorRatio(sums.returned, sums.wanted),
    };
  }
  return { k, score };
}

/** Mean recall@k of the answers; see {@link createJudge}, which keeps its work between calls. */
export function recallAtK(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  truth: Truth,
  answers: Answers,
  options: RecallOptions & { metric: Metric },
): number {
  return createJudge(base, queries, truth, options).score(answers).recall;
}

/** With nothing to find, everything was found. */
function ratio(part: number, all: number): number {
  return all === 0 ? 1 : part / all;
}

function errorRatio(returned: number, wanted: number): number {
  if (wanted !== 0) return returned / wanted;
  return returned === 0 ? 1 : Number.POSITIVE_INFINITY;
}

function distancesOf(
  row: ArrayLike<number>,
  count: number,
  q: number,
  distance: RowDistance,
  rows: number,
  seen: Set<number>,
): Float64Array {
  const found = new Float64Array(count);
  seen.clear();
  for (let i = 0; i < count; i++) {
    const id = row[i]!;
    if (!Number.isInteger(id) || id < 0 || id >= rows) {
      throw new VicinalError("BAD_INPUT", {
        what: `answer ${i} of query ${q}`,
        got: String(id),
        rule: `a row of the base, 0 to ${rows - 1}`,
      });
    }
    if (seen.has(id)) {
      throw new VicinalError("BAD_INPUT", {
        what: `answer ${i} of query ${q}`,
        got: `row ${id} a second time`,
        rule: "a row not returned before; an index that repeats rows cannot be scored",
      });
    }
    seen.add(id);
    found[i] = distance(q, id);
  }
  return found;
}

/** float64 distances of the k nearest by the truth, sorted; the ids decide, not the stored distances. */
function trueDistances(distance: RowDistance, truth: Truth, k: number, rows: number): Float64Array {
  const out = new Float64Array(truth.queries * k);
  for (let q = 0; q < truth.queries; q++) {
    for (let i = 0; i < k; i++) {
      const id = truth.ids[q * truth.k + i]!;
      if (!(id >= 0 && id < rows)) {
        throw new VicinalError("BAD_INPUT", {
          what: `true neighbour ${i} of query ${q}`,
          got: String(id),
          rule: `a row of the base, 0 to ${rows - 1}; is the truth of another base`,
        });
      }
      out[q * k + i] = distance(q, id);
    }
    out.subarray(q * k, q * k + k).sort();
  }
  return out;
}

function checkShapes(base: Matrix<Scalars>, queries: Matrix<Scalars>, truth: Truth, k: number): void {
  if (queries.cols !== base.cols) {
    throw new VicinalError("DIM_MISMATCH", { what: "queries", got: queries.cols, want: base.cols });
  }
  if (truth.queries !== queries.rows || truth.k < k) {
    throw new VicinalError("BAD_INPUT", {
      what: "truth",
      got: `${truth.queries} rows of ${truth.k} neighbours`,
      rule: `${queries.rows} rows (one a query) of at least ${k} neighbours`,
    });
  }
}
