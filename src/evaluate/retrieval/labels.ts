import { type Matrix, VicinalError } from "../../core/index.ts";

/** Class of each row: any strings or numbers, alike when they are the same. */
export type Labels = ArrayLike<string | number>;

/** Labels as numbers of classes. */
export interface Encoded {
  /** Class of each row, from 0 on. */
  readonly codes: Int32Array;
  /** The labels that stand for the classes, in their order: numbers ascending, then strings. */
  readonly classes: readonly (string | number)[];
}

/**
 * Several lists of labels as numbers of one set of classes, in the order scikit-learn gives them.
 *
 * @throws VicinalError BAD_INPUT for what is no list of strings and finite numbers
 */
export function encodeLabels(what: string, ...lists: readonly Labels[]): Encoded[] {
  const seen = new Set<string | number>();
  for (const list of lists) {
    if (typeof list !== "object" || list === null || typeof list.length !== "number") {
      throw new VicinalError("BAD_INPUT", { what, got: String(list), rule: "a list of labels" });
    }
    for (let i = 0; i < list.length; i++) {
      const label: unknown = list[i];
      if (typeof label !== "string" && !Number.isFinite(label)) {
        const got = `${String(label)} at ${i}`;
        throw new VicinalError("BAD_INPUT", { what, got, rule: "strings or finite numbers" });
      }
      // −0 and 0 are one label.
      seen.add(label === 0 ? 0 : (label as string | number));
    }
  }
  const classes = [...seen].sort(inOrder);
  const codeOf = new Map(classes.map((label, code) => [label, code]));
  return lists.map((list) => ({
    codes: Int32Array.from({ length: list.length }, (_, i) => codeOf.get(list[i]!)!),
    classes,
  }));
}

function inOrder(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === typeof b) return a < b ? -1 : 1;
  return typeof a === "number" ? -1 : 1;
}

/** Two lists over the same rows as classes of one set. Throws BAD_INPUT where their lengths differ or are 0. */
export function encodePair(a: Labels, b: Labels, what: readonly [string, string]): [Encoded, Encoded] {
  const [x, y] = encodeLabels(what.join(" and "), a, b) as [Encoded, Encoded];
  checkLength(what[1], y.codes.length, x.codes.length);
  if (x.codes.length === 0) {
    throw new VicinalError("BAD_INPUT", { what: what[0], got: "empty", rule: "at least one label" });
  }
  return [x, y];
}

/** A matrix of as many numbers as it says, or BAD_INPUT. */
export function checkMatrix(what: string, m: Matrix<Float32Array | Float64Array>): void {
  const { data, rows = -1, cols = 0, stride = 0 } = (m ?? {}) as Partial<typeof m>;
  const whole = [rows, cols, stride].every((n) => Number.isInteger(n) && n >= 0) && stride >= cols;
  if (whole && data !== undefined && data?.length >= (rows - 1) * stride + cols) return;
  const got =
    data?.length === undefined ? `no matrix, ${typeof m}` : `${data.length} numbers for ${rows} × ${cols}`;
  throw new VicinalError("BAD_INPUT", { what, got, rule: "a matrix { data, rows, cols, stride }" });
}

/** One label a row, or BAD_INPUT. */
export function checkLength(what: string, got: number | undefined, rows: number): void {
  if (got === rows) return;
  throw new VicinalError("BAD_INPUT", {
    what,
    got: got === undefined ? "no list" : `${got} in number`,
    rule: `one for each of ${rows} rows`,
  });
}

/** How many rows each class has. */
export function classSizes(codes: Int32Array, classes: number): Float64Array {
  const sizes = new Float64Array(classes);
  for (const code of codes) sizes[code]!++;
  return sizes;
}
