import {
  adam,
  add,
  createTape,
  exp,
  linear,
  matmul,
  mean,
  relaxNeighbors,
  relu,
  reshape,
  square,
  sub,
  type Tensor,
} from "../../autodiff/index.ts";
import { createRng, type Rng } from "../../core/index.ts";
import { plotRaster } from "../../evaluate/index.ts";
import { relaxedNeighbors } from "../../learn/index.ts";
import { meanOf, type Part, type PartOptions } from "../theory/part.ts";
import { overSeeds } from "./seeds.ts";

const K = 3;
const HIDDEN = 8;
const START = 0.02;
const CELLS = 40;
const PLACES = 200;
const STEPS = 200;
const SCAN = Array.from({ length: 16 }, (_, i) => 1e-3 * 10 ** (i / 5));

interface Seen {
  /** [n, 2], in the square from −1 to 1. */
  readonly places: Float64Array;
  readonly values: Float64Array;
  /** Values without noise. */
  readonly truth: Float64Array;
}

/** To the left values change fast and are seen as they are; to the right they hardly change and are noisy. */
function draw(n: number, rng: Rng): Seen {
  const places = Float64Array.from({ length: 2 * n }, () => 2 * rng.next() - 1);
  const truth = Float64Array.from({ length: n }, (_, i) => {
    const [x, y] = [places[2 * i]!, places[2 * i + 1]!];
    return x < 0 ? Math.sin(6 * x) * Math.cos(6 * y) : 0.4 * y;
  });
  const values = truth.map((v, i) => v + (places[2 * i]! < 0 ? 0.02 : 0.6) * rng.normal());
  return { places, values, truth };
}

/** Squared distances, infinite on the diagonal where a set is compared with itself. */
function distancesOf(queries: Float64Array, base: Float64Array): Float64Array {
  const [m, n] = [queries.length / 2, base.length / 2];
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    if (queries === base && i === j) return Infinity;
    return (queries[2 * i]! - base[2 * j]!) ** 2 + (queries[2 * i + 1]! - base[2 * j + 1]!) ** 2;
  });
}

interface Temperatures {
  /** One for each place. */
  at(places: Float64Array): Float64Array;
  close(): void;
}

/** Temperatures learned from the error on others' values: one for all, or each predicted from its place. */
function learn({ places, values }: Seen, predicted: boolean, rng: Rng): Temperatures {
  const tape = createTape();
  const n = values.length;
  const own = {
    shared: tape.parameter([1], [Math.log(START)]),
    w1: tape.parameter(
      [2, HIDDEN],
      Float64Array.from({ length: 2 * HIDDEN }, () => 2 * rng.normal()),
    ),
    b1: tape.parameter(
      [HIDDEN],
      Float64Array.from({ length: HIDDEN }, () => rng.normal()),
    ),
    w2: tape.parameter([HIDDEN, 1], new Float64Array(HIDDEN)),
  };
  const heat = (x: Tensor): Tensor => {
    const m = x.shape[0]!;
    const zero = tape.tensor(new Float64Array(m), [m]);
    if (!predicted) return exp(add(zero, own.shared));
    return exp(add(reshape(linear(relu(linear(x, own.w1, own.b1)), own.w2), [m]), own.shared));
  };
  const optimiser = adam(predicted ? own : { shared: own.shared }, { learningRate: 0.05 });
  const distances = distancesOf(places, places);
  for (let step = 0; step < STEPS; step++) {
    tape.step(() => {
      const t = heat(tape.tensor(places, [n, 2]));
      const weights = relaxNeighbors(tape.tensor(distances, [n, n]), t, { k: K, form: "logit" });
      const wanted = tape.tensor(values, [n, 1]);
      const told = mean(reshape(matmul(reshape(weights, [n * K, n]), wanted), [n, K, 1]), { axes: [1] });
      tape.backward(mean(square(sub(told, wanted))));
    });
    optimiser.step(0.05 * (1 - step / STEPS) + 0.002);
  }
  return {
    at: (x) => tape.inference(() => Float64Array.from(heat(tape.tensor(x, [x.length / 2, 2])).values())),
    close: () => tape.dispose(),
  };
}

