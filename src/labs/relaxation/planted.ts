import {
  adam,
  add,
  createTape,
  matmul,
  mean,
  type RelaxationForm,
  slice,
  square,
  sub,
} from "../../autodiff/index.ts";
import { createRng, type Rng } from "../../core/index.ts";
import { plotBars, plotLines } from "../../evaluate/index.ts";
import { neighborBlock } from "../../learn/index.ts";
import { type Mean, meanOf, type Part, type PartOptions } from "../theory/part.ts";
import { nearestOf } from "./nearest.ts";
import { mapped, rotation, WIDTH } from "./noisy.ts";
import { overSeeds } from "./seeds.ts";

/** Rows of one group. */
const SIZE = 3;
/** Groups of one step, and of a test. */
const GROUPS = 40;
const VALUES = 4;
/** Directions that tell the group. */
const CODE = 3;
const LOUD = 4;
const ROW = WIDTH + VALUES;

interface Arm {
  readonly name: string;
  readonly k: number;
  readonly form: RelaxationForm | "hard";
  readonly distanceNorm?: boolean;
  /** Temperature at the start: of the mean squared distance, or in standard deviations where normalised. */
  readonly start: number;
}

const COLD = "normalised, started five times colder";

const ARMS: readonly Arm[] = [
  { name: "alpha, k = 2", k: 2, form: "alpha", start: 0.1 },
  { name: "logit, k = 2", k: 2, form: "logit", start: 0.1 },
  { name: "logit, k = 2, distances normalised", k: 2, form: "logit", distanceNorm: true, start: 0.5 },
  { name: "k = 1 (attention)", k: 1, form: "alpha", start: 0.1 },
  { name: COLD, k: 2, form: "logit", distanceNorm: true, start: 0.1 },
  { name: "hard, k = 2", k: 2, form: "hard", start: 0.1 },
];

/** Left out of a quick run. */
const LONG: readonly string[] = [ARMS[2]!.name, ARMS[3]!.name, COLD];

/** Groups of three that belong together; rows of a group follow one another. */
interface Groups {
  /** What is seen: [rows, WIDTH], turned. */
  readonly seen: Float64Array;
  /** What tells the group: [rows, CODE]. */
  readonly code: Float64Array;
  /** One random value a group, which its rows carry: [rows, VALUES]. */
  readonly values: Float64Array;
}

interface Trained {
  readonly metric: Float64Array;
  readonly losses: readonly number[];
  readonly firstGradient: number;
}

