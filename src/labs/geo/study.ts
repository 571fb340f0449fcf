import {
  type KChoice,
  KNeighborsClassifier,
  KNeighborsRegressor,
  r2,
  type Weights,
} from "../../apply/index.ts";
import type { RunOptions } from "../../core/index.ts";
import { workThreads } from "../machine.ts";
import { numbers, type Places, type Split, words } from "./data.ts";
import { arcOf, type Grid, onSphere } from "./sphere.ts";

export const KS: readonly number[] = [1, 2, 4, 8, 16, 32, 64];
export const WEIGHTS: readonly ("uniform" | "distance")[] = ["uniform", "distance"];

/** Errors of one setting on held-out places. */
export interface ValueRow {
  readonly k: number;
  readonly weights: "uniform" | "distance";
  /** Mean and root mean square of the errors, in the unit of the value. */
  readonly mae: number;
  readonly rmse: number;
  readonly r2: number;
}

/** How well neighbours tell a number. */
export interface ValueStudy {
  readonly train: number;
  readonly test: number;
  readonly rows: readonly ValueRow[];
  /** What the mean of all training places errs by. */
  readonly mean: { readonly mae: number; readonly rmse: number };
  /** Chosen on training places left out one at a time, for each weighting. */
  readonly chosen: readonly (ValueRow & { readonly scores: KChoice["scores"] })[];
}

const GLOBE = { index: "BallTree", metric: "haversine" } as const;

/** k-NN regression on the globe: errors on held-out places, and k by leaving one out. */
export async function studyValue(
  { train, test }: Split,
  fact: string,
  leftOut: number,
  run: RunOptions,
): Promise<ValueStudy> {
  const values = numbers(train, fact);
  const truth = numbers(test, fact);
  const rows: ValueRow[] = [];
  const chosen: (ValueRow & { scores: KChoice["scores"] })[] = [];
  for (const weights of WEIGHTS) {
    const model = new KNeighborsRegressor({ ...GLOBE, weights: near(weights), threads: workThreads() });
    await model.fitAsync(train.at, values, run);
    const each = await model.predictEachAsync(test.at, KS, run);
    for (const [j, k] of KS.entries()) rows.push({ k, weights, ...errors(each[j]!, truth) });
    const { k, scores } = await model.chooseKAsync({ rows: leftOut, seed: 1, ...run });
    chosen.push({ k, weights, ...errors(await model.predictAsync(test.at, run), truth), scores });
    model.close();
  }
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  const { mae, rmse } = errors(
    truth.map(() => average),
    truth,
  );
  return { train: train.at.rows, test: test.at.rows, rows, mean: { mae, rmse }, chosen };
}

function errors(predicted: Float64Array, truth: Float64Array): Pick<ValueRow, "mae" | "rmse" | "r2"> {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < truth.length; i++) {
    sum += Math.abs(predicted[i]! - truth[i]!);
    squares += (predicted[i]! - truth[i]!) ** 2;
  }
  const score = r2(predicted, { values: truth, outputs: 1 });
  return { mae: sum / truth.length, rmse: Math.sqrt(squares / truth.length), r2: score };
}

/** How well neighbours tell a class. */
export interface ClassStudy {
  readonly train: number;
  readonly test: number;
  readonly classes: number;
  readonly rows: readonly {
    readonly k: number;
    readonly weights: "uniform" | "distance";
    readonly accuracy: number;
  }[];
  /** Share of the commonest class. */
  readonly majority: number;
  readonly chosen: readonly {
    readonly k: number;
    readonly weights: "uniform" | "distance";
    readonly accuracy: number;
  }[];
}

/** k-NN classification on the globe: accuracy on held-out places, and k by leaving one out. */
export async function studyClass(
  { train, test }: Split,
  fact: string,
  leftOut: number,
  run: RunOptions,
): Promise<ClassStudy> {
  const labels = words(train, fact);
  const truth = words(test, fact);
  const share = (predicted: readonly string[]): number =>
    predicted.filter((label, i) => label === truth[i]).length / truth.length;
  const rows: ClassStudy["rows"][number][] = [];
  const chosen: ClassStudy["rows"][number][] = [];
  let classes = 0;
  for (const weights of WEIGHTS) {
    const options = { ...GLOBE, weights: near(weights), threads: workThreads() };
    const model = await new KNeighborsClassifier<string>(options).fitAsync(train.at, labels, run);
    classes = model.classes_.length;
    const each = await model.predictEachAsync(test.at, KS, run);
    for (const [j, k] of KS.entries()) rows.push({ k, weights, accuracy: share(each[j]!) });
    const { k } = await model.chooseKAsync({ rows: leftOut, seed: 1, ...run });
    chosen.push({ k, weights, accuracy: share(await model.predictAsync(test.at, run)) });
    model.close();
  }
  const counts = new Map<string, number>();
  for (const label of truth) counts.set(label, (counts.get(label) ?? 0) + 1);
  const majority = Math.max(...counts.values()) / truth.length;
  return { train: labels.length, test: truth.length, classes, rows, majority, chosen };
}

