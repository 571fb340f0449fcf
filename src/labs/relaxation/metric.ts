import {
  adam,
  add,
  createTape,
  exp,
  matmul,
  mean,
  neg,
  type RelaxationForm,
  relaxNeighbors,
  reshape,
  square,
  squaredDistances,
  sub,
  type Tape,
  type Tensor,
  topK,
} from "../../autodiff/index.ts";
import { createRng, type Rng } from "../../core/index.ts";
import { plotBars, plotLines, plotRaster } from "../../evaluate/index.ts";
import { type Mean, meanOf, type Part, type PartOptions, type Picture } from "../theory/part.ts";
import {
  CLASSES,
  drawNoisy,
  mapped,
  type Noisy,
  noisyRow,
  quadrant,
  rotation,
  suppression,
  vote,
  WIDTH,
} from "./noisy.ts";
import { overSeeds } from "./seeds.ts";

const VOTERS = 5;
/** Rows of one step, compared with one another. */
const BATCH = 128;

interface Arm {
  readonly name: string;
  readonly k: number;
  readonly form: RelaxationForm | "hard";
}

const ARMS: readonly Arm[] = [
  { name: "alpha, k = 3", k: 3, form: "alpha" },
  { name: "logit, k = 3", k: 3, form: "logit" },
  { name: "k = 1 (attention)", k: 1, form: "alpha" },
  { name: "hard, k = 3", k: 3, form: "hard" },
];

interface Trained {
  readonly metric: Float64Array;
  readonly t: number;
  readonly startT: number;
  readonly losses: readonly number[];
  /** Largest gradient by an entry of the metric in the first step. */
  readonly firstGradient: number;
}

interface Run {
  readonly accuracy: number;
  readonly suppression: number;
  readonly trained: Trained;
}

interface Result {
  readonly arm: Arm;
  readonly accuracy: Mean;
  readonly lowest: number;
  readonly suppression: Mean;
  readonly t: Mean;
  readonly runs: readonly Run[];
}

/** A metric learned through the layer, from labels alone. */
export async function metric({ seed, quick, signal, onProgress }: PartOptions): Promise<Part> {
  const seeds = quick ? 1 : 5;
  const [n, steps] = quick ? [500, 150] : [500, 200];
  const runs = ARMS.map((): Run[] => []);
  const raw: number[] = [];
  const oracle: number[] = [];
  for (let s = 0; s < seeds; s++) {
    onProgress?.({ phase: "learning a metric", done: s, total: seeds });
    const rng = createRng(seed, `metric ${s}`);
    const turn = rotation(WIDTH, rng);
    const [train, test] = [drawNoisy(n, turn, rng), drawNoisy(1000, turn, rng)];
    raw.push(accuracyOf(train.rows, test.rows, train, test, WIDTH));
    oracle.push(accuracyOf(train.telling, test.telling, train, test, 2));
    for (const [a, arm] of ARMS.entries()) {
      signal?.throwIfAborted();
      const trained = learn(train, arm, arm.form === "hard" ? 20 : steps, createRng(seed, `batches ${s}`));
      const by = trained.metric;
      const accuracy = accuracyOf(mapped(train.rows, by), mapped(test.rows, by), train, test, WIDTH);
      runs[a]!.push({ accuracy, suppression: suppression(by, turn), trained });
    }
  }
  const results = ARMS.map((arm, a): Result => {
    const own = runs[a]!;
    return {
      arm,
      accuracy: meanOf(own.map((run) => run.accuracy)),
      lowest: Math.min(...own.map((run) => run.accuracy)),
      suppression: meanOf(own.map((run) => run.suppression)),
      t: meanOf(own.map((run) => run.trained.t / run.trained.startT)),
      runs: own,
    };
  });
  const soft = results.slice(0, 3);
  const hard = results[3]!;
  const [before, best] = [meanOf(raw), meanOf(oracle)];
  return {
    name: "metric",
    title: "A metric learned through the layer",
    why: `Rows have ${WIDTH} numbers. Two directions tell the class (the quadrant of a square), six say nothing and are seven times as loud; all are turned, so that no single number tells. A matrix maps rows before they are compared; it and the temperature learn from one thing alone: the average label of a row's soft neighbours among the others should be its own.`,
    claims: [
      {
        says: "Compared as they are, neighbours are near chance; by the two telling directions they are nearly always right.",
        measured: `${overSeeds(before)} (chance ${1 / CLASSES}) and ${overSeeds(best)}, ${seeds === 1 ? "one seed" : `over ${seeds} seeds`}`,
        holds: before.mean < 0.45 && best.mean > 0.9,
      },
      ...soft.map(({ arm, accuracy, lowest }) => ({
        says: `Learned through the layer, ${arm.name}: hard k-NN on fresh rows comes near to the telling directions.`,
        measured: `${overSeeds(accuracy)}, lowest of ${seeds} ${lowest.toFixed(3)}`,
        holds: accuracy.mean > best.mean - 0.08 && lowest > 0.85,
      })),
      {
        says: "What is learned is the metric: directions that say nothing are turned down.",
        measured: soft
          .map(
            ({ arm, suppression: s }) => `${arm.name}: telling directions ${s.mean.toFixed(1)} times as loud`,
          )
          .join("; "),
        holds: soft.every((result) => result.runs.every((run) => run.suppression > 10)),
      },
      {
        says: "A hard choice learns nothing: no gradient reaches the metric, and it stays as it was.",
        measured: `largest gradient ${Math.max(...hard.runs.map((run) => run.trained.firstGradient))}; accuracy ${overSeeds(hard.accuracy)} as before`,
        holds: hard.runs.every((run, s) => run.trained.firstGradient === 0 && run.accuracy === raw[s]),
      },
    ],
    tables: [
      {
        caption: `${n} rows to learn from, 1,000 fresh; votes of ${VOTERS}; ${seeds === 1 ? "one seed" : `mean of ${seeds} seeds ± 95 %`}`,
        columns: ["", "accuracy", "lowest", "telling : noise", "t, of its start"],
        rows: [
          ["as they are", overSeeds(before), Math.min(...raw).toFixed(3), "1.0", ""],
          ...results.map((r) => [
            r.arm.name,
            overSeeds(r.accuracy),
            r.lowest.toFixed(3),
            r.suppression.mean.toFixed(1),
            r.arm.form === "hard" ? "" : r.t.mean.toPrecision(2),
          ]),
          ["telling directions", overSeeds(best), Math.min(...oracle).toFixed(3), "∞", ""],
        ],
      },
    ],
    pictures: [...decisions(seed, results[0]!.runs[0]!.trained, n), ...pictures(results, before, best, n)],
    numbers: {
      ...{ seeds, n, steps, raw, oracle },
      arms: results.map(({ arm, accuracy, lowest, suppression: s, t }) => ({
        ...arm,
        accuracy,
        lowest,
        suppression: s,
        t,
      })),
    },
  };
}