/** Planted neighbours, found by the block from nothing but what they carry. */
export async function planted({ seed, quick, signal, onProgress }: PartOptions): Promise<Part> {
  const seeds = quick ? 1 : 3;
  const steps = quick ? 160 : 200;
  const arms = quick ? ARMS.filter(({ name }) => !LONG.includes(name)) : ARMS;
  const recalls = arms.map((): number[] => []);
  const trained = arms.map((): Trained[] => []);
  const raw: number[] = [];
  const oracle: number[] = [];
  for (let s = 0; s < seeds; s++) {
    onProgress?.({ phase: "planted neighbours", done: s, total: seeds });
    const rng = createRng(seed, `planted ${s}`);
    const turn = rotation(WIDTH, rng);
    const test = Array.from({ length: 5 }, () => drawGroups(turn, rng));
    raw.push(meanOf(test.map(({ seen }) => recallOf(seen, WIDTH))).mean);
    oracle.push(meanOf(test.map(({ code }) => recallOf(code, CODE))).mean);
    for (const [a, arm] of arms.entries()) {
      signal?.throwIfAborted();
      const one = learn(turn, arm, arm.form === "hard" ? 10 : steps, createRng(seed, `groups ${s}`));
      trained[a]!.push(one);
      recalls[a]!.push(meanOf(test.map(({ seen }) => recallOf(mapped(seen, one.metric), WIDTH))).mean);
    }
  }
  const soft = arms.slice(0, -1);
  const last = arms.length - 1;
  const [before, best] = [meanOf(raw), meanOf(oracle)];
  const chance = 2 / (GROUPS * SIZE - 1);
  return {
    name: "planted",
    title: "Planted neighbours, found by the block",
    why: `Rows come in groups of ${SIZE}. In ${CODE} of ${WIDTH} directions those of a group are nearly alike; the others are four times as loud and say nothing; all are turned. Each row carries a value that its group alone has. neighborBlock appends soft neighbours; the loss asks that the values they bring are the row's own. Who belongs together is never told.`,
    claims: [
      {
        says: "As they are, the two nearest are hardly ever the planted ones; by the telling directions they nearly always are.",
        measured: `recall ${overSeeds(before)} (chance ${chance.toFixed(3)}) and ${overSeeds(best)}`,
        holds: before.mean < 0.15 && best.mean > 0.9,
      },
      ...soft.flatMap(({ name }, a) =>
        name === COLD
          ? []
          : {
              says: `The block finds them, in groups never seen: ${name}.`,
              measured: `recall ${overSeeds(meanOf(recalls[a]!))}, lowest of ${seeds} ${Math.min(...recalls[a]!).toFixed(3)}`,
              holds: meanOf(recalls[a]!).mean > best.mean - 0.15 && Math.min(...recalls[a]!) > 0.75,
            },
      ),
      ...soft.flatMap(({ name, start }, a) =>
        name !== COLD
          ? []
          : {
              says: "Where the block starts matters: started too cold, the choice is all but frozen, and little is learned in the same time.",
              measured: `from ${start} of a standard deviation of distances: recall ${overSeeds(meanOf(recalls[a]!))}`,
              holds: meanOf(recalls[a]!).mean < 0.5,
            },
      ),
      {
        says: "With a hard choice in the same block nothing is learned.",
        measured: `largest gradient ${Math.max(...trained[last]!.map((t) => t.firstGradient))}; recall ${overSeeds(meanOf(recalls[last]!))} as before`,
        holds:
          trained[last]!.every((t) => t.firstGradient === 0) && recalls[last]!.every((r, s) => r === raw[s]),
      },
    ],
    tables: [
      {
        caption: `Share of the two planted neighbours among the two nearest of ${GROUPS * SIZE - 1}; ${seeds === 1 ? "one seed" : `mean of ${seeds} seeds ± 95 %`}`,
        columns: ["", "recall", "lowest"],
        rows: [
          ["as they are", overSeeds(before), Math.min(...raw).toFixed(3)],
          ...arms.map(({ name }, a) => [
            name,
            overSeeds(meanOf(recalls[a]!)),
            Math.min(...recalls[a]!).toFixed(3),
          ]),
          ["telling directions", overSeeds(best), Math.min(...oracle).toFixed(3)],
        ],
      },
    ],
    pictures: [
      {
        svg: bars(arms, recalls, before, best, chance),
        caption: "Planted neighbours found in groups never seen.",
      },
      {
        svg: plotLines(
          arms.map(({ name }, a) => ({
            ...{ name, plain: true },
            points: trained[a]![0]!.losses.map((y, x) => ({ x, y })),
          })),
          {
            ...{ title: "Loss while learning", subtitle: "first seed", xTitle: "Step", yTitle: "Loss" },
            ...{ xScale: "linear", yScale: "linear", yReach: [0], height: 420 },
          },
        ),
        caption: "Squared error of the values that the neighbours bring; 1 is what saying nothing costs.",
      },
    ],
    numbers: {
      seeds,
      steps,
      chance,
      raw,
      oracle,
      arms: arms.map((arm, a) => ({ ...arm, recalls: recalls[a] })),
    },
  };
}

