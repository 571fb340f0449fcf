import { type Matrix, VicinalError, wholeNumber } from "../../core/index.ts";
import { checkLength, checkMatrix, encodeLabels, encodePair, type Labels } from "./labels.ts";

/** Chances of each class, shape n × classes; rows that do not sum to 1 are scaled to. */
export type Probabilities = Matrix<Float32Array | Float64Array>;

/** Which class was taken for which. */
export interface ConfusionMatrix {
  readonly labels: readonly (string | number)[];
  /** Row i, column j: rows of class `labels[i]` that were told to be `labels[j]`. */
  readonly counts: readonly (readonly number[])[];
}

/**
 * Counts of each true class by the class that was told; labels are in order, of both lists together.
 *
 * @throws VicinalError BAD_INPUT for lists of different length or none
 */
export function confusionMatrix(truth: Labels, told: Labels): ConfusionMatrix {
  const [x, y] = encodePair(truth, told, ["truth", "told"]);
  const counts = x.classes.map(() => x.classes.map(() => 0));
  for (const [i, code] of x.codes.entries()) counts[code]![y.codes[i]!]!++;
  return { labels: x.classes, counts };
}

/** Share of rows told rightly. Throws like {@link confusionMatrix}. */
export function accuracyScore(truth: Labels, told: Labels): number {
  const [x, y] = encodePair(truth, told, ["truth", "told"]);
  return x.codes.reduce((sum, code, i) => sum + (code === y.codes[i] ? 1 : 0), 0) / x.codes.length;
}

/**
 * Mean −log of the chance that was given to the true class; chances are kept between `eps` and 1 − `eps`.
 *
 * @param classes label of each column; every label of `truth` is one of them
 * @throws VicinalError BAD_INPUT, NOT_FINITE
 */
export function logLoss(
  truth: Labels,
  probabilities: Probabilities,
  classes: Labels,
  eps: number = probabilities?.data instanceof Float32Array ? 2 ** -23 : Number.EPSILON,
): number {
  const { codes, chances } = checked(truth, probabilities, classes);
  let sum = 0;
  for (const [i, code] of codes.entries()) {
    const clipped = Array.from(chances(i), (p) => Math.min(Math.max(p, eps), 1 - eps));
    sum -= Math.log(clipped[code]! / clipped.reduce((a, b) => a + b, 0));
  }
  return sum / codes.length;
}

/**
 * Mean squared distance between the chances and the truth, summed over classes: 0 to 2. For two classes it is twice
 * what scikit-learn's score of one class is.
 *
 * @throws VicinalError BAD_INPUT, NOT_FINITE
 * @see Brier, Monthly Weather Review 78 (1950)
 */
export function brierScore(truth: Labels, probabilities: Probabilities, classes: Labels): number {
  const { codes, chances } = checked(truth, probabilities, classes);
  let sum = 0;
  for (const [i, code] of codes.entries()) {
    for (const [c, p] of chances(i).entries()) sum += (p - (c === code ? 1 : 0)) ** 2;
  }
  return sum / codes.length;
}

/** Rows whose highest chance lies in one span. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean of the highest chances, and share of rows told rightly by them; NaN without rows. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** How far the highest chances are what they say. */
export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: |accuracy − confidence| averaged over rows. */
  readonly ece: number;
  /** The worst |accuracy − confidence| of a bin. */
  readonly mce: number;
}

/**
 * Compares the highest chance of each row with how often it was right, in bins of equal width that hold their upper
 * end. Of equal chances the first class is told.
 *
 * @throws VicinalError BAD_INPUT, NOT_FINITE, OPTION_RANGE
 * @see Guo, Pleiss, Sun & Weinberger, ICML 2017, §2
 */
export function calibration(
  truth: Labels,
  probabilities: Probabilities,
  classes: Labels,
  bins = 15,
): Calibration {
  wholeNumber("bins", bins, 1, 1_000_000);
  const { codes, chances } = checked(truth, probabilities, classes);
  const rows = new Float64Array(bins);
  const confidence = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (const [i, code] of codes.entries()) {
    const row = chances(i);
    const best = row.reduce((top, p, c) => (p > row[top]! ? c : top), 0);
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(row[best]! * bins) - 1));
    rows[bin]!++;
    confidence[bin]! += row[best]!;
    if (best === code) right[bin]!++;
  }
  const table = Array.from(rows, (n, b) => ({
    from: b / bins,
    to: (b + 1) / bins,
    rows: n,
    confidence: confidence[b]! / n,
    accuracy: right[b]! / n,
  }));
  const gaps = table.map((bin) => (bin.rows === 0 ? 0 : Math.abs(bin.accuracy - bin.confidence)));
  const ece = gaps.reduce((sum, gap, b) => sum + (gap * rows[b]!) / codes.length, 0);
  return { bins: table, ece, mce: Math.max(...gaps) };
}

/** {@link calibration}'s error by itself. */
export function expectedCalibrationError(
  truth: Labels,
  probabilities: Probabilities,
  classes: Labels,
  bins = 15,
): number {
  return calibration(truth, probabilities, classes, bins).ece;
}

function checked(
  truth: Labels,
  probabilities: Probabilities,
  classes: Labels,
): { codes: Int32Array; chances(i: number): Float64Array } {
  checkMatrix("probabilities", probabilities);
  const { data, rows, cols, stride } = probabilities;
  const columns = encodeLabels("classes", classes)[0]!;
  checkLength("classes", classes.length, cols);
  checkLength("truth", truth?.length, rows);
  if (rows === 0 || columns.classes.length !== cols) {
    const got = rows === 0 ? "of no rows" : "for classes named twice";
    throw new VicinalError("BAD_INPUT", { what: "probabilities", got, rule: "one column a class" });
  }
  const columnOf = new Map(Array.from({ length: cols }, (_, c) => [classes[c]!, c]));
  const codes = Int32Array.from({ length: rows }, (_, i) => columnOf.get(truth[i]!) ?? -1);
  const strange = codes.indexOf(-1);
  if (strange >= 0) {
    const got = `${String(truth[strange])} at ${strange}`;
    throw new VicinalError("BAD_INPUT", { what: "truth", got, rule: "one of the classes" });
  }
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < cols; c++) {
      const got = data[i * stride + c]!;
      if (got >= 0 && got < Number.POSITIVE_INFINITY) continue;
      if (got < 0) {
        const rule = "at least 0 everywhere";
        throw new VicinalError("BAD_INPUT", { what: "probabilities", got: `${got} in row ${i}`, rule });
      }
      throw new VicinalError("NOT_FINITE", { what: "probabilities", row: i, column: c, got });
    }
  }
  const chances = (i: number): Float64Array => {
    const row = Float64Array.from(data.subarray(i * stride, i * stride + cols));
    const sum = row.reduce((a, b) => a + b, 0);
    return sum === 1 || sum === 0 ? row : row.map((p) => p / sum);
  };
  return { codes, chances };
}