function accuracyOf(
  base: Float64Array,
  queries: Float64Array,
  train: Noisy,
  test: Noisy,
  width: number,
): number {
  const told = vote(base, train.labels, queries, width, VOTERS);
  return told.filter((label, i) => label === test.labels[i]).length / test.n;
}

/** Average labels of the neighbours of each row among the others, [n, classes]. */
function averages(tape: Tape, distances: Tensor, labels: Tensor, t: Tensor, { k, form }: Arm): Tensor {
  const n = distances.shape[0]!;
  const taken = form === "hard" ? chosen(tape, distances, k) : relaxNeighbors(distances, t, { k, form });
  const each = matmul(reshape(taken, [n * k, n]), labels);
  return mean(reshape(each, [n, k, CLASSES]), { axes: [1] });
}

/** The k nearest as weights of 0 and 1. */
function chosen(tape: Tape, distances: Tensor, k: number): Tensor {
  const n = distances.shape[0]!;
  const { columns } = topK(neg(distances), k);
  const weights = new Float32Array(n * k * n);
  for (let i = 0; i < n * k; i++) weights[i * n + columns[i]!] = 1;
  return tape.tensor(weights, [n, k, n]);
}

/** Metric and temperature that make the neighbours' average label right, from the metric that changes nothing. */
function learn(train: Noisy, arm: Arm, steps: number, rng: Rng): Trained {
  const tape = createTape();
  try {
    const start = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => (i % (WIDTH + 1) === 0 ? 1 : 0));
    const by = tape.parameter([WIDTH, WIDTH], start);
    const startT = 0.1 * meanSquaredDistance(train);
    const logT = tape.parameter([1], [Math.log(startT)]);
    const optimiser = adam({ by, logT }, { learningRate: 0.05 });
    const self = Float32Array.from({ length: BATCH * BATCH }, (_, i) =>
      i % (BATCH + 1) === 0 ? Infinity : 0,
    );
    const losses: number[] = [];
    let firstGradient = 0;
    for (let step = 0; step < steps; step++) {
      const { rows, hot } = batchOf(train, rng);
      losses.push(
        tape.step(() => {
          const z = matmul(tape.tensor(rows, [BATCH, WIDTH]), by);
          const distances = add(squaredDistances(z, z), tape.tensor(self, [BATCH, BATCH]));
          const wanted = tape.tensor(hot, [BATCH, CLASSES]);
          const told = averages(tape, distances, wanted, exp(logT), arm);
          const loss = mean(square(sub(told, wanted)));
          tape.backward(loss);
          return loss.item();
        }),
      );
      if (step === 0) firstGradient = Math.max(...by.gradient().map(Math.abs));
      optimiser.step();
    }
    const t = Math.exp(logT.values()[0]!);
    return { metric: Float64Array.from(by.values()), t, startT, losses, firstGradient };
  } finally {
    tape.dispose();
  }
}

