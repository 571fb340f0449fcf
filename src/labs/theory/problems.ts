import { createRng, type Matrix, matrix, type Rng } from "../../core/index.ts";
import { integral } from "./part.ts";

/** Classes with known densities, of which everything there is to know can be computed. */
export interface Problem {
  readonly name: string;
  readonly dimension: number;
  readonly classes: number;
  /** Puts a row into `into`. */
  place(into: Float32Array, rng: Rng): void;
  /** Chance of each class at a row. */
  chances(row: ArrayLike<number>): readonly number[];
  /** Risk of the best rule there is: E[1 − max η]. */
  readonly bayes: number;
  /** Risk of 1-NN with unlimited rows: E[1 − Σ η²]. */
  readonly limit: number;
}

export interface Sample {
  readonly rows: Matrix;
  readonly labels: Int32Array;
}

/** n rows of a problem, each with a class drawn by its chances. */
export function draw(problem: Problem, n: number, rng: Rng): Sample {
  const { dimension } = problem;
  const data = new Float32Array(n * dimension);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const row = data.subarray(i * dimension, (i + 1) * dimension);
    problem.place(row, rng);
    let left = rng.next();
    const chances = problem.chances(row);
    let c = 0;
    while (c + 1 < chances.length && (left -= chances[c]!) >= 0) c++;
    labels[i] = c;
  }
  return { rows: matrix(data, dimension), labels };
}

/** Share of wrong answers to be expected of these, given the true chances at each row. */
export function riskOf(problem: Problem, rows: Matrix, told: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < rows.rows; i++) {
    const row = rows.data.subarray(i * rows.stride, i * rows.stride + rows.cols);
    sum += 1 - problem.chances(row)[told[i]!]!;
  }
  return sum / rows.rows;
}

/** The largest risk that 1-NN can have in the limit, given the Bayes risk. */
export function coverHartBound(bayes: number, classes: number): number {
  return bayes * (2 - (classes / (classes - 1)) * bayes);
}

/** Two normal densities of variance 1 at −1 and 1 along the first axis, as likely. */
export function normals(dimension: number): Problem {
  const chances = (row: ArrayLike<number>): readonly number[] => {
    const first = 1 / (1 + Math.exp(2 * row[0]!));
    return [first, 1 - first];
  };
  const density = (x: number): number =>
    (Math.exp(-((x - 1) ** 2) / 2) + Math.exp(-((x + 1) ** 2) / 2)) / Math.sqrt(8 * Math.PI);
  return {
    name: `two normals, ${dimension}-d`,
    dimension,
    classes: 2,
    place(into, rng) {
      for (let j = 0; j < dimension; j++) into[j] = rng.normal();
      into[0]! += rng.next() < 0.5 ? -1 : 1;
    },
    chances,
    bayes: integral((x) => density(x) * Math.min(...chances([x])), -12, 12),
    limit: integral((x) => density(x) * (1 - squares(chances([x]))), -12, 12),
  };
}

/** Rows that say nothing of their class. */
export function coin(chances: readonly number[]): Problem {
  return {
    name: `coin of ${chances.join(" : ")}`,
    dimension: 1,
    classes: chances.length,
    place(into, rng) {
      into[0] = rng.next();
    },
    chances: () => chances,
    bayes: 1 - Math.max(...chances),
    limit: 1 - squares(chances),
  };
}

/** Half of the rows are of one class for sure, the others of either. */
export function fogAndClear(): Problem {
  return {
    name: "half fog, half clear",
    dimension: 1,
    classes: 2,
    place(into, rng) {
      into[0] = rng.next();
    },
    chances: (row) => (row[0]! < 0.5 ? [0.5, 0.5] : [1, 0]),
    bayes: 0.25,
    limit: 0.25,
  };
}

/** Two squares a gap apart. */
export function apart(): Problem {
  return {
    name: "two squares apart",
    dimension: 2,
    classes: 2,
    place(into, rng) {
      into[0] = rng.next() + (rng.next() < 0.5 ? 0 : 1.2);
      into[1] = rng.next();
    },
    chances: (row) => (row[0]! < 1.1 ? [1, 0] : [0, 1]),
    bayes: 0,
    limit: 0,
  };
}

const HILLS = 10;

/**
 * Two classes of ten small normal hills each, whose centres are drawn from normals around (1, 0) and (0, 1): the
 * example of Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, §2.3.
 */
export function hills(seed: number): Problem {
  const rng = createRng(seed, "hills");
  const centres = [0, 1].map((c) =>
    Array.from({ length: HILLS }, () => [rng.normal() + (c === 0 ? 1 : 0), rng.normal() + (c === 1 ? 1 : 0)]),
  );
  const spread = 0.2;
  const heights = (row: ArrayLike<number>): number[] =>
    centres.map((of) =>
      of.reduce(
        (sum, [x, y]) => sum + Math.exp(-((row[0]! - x!) ** 2 + (row[1]! - y!) ** 2) / (2 * spread)),
        0,
      ),
    );
  const chances = (row: ArrayLike<number>): readonly number[] => {
    const [a, b] = heights(row) as [number, number];
    return a + b === 0 ? [0.5, 0.5] : [a / (a + b), b / (a + b)];
  };
  const scale = 1 / (2 * HILLS * 2 * Math.PI * spread);
  const over = (of: (h: readonly number[]) => number): number =>
    integral((x) => integral((y) => scale * of(heights([x, y])), -5, 6, 160), -5, 6, 160);
  return {
    name: "hills",
    dimension: 2,
    classes: 2,
    place(into, from) {
      const [x, y] = centres[from.below(2)]![from.below(HILLS)]!;
      into[0] = x! + from.normal() * Math.sqrt(spread);
      into[1] = y! + from.normal() * Math.sqrt(spread);
    },
    chances,
    bayes: over((h) => Math.min(...h)),
    limit: over((h) => {
      const sum = h[0]! + h[1]!;
      return sum === 0 ? 0 : (2 * h[0]! * h[1]!) / sum;
    }),
  };
}

function squares(chances: readonly number[]): number {
  return chances.reduce((sum, p) => sum + p * p, 0);
}
