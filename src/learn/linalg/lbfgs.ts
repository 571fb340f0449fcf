import { type Job, VicinalError } from "../../core/index.ts";

/** Writes the gradient at x and returns the value there. What is not finite counts as too far away. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface LbfgsOptions {
  /** Steps whose curvature is kept. */
  readonly memory?: number;
  readonly maxIterations?: number;
  /** Ends where no component of the gradient is larger. */
  readonly gradientTolerance?: number;
  /** Ends where a step gains less than so much of the value. */
  readonly valueTolerance?: number;
  /** Name of the phase in progress reports. */
  readonly phase?: string;
}

export interface LbfgsResult {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** Why it ended: "search" where no step along the last direction gains anything. */
  readonly reason: "gradient" | "value" | "iterations" | "search";
}

const DEFAULTS: Required<LbfgsOptions> = {
  memory: 10,
  maxIterations: 200,
  gradientTolerance: 1e-6,
  valueTolerance: 1e-10,
  phase: "optimising",
};

/** Enough descent, enough change of slope (Wolfe's conditions). */
const DESCENT = 1e-4;
const CURVATURE = 0.9;
const MOST_TRIALS = 25;

interface Point {
  step: number;
  value: number;
  slope: number;
}

/**
 * The minimum of a smooth function by limited-memory BFGS (Nocedal & Wright, Numerical Optimization, algorithms 7.5, 3.5 and
 * 3.6), with a line search that meets the strong conditions of Wolfe. Reports progress after each evaluation.
 *
 * @param start left as it is
 * @throws VicinalError BAD_INPUT where the function is not finite at the start
 */
export function* lbfgs(
  objective: Objective,
  start: Float64Array,
  options: LbfgsOptions = {},
): Job<LbfgsResult> {
  const { memory, maxIterations, gradientTolerance, valueTolerance, phase } = { ...DEFAULTS, ...options };
  const n = start.length;
  let x = start.slice();
  let gradient = new Float64Array(n);
  let value = objective(x, gradient);
  let evaluations = 1;
  if (!Number.isFinite(value) || !gradient.every(Number.isFinite)) {
    const rule = "finite where the optimisation starts; scale the data down";
    throw new VicinalError("BAD_INPUT", { what: "objective", got: String(value), rule });
  }
  const history = new History(n, memory);
  const trial = { x: new Float64Array(n), gradient: new Float64Array(n), step: 0 };
  let iterations = 0;
  const end = (reason: LbfgsResult["reason"]): LbfgsResult => ({ x, value, iterations, evaluations, reason });
  for (;;) {
    yield { phase, done: iterations, total: maxIterations };
    if (largest(gradient) <= gradientTolerance) return end("gradient");
    if (iterations === maxIterations) return end("iterations");
    let direction = history.direction(gradient);
    if (!(dot(direction, gradient) < 0)) {
      history.clear();
      direction = history.direction(gradient);
    }
    const at = (step: number): Point => {
      for (let i = 0; i < n; i++) trial.x[i] = x[i]! + step * direction[i]!;
      evaluations++;
      trial.step = step;
      const found = objective(trial.x, trial.gradient);
      const slope = dot(trial.gradient, direction);
      const sound = Number.isFinite(found) && Number.isFinite(slope);
      return { step, value: sound ? found : Number.POSITIVE_INFINITY, slope: sound ? slope : 0 };
    };
    const first = history.isEmpty ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const origin = { step: 0, value, slope: dot(gradient, direction) };
    const found = yield* searchLine(at, origin, first, { phase, done: iterations, total: maxIterations });
    if (found === undefined) {
      if (history.isEmpty) return end("search");
      history.clear();
      continue;
    }
    if (trial.step !== found.step) at(found.step);
    history.add(x, trial.x, gradient, trial.gradient);
    const gained = value - found.value;
    const before = value;
    [x, trial.x] = [trial.x, x];
    [gradient, trial.gradient] = [trial.gradient, gradient];
    value = found.value;
    iterations++;
    if (gained <= valueTolerance * Math.max(Math.abs(before), Math.abs(value), 1e-300)) return end("value");
  }
}