/** Some of the rows, with their labels as rows of 0 and 1. */
function batchOf({ n, rows, labels }: Noisy, rng: Rng): { rows: Float64Array; hot: Float32Array } {
  const order = Array.from({ length: n }, (_, i) => i);
  const some = new Float64Array(BATCH * WIDTH);
  const hot = new Float32Array(BATCH * CLASSES);
  for (let i = 0; i < BATCH; i++) {
    const j = i + rng.below(n - i);
    [order[i], order[j]] = [order[j]!, order[i]!];
    const at = order[i]!;
    some.set(rows.subarray(at * WIDTH, (at + 1) * WIDTH), i * WIDTH);
    hot[i * CLASSES + labels[at]!] = 1;
  }
  return { rows: some, hot };
}

/** Twice the sum of variances. */
function meanSquaredDistance({ n, rows }: Noisy): number {
  let total = 0;
  for (let j = 0; j < WIDTH; j++) {
    let [sum, squares] = [0, 0];
    for (let i = j; i < rows.length; i += WIDTH) {
      sum += rows[i]!;
      squares += rows[i]! ** 2;
    }
    total += 2 * (squares / n - (sum / n) ** 2);
  }
  return total;
}

const GRID = 90;

/** The telling square as told before and after; every place has fresh noise in the other directions. */
function decisions(seed: number, { metric: by }: Trained, n: number): Picture[] {
  const rng = createRng(seed, "metric 0");
  const turn = rotation(WIDTH, rng);
  const train = drawNoisy(n, turn, rng);
  const noise = createRng(seed, "decisions");
  const places = Array.from({ length: GRID * GRID }, (_, i) => [
    (2 * ((i % GRID) + 0.5)) / GRID - 1,
    1 - (2 * (Math.floor(i / GRID) + 0.5)) / GRID,
  ]);
  const queries = new Float64Array(places.length * WIDTH);
  for (const [i, place] of places.entries()) queries.set(noisyRow(place, turn, noise), i * WIDTH);
  const draw = (title: string, base: Float64Array, of: Float64Array): string => {
    const told = vote(base, train.labels, of, WIDTH, VOTERS);
    const right = told.filter((label, i) => label === quadrant(places[i]![0]!, places[i]![1]!)).length;
    return plotRaster(
      { values: told, rows: GRID, cols: GRID },
      {
        ...{
          title,
          subtitle: `${((100 * right) / told.length).toFixed(0)} % of places right`,
          scale: "classes",
        },
        ...{ x: [-1, 1], y: [-1, 1], width: 620, height: 540, size: 3 },
        classes: Array.from({ length: CLASSES }, (_, c) => `class ${c}`),
        points: Array.from({ length: CLASSES }, (_, c) => ({
          name: `class ${c}`,
          color: c,
          points: Array.from({ length: n }, (_, i) => ({
            x: train.telling[2 * i]!,
            y: train.telling[2 * i + 1]!,
          })).filter((_, i) => train.labels[i] === c),
        })),
      },
    );
  };
  return [
    {
      svg: draw("Before", train.rows, queries),
      caption:
        "The plane of the two telling directions, with fresh noise in the other six at each place: rows near in it are not near.",
      half: true,
    },
    {
      svg: draw("After", mapped(train.rows, by), mapped(queries, by)),
      caption:
        "The same places by the metric learned through the layer (alpha, k = 3): the quadrants are there.",
      half: true,
    },
  ];
}

function pictures(results: readonly Result[], before: Mean, best: Mean, n: number): Picture[] {
  const rows = [
    { label: "as they are", accuracy: before },
    ...results.map(({ arm, accuracy }) => ({ label: arm.name, accuracy })),
    { label: "telling directions", accuracy: best },
  ];
  return [
    {
      svg: plotBars(
        rows.map(({ label, accuracy: { mean: value, se } }) => ({
          ...{ label, values: [value], low: [value - 1.96 * se], high: [Math.min(1, value + 1.96 * se)] },
        })),
        {
          title: "Fresh rows told right",
          subtitle: `chance is ${1 / CLASSES}`,
          xTitle: "Accuracy",
          reach: [1],
        },
      ),
      caption: "Soft neighbours find the metric, a hard choice leaves it as it was.",
    },
    {
      svg: plotLines(
        results.map(({ arm, runs }) => ({
          name: arm.name,
          plain: true,
          points: runs[0]!.trained.losses.map((y, x) => ({ x, y })),
        })),
        {
          ...{
            title: "Loss while learning",
            subtitle: `first seed, ${n} rows`,
            xTitle: "Step",
            yTitle: "Loss",
          },
          ...{ xScale: "linear", yScale: "linear", yReach: [0], height: 420 },
        },
      ),
      caption: "Squared error of the average label of the soft (or hard) neighbours.",
    },
  ];
}