function drawGroups(turn: readonly Float64Array[], rng: Rng): Groups {
  const rows = GROUPS * SIZE;
  const seen = new Float64Array(rows * WIDTH);
  const code = new Float64Array(rows * CODE);
  const values = new Float64Array(rows * VALUES);
  for (let g = 0; g < GROUPS; g++) {
    const centre = Array.from({ length: CODE }, () => rng.normal());
    const value = Array.from({ length: VALUES }, () => (rng.next() < 0.5 ? -1 : 1));
    for (let i = g * SIZE; i < (g + 1) * SIZE; i++) {
      values.set(value, i * VALUES);
      for (const [c, direction] of turn.entries()) {
        const amount = c < CODE ? centre[c]! + 0.05 * rng.normal() : LOUD * rng.normal();
        if (c < CODE) code[i * CODE + c] = amount;
        for (let j = 0; j < WIDTH; j++) seen[i * WIDTH + j]! += amount * direction[j]!;
      }
    }
  }
  return { seen, code, values };
}

/** Share of the two others of a row's group among its two nearest. */
function recallOf(rows: Float64Array, width: number): number {
  const n = rows.length / width;
  let found = 0;
  for (let i = 0; i < n; i++) {
    const near = nearestOf(rows, rows.subarray(i * width, (i + 1) * width), SIZE - 1, i);
    found += near.filter((j) => Math.floor(j / SIZE) === Math.floor(i / SIZE)).length;
  }
  return found / (n * (SIZE - 1));
}

/** Trains a block on new groups in every step; only the directions stay. */
function learn(turn: readonly Float64Array[], arm: Arm, steps: number, rng: Rng): Trained {
  const tape = createTape();
  try {
    const start = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => (i % (WIDTH + 1) === 0 ? 1 : 0));
    const by = tape.parameter([WIDTH, WIDTH], start);
    const { k, form, distanceNorm = false, start: share } = arm;
    const apart = 2 * (CODE + (WIDTH - CODE) * LOUD * LOUD);
    const block = neighborBlock(tape, {
      embedding: {
        forward: (x) => matmul(slice(x, 1, 0, WIDTH), by),
        parameters: { by },
      },
      ...{ k, form, distanceNorm, temperatureScale: distanceNorm ? share : share * apart },
    });
    const optimiser = adam(block.parameters, { learningRate: 0.05 });
    const losses: number[] = [];
    let firstGradient = 0;
    for (let step = 0; step < steps; step++) {
      const { seen, values } = drawGroups(turn, rng);
      const rows = GROUPS * SIZE;
      const both = new Float64Array(rows * ROW);
      for (let i = 0; i < rows; i++) {
        both.set(seen.subarray(i * WIDTH, (i + 1) * WIDTH), i * ROW);
        both.set(values.subarray(i * VALUES, (i + 1) * VALUES), i * ROW + WIDTH);
      }
      losses.push(
        tape.step(() => {
          const out = block.forward(tape.tensor(both, [rows, ROW]));
          const wanted = tape.tensor(values, [rows, VALUES]);
          // Each neighbour should bring the value of the group, so that each is asked for it.
          let loss = tape.full([1], 0);
          for (let r = 1; r <= k; r++) {
            const brought = slice(out, 1, r * ROW + WIDTH, (r + 1) * ROW);
            loss = add(loss, mean(square(sub(brought, wanted))));
          }
          tape.backward(mean(loss));
          return loss.item() / k;
        }),
      );
      if (step === 0) firstGradient = Math.max(...by.gradient().map(Math.abs));
      optimiser.step();
    }
    return { metric: Float64Array.from(by.values()), losses, firstGradient };
  } finally {
    tape.dispose();
  }
}

function bars(
  arms: readonly Arm[],
  recalls: readonly number[][],
  before: Mean,
  best: Mean,
  chance: number,
): string {
  const rows = [
    { label: "as they are", recall: before },
    ...arms.map(({ name: label }, a) => ({ label, recall: meanOf(recalls[a]!) })),
    { label: "telling directions", recall: best },
  ];
  return plotBars(
    rows.map(({ label, recall: { mean: value, se } }) => ({
      ...{
        label,
        values: [value],
        low: [Math.max(0, value - 1.96 * se)],
        high: [Math.min(1, value + 1.96 * se)],
      },
    })),
    {
      title: "Planted neighbours found",
      subtitle: `chance is ${chance.toFixed(3)}`,
      xTitle: "Recall",
      reach: [1],
    },
  );
}