type Report = { readonly phase: string; readonly done: number; readonly total: number };

/** A step that meets both conditions; or one that descends, where none was found; or undefined. */
function* searchLine(
  at: (step: number) => Point,
  origin: Point,
  first: number,
  report: Report,
): Job<Point | undefined> {
  let low = origin;
  let step = first;
  for (let round = 0; round < MOST_TRIALS; round++) {
    const point = at(step);
    yield report;
    const rises = point.value > origin.value + DESCENT * point.step * origin.slope;
    if (rises || (round > 0 && point.value >= low.value)) return yield* zoom(at, origin, low, point, report);
    if (Math.abs(point.slope) <= -CURVATURE * origin.slope) return point;
    if (point.slope >= 0) return yield* zoom(at, origin, point, low, report);
    low = point;
    step *= 2;
  }
  return low.step > 0 ? low : undefined;
}

/** Narrows an interval with a good step in it; `low` is the better end. */
function* zoom(
  at: (step: number) => Point,
  origin: Point,
  low: Point,
  high: Point,
  report: Report,
): Job<Point | undefined> {
  for (let round = 0; round < MOST_TRIALS; round++) {
    const point = at(between(low, high));
    yield report;
    if (point.value > origin.value + DESCENT * point.step * origin.slope || point.value >= low.value) {
      high = point;
    } else {
      if (Math.abs(point.slope) <= -CURVATURE * origin.slope) return point;
      if (point.slope * (high.step - low.step) >= 0) high = low;
      low = point;
    }
    if (Math.abs(high.step - low.step) <= 1e-12 * Math.max(1e-300, Math.abs(low.step))) break;
  }
  return low.step > 0 && low.value < origin.value ? low : undefined;
}

/** Where a cubic through both ends has its minimum, kept away from them; the middle where there is none. */
function between(a: Point, b: Point): number {
  const width = b.step - a.step;
  const middle = a.step + width / 2;
  if (!Number.isFinite(b.value)) return a.step + width / 10;
  const d1 = a.slope + b.slope - (3 * (b.value - a.value)) / width;
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return middle;
  const d2 = Math.sign(width) * Math.sqrt(square);
  const share = (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  const step = b.step - width * share;
  if (!Number.isFinite(step)) return middle;
  const inside = (step - a.step) / width;
  return a.step + width * Math.min(0.9, Math.max(0.1, inside));
}

/** Steps and changes of the gradient, the newest last. */
class History {
  readonly #n: number;
  readonly #most: number;
  #pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];

  constructor(n: number, most: number) {
    this.#n = n;
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#pairs.length === 0;
  }

  clear(): void {
    this.#pairs = [];
  }

  add(x0: Float64Array, x1: Float64Array, g0: Float64Array, g1: Float64Array): void {
    const s = x1.map((value, i) => value - x0[i]!);
    const y = g1.map((value, i) => value - g0[i]!);
    const curvature = dot(s, y);
    if (!(curvature > Number.EPSILON * dot(y, y))) return;
    if (this.#pairs.length === this.#most) this.#pairs.shift();
    this.#pairs.push({ s, y, rho: 1 / curvature });
  }

  /** −H · gradient, by the two loops. */
  direction(gradient: Float64Array): Float64Array {
    const q = gradient.slice();
    const alphas: number[] = [];
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      const { s, y, rho } = this.#pairs[k]!;
      const alpha = rho * dot(s, q);
      alphas[k] = alpha;
      for (let i = 0; i < this.#n; i++) q[i]! -= alpha * y[i]!;
    }
    const last = this.#pairs.at(-1);
    const gamma = last === undefined ? 1 : 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < this.#n; i++) q[i]! *= gamma;
    this.#pairs.forEach(({ s, y, rho }, k) => {
      const beta = alphas[k]! - rho * dot(y, q);
      for (let i = 0; i < this.#n; i++) q[i]! += beta * s[i]!;
    });
    for (let i = 0; i < this.#n; i++) q[i] = -q[i]!;
    return q;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function largest(a: Float64Array): number {
  let most = 0;
  for (const value of a) most = Math.max(most, Math.abs(value));
  return most;
}