/** Weights by distance: 1 / (distance + 1 km), so that places in one town do not drown all others. */
function near(weights: "uniform" | "distance"): Weights {
  return weights === "uniform" ? "uniform" : (distances) => distances.map((metres) => 1000 / (metres + 1000));
}

/** Two ways to the same neighbours: along the globe, and straight through it. */
export interface Agreement {
  readonly queries: number;
  readonly k: number;
  /** Share of held-out places whose neighbours are the same in the same order. */
  readonly sameOrder: number;
  /** Share whose neighbours are the same set. */
  readonly sameSet: number;
  /** Largest difference of a distance, in metres, the straight one turned into an arc. */
  readonly metres: number;
  /** Largest difference of a predicted elevation. */
  readonly prediction: number;
}

/** Searches by haversine over a ball tree and by l2 between unit vectors over a k-d tree. */
export async function compareMetrics(
  { train, test }: Split,
  fact: string,
  run: RunOptions,
): Promise<Agreement> {
  const k = 8;
  const values = numbers(train, fact);
  const globe = await new KNeighborsRegressor({ ...GLOBE, k }).fitAsync(train.at, values, run);
  const straight = new KNeighborsRegressor({ index: "KDTree", k });
  await straight.fitAsync(onSphere(train.at), values, run);
  const a = await globe.kneighborsAsync(test.at, k, run);
  const b = await straight.kneighborsAsync(onSphere(test.at), k, run);
  let [ordered, sets, metres] = [0, 0, 0];
  for (let q = 0; q < a.queries; q++) {
    const left = a.rows.subarray(q * k, (q + 1) * k);
    const right = b.rows.subarray(q * k, (q + 1) * k);
    if (left.every((row, i) => row === right[i])) ordered++;
    if (left.every((row) => right.includes(row))) sets++;
    for (let i = q * k; i < (q + 1) * k; i++) {
      metres = Math.max(metres, Math.abs(a.distances[i]! - arcOf(b.distances[i]!)));
    }
  }
  const one = await globe.predictAsync(test.at, run);
  const other = await straight.predictAsync(onSphere(test.at), run);
  const prediction = one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
  for (const model of [globe, straight]) model.close();
  return {
    queries: a.queries,
    k,
    sameOrder: ordered / a.queries,
    sameSet: sets / a.queries,
    metres,
    prediction,
  };
}

/** Predictions at the cells of a grid; NaN farther than `reach` metres from every training place. */
export async function mapValue(
  places: Places,
  fact: string,
  grid: Grid,
  k: number,
  reach: number,
  run: RunOptions,
): Promise<Float64Array> {
  const model = new KNeighborsRegressor({ ...GLOBE, k, weights: near("distance"), threads: workThreads() });
  await model.fitAsync(places.at, numbers(places, fact), run);
  const values = await model.predictAsync(grid.at, run);
  const nearest = await model.kneighborsAsync(grid.at, 1, run);
  model.close();
  return values.map((value, i) => (nearest.distances[i]! <= reach ? value : Number.NaN));
}

/** The class of the nearest place at the cells of a grid, as a colour; NaN far from all. */
export async function mapClass(
  places: Places,
  fact: string,
  grid: Grid,
  reach: number,
  run: RunOptions,
): Promise<Float64Array> {
  const model = new KNeighborsClassifier<string>({ ...GLOBE, k: 1, threads: workThreads() });
  await model.fitAsync(places.at, words(places, fact), run);
  const nearest = await model.kneighborsAsync(grid.at, 1, run);
  const colors = Float64Array.from(nearest.rows, (row, i) =>
    nearest.distances[i]! <= reach ? model.codes_[row]! : Number.NaN,
  );
  model.close();
  return colors;
}

/** Error of each held-out place at one k. */
export async function errorsOf(
  { train, test }: Split,
  fact: string,
  k: number,
  run: RunOptions,
): Promise<Float64Array> {
  const model = new KNeighborsRegressor({ ...GLOBE, k, weights: near("distance"), threads: workThreads() });
  await model.fitAsync(train.at, numbers(train, fact), run);
  const truth = numbers(test, fact);
  const found = await model.predictAsync(test.at, run);
  model.close();
  return found.map((value, i) => value - truth[i]!);
}
