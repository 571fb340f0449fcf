import { VicinalError } from "../core/index.ts";

/** The name of a class: all of one set are numbers, or all are strings. */
export type Label = number | string;

/** Labels as whole numbers: row i is of class `classes[codes[i]]`. */
export interface EncodedLabels<L extends Label = Label> {
  /** Without repeats, numbers ascending, strings by UTF-16 code unit. */
  readonly classes: readonly L[];
  readonly codes: Int32Array;
}

/**
 * Numbers the classes in ascending order of their labels.
 *
 * @param rows how many labels there have to be
 * @throws VicinalError BAD_INPUT for another count, labels of two types, NaN or infinite
 */
export function encodeLabels<L extends Label>(
  labels: ArrayLike<L>,
  rows: number,
  what = "labels",
): EncodedLabels<L> {
  checkCount(labels, rows, what);
  const seen = new Map<L, number>();
  const type = typeof labels[0];
  const codes = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const label = labels[i]!;
    const sound = typeof label === type && (type === "string" || Number.isFinite(label));
    if (!sound) {
      throw new VicinalError("BAD_INPUT", {
        what: `${what}[${i}]`,
        got: `${String(label)} (${typeof label})`,
        rule: "a string where the first is one, else a finite number",
      });
    }
    let code = seen.get(label);
    if (code === undefined) seen.set(label, (code = seen.size));
    codes[i] = code;
  }
  const classes = [...seen.keys()].sort((a, b) => (a < b ? -1 : 1));
  const placeOf = new Int32Array(classes.length);
  for (const [place, label] of classes.entries()) placeOf[seen.get(label)!] = place;
  for (let i = 0; i < rows; i++) codes[i] = placeOf[codes[i]!]!;
  return { classes, codes };
}

/** Labels as numbers of known classes; −1 for one that is not among them. */
export function codesOf<L extends Label>(
  labels: ArrayLike<L>,
  classes: readonly L[],
  rows: number,
  what = "labels",
): Int32Array {
  checkCount(labels, rows, what);
  const places = new Map(classes.map((label, place) => [label, place]));
  return Int32Array.from({ length: rows }, (_, i) => places.get(labels[i]!) ?? -1);
}

/** Throws BAD_INPUT unless there is one value for each row. */
export function checkCount(values: ArrayLike<unknown>, rows: number, what: string): void {
  const length = typeof values === "object" && values !== null ? values.length : undefined;
  if (length === rows) return;
  throw new VicinalError("BAD_INPUT", {
    what,
    got: length === undefined ? String(values) : `of length ${length}`,
    rule: `one for each of ${rows} rows`,
  });
}