/** Squared error of what soft neighbours tell, against values without noise. */
function errorOf(seen: Seen, fresh: Seen, t: Float64Array): number {
  const [m, n] = [fresh.truth.length, seen.values.length];
  const table = { data: distancesOf(fresh.places, seen.places), rows: m, cols: n, stride: n };
  const { weights } = relaxedNeighbors(table, { k: K, form: "logit", t });
  let error = 0;
  for (let i = 0; i < m; i++) {
    let told = 0;
    for (let at = i * K * n; at < (i + 1) * K * n; at++) told += (weights[at]! * seen.values[at % n]!) / K;
    error += (told - fresh.truth[i]!) ** 2 / m;
  }
  return error;
}

const median = (values: Float64Array): number => values.toSorted()[values.length >> 1]!;

/** A temperature for each query, predicted by a network, against one for all. */
export async function eachOwn({ seed, quick, signal, onProgress }: PartOptions): Promise<Part> {
  const seeds = quick ? 1 : 3;
  const runs = Array.from({ length: seeds }, (_, s) => {
    onProgress?.({ phase: "a temperature each", done: s, total: seeds });
    signal?.throwIfAborted();
    const rng = createRng(seed, `each its own ${s}`);
    const [seen, fresh] = [draw(PLACES, rng), draw(500, rng)];
    const [one, own] = [learn(seen, false, rng), learn(seen, true, rng)];
    try {
      const [shared, each] = [one.at(fresh.places), own.at(fresh.places)];
      const side = (left: boolean): number =>
        median(each.filter((_, i) => fresh.places[2 * i]! < 0 === left));
      // Chosen with the answers at hand, which favours it.
      const scan = SCAN.map((t) => errorOf(seen, fresh, new Float64Array(each.length).fill(t)));
      return {
        ...{ shared: shared[0]!, left: side(true), right: side(false), picture: s === 0 ? map(own) : "" },
        errorShared: errorOf(seen, fresh, shared),
        errorBest: Math.min(...scan),
        errorOwn: errorOf(seen, fresh, each),
      };
    } finally {
      one.close();
      own.close();
    }
  });
  const errors = (["errorShared", "errorBest", "errorOwn"] as const).map((error) =>
    meanOf(runs.map((r) => r[error])),
  );
  const [shared, best, own] = errors.map(overSeeds);
  const ratios = runs.map((r) => r.right / r.left);
  const first = runs[0]!;
  return {
    name: "each-own",
    title: "A temperature for each query",
    why: "To the left of a square values change fast and are seen as they are: few neighbours are best. To the right they hardly change and are noisy: many are. No one temperature suits both. A small network that predicts it from the place learns from the error alone.",
    claims: [
      {
        says: "On fresh places a predicted temperature beats any that is shared: the one learned, and the best for those very places.",
        measured: `squared error ${own} against ${shared} and ${best}`,
        holds: errors[2]!.mean < 0.95 * Math.min(errors[0]!.mean, errors[1]!.mean),
      },
      {
        says: "It is hotter where values are noisy.",
        measured: `right over left, medians: ${ratios.map((ratio) => (ratio > 1000 ? "over 1,000" : ratio.toFixed(0))).join(", ")} times; shared ${first.shared.toPrecision(2)}, left ${first.left.toPrecision(2)}, right ${first.right.toPrecision(2)} (first seed)`,
        holds: ratios.every((ratio) => ratio > 3),
      },
    ],
    tables: [],
    pictures: [
      { svg: first.picture, caption: "log₁₀ of the predicted temperature over the square, first seed." },
    ],
    numbers: { runs: runs.map(({ picture: _, ...rest }) => rest) },
  };
}

function map(own: Temperatures): string {
  const at = (cell: number): number => -1 + (2 * cell + 1) / CELLS;
  const places = Float64Array.from({ length: 2 * CELLS * CELLS }, (_, i) => {
    const cell = i >> 1;
    return i % 2 === 0 ? at(cell % CELLS) : -at(Math.floor(cell / CELLS));
  });
  const grid = { values: own.at(places).map(Math.log10), rows: CELLS, cols: CELLS };
  const axes = { x: [-1, 1], y: [-1, 1], height: 460 } as const;
  return plotRaster(grid, { title: "Where the network wants neighbours hot", legend: "log₁₀ t", ...axes });
}
