import { KNeighborsClassifier } from "vicinal/apply";
import type { Point } from "../points.ts";
import { KS, type Sample } from "./samples.ts";

export interface Voting {
  readonly k: number;
  readonly weights: "uniform" | "distance";
  readonly metric: "l2" | "l1" | "linf";
}

const rowsOf = (points: readonly Point[]): number[][] => points.map(({ x, y }) => [x, y]);

function fitted(samples: readonly Sample[], voting: Voting): KNeighborsClassifier<number> {
  const labels = samples.map(({ group }) => group);
  return new KNeighborsClassifier<number>(voting).fit(rowsOf(samples), labels);
}

/** The class of each cell of a square grid and its share of the votes, row by row from the top left. */
export interface Regions {
  readonly side: number;
  readonly group: Uint8Array;
  readonly share: Float32Array;
}

/** Asks a k-NN classifier of this library at the middle of each cell. */
export function regionsOf(samples: readonly Sample[], voting: Voting, side: number): Regions {
  const model = fitted(samples, voting);
  const grid = new Float32Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    grid[2 * i] = ((i % side) + 0.5) / side;
    grid[2 * i + 1] = (Math.floor(i / side) + 0.5) / side;
  }
  const { data, cols } = model.predictProba({ data: grid, rows: side * side, cols: 2, stride: 2 });
  const { classes_ } = model;
  const regions = { side, group: new Uint8Array(side * side), share: new Float32Array(side * side) };
  for (let i = 0; i < side * side; i++) {
    let best = 0;
    for (let c = 1; c < cols; c++) if (data[i * cols + c]! > data[i * cols + best]!) best = c;
    regions.group[i] = classes_[best]!;
    regions.share[i] = data[i * cols + best]!;
  }
  return regions;
}

/** Share of wrong answers for each of {@link KS}. */
export interface Errors {
  /** On the points learned from, each of which votes for itself. */
  readonly known: readonly number[];
  /** Each point judged by all others. */
  readonly leftOut: readonly number[];
  /** On points never seen. */
  readonly fresh: readonly number[];
}

export function errorsOf(samples: readonly Sample[], fresh: readonly Sample[], voting: Voting): Errors {
  const model = fitted(samples, voting);
  const errors = (on: readonly Sample[]): number[] =>
    model.predictEach(rowsOf(on), KS).map((groups) => {
      return on.filter(({ group }, i) => group !== groups[i]).length / on.length;
    });
  const [known, unseen] = [errors(samples), errors(fresh)];
  const { scores } = model.chooseK({ ks: KS });
  return { known, leftOut: scores.map(({ score }) => 1 - score), fresh: unseen };
}
