import { createRng } from "../../core/index.ts";
import { plotBars, plotLines } from "../../evaluate/index.ts";
import { sampleNeighbors } from "../../learn/index.ts";
import { type Part, type PartOptions, WIDE } from "../theory/part.ts";
import { DISTANCES, type Form, weights } from "./falling.ts";

const K = 3;
const SHOWN = 0.5;
const N = DISTANCES.length;

interface Row {
  readonly t: number;
  /** Largest distance of a frequency from its chance, in standard errors. */
  readonly errors: number;
  readonly frequencies: readonly number[];
  readonly chances: readonly number[];
  /** Total variation of each step of each form from the chances of the draws. */
  readonly alpha: readonly number[];
  readonly logit: readonly number[];
}

/** Draws without replacement beside the weights that stand for them. */
export async function draws({ seed, quick, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "draws", done: 0, total: 1 });
  const count = quick ? 20_000 : 200_000;
  const temperatures = [0.05, 0.1, 0.2, SHOWN, 1, 2, 10, 100];
  const rows = temperatures.map((t, i) => measure(t, count, createRng(seed, `draws ${i}`).below(2 ** 31)));
  const at = (t: number): Row => rows.find((row) => row.t === t)!;
  const errors = Math.max(...rows.map((row) => row.errors));
  const first = Math.max(...rows.flatMap(({ alpha, logit }) => [alpha[0]!, logit[0]!]));
  const cold = rows[0]!;
  const worst = rows.reduce((a, b) => (Math.max(...b.alpha) > Math.max(...a.alpha) ? b : a));
  return {
    name: "draws",
    title: "The draws behind the weights",
    why: "Draw a neighbour with chance proportional to e^(−d/t), take it away, draw the next. The first step of the relaxation is the chance of the first draw. The later ones push a candidate down by its expected weight rather than remove the one drawn: an approximation, exact again where the draws are certain.",
    claims: [
      {
        says: "Frequencies of sampleNeighbors are the chances of draws without replacement, at every step and temperature.",
        measured: `${count} draws at ${rows.length} temperatures, ${K} steps, ${N} candidates: at most ${errors.toFixed(1)} standard errors away`,
        holds: errors < WIDE + 1,
      },
      {
        says: "The first step is the chance of the first draw, in both forms.",
        measured: `at most ${first.toExponential(1)} away`,
        holds: first < 1e-12,
      },
      {
        says: "As t → 0 draws and alpha form become the same choice; the logit form does not follow.",
        measured: `t = ${cold.t}: alpha at most ${Math.max(...cold.alpha).toExponential(1)} away, logit ${Math.max(...cold.logit).toFixed(3)}`,
        holds: Math.max(...cold.alpha) < 1e-3 && Math.max(...cold.logit) > 0.4,
      },
      {
        says: "Between, the alpha form is an approximation of the draws, the rougher the later the step.",
        measured: `farthest at t = ${worst.t}: ${worst.alpha.map((v) => v.toFixed(3)).join(", ")} by step`,
        holds:
          Math.max(...worst.alpha) < 0.25 && worst.alpha[1]! > 0.001 && worst.alpha[2]! >= worst.alpha[1]!,
      },
    ],
    tables: [
      {
        caption: "Total variation between the chances of the draws and the weights",
        columns: ["t", "alpha, step 2", "alpha, step 3", "logit, step 2", "logit, step 3"],
        rows: rows.map(({ t, alpha, logit }) => [
          String(t),
          ...[alpha[1]!, alpha[2]!, logit[1]!, logit[2]!].map((v) => v.toFixed(4)),
        ]),
      },
    ],
    pictures: [
      {
        svg: barPicture(at(SHOWN), count),
        caption: "Drawn and expected: what the weights stand for.",
      },
      {
        svg: plotLines(
          (["alpha", "logit"] as const).flatMap((form, f) =>
            [1, 2].map((step) => ({
              name: `${form}, step ${step + 1}`,
              color: 2 * f + step - 1,
              points: rows.map((row) => ({ x: row.t, y: row[form][step]! })),
            })),
          ),
          {
            ...{ title: "How far the weights are from the draws", subtitle: "second and third step" },
            ...{ xTitle: "t", yTitle: "Total variation", yScale: "linear", yReach: [0], height: 420 },
          },
        ),
        caption:
          "Both agree with the draws where all is alike; only the alpha form does where all is certain.",
      },
    ],
    numbers: { draws: count, rows },
  };
}

/** Chance of each candidate at each step, over all orders of the draws before it. */
export function chancesOf(d: readonly number[], k: number, t: number): number[] {
  const raised = d.map((x) => Math.exp(-(x - Math.min(...d)) / t));
  const out = new Array<number>(k * d.length).fill(0);
  const walk = (step: number, chance: number, taken: readonly number[]): void => {
    if (step === k) return;
    // Summed anew at each step: taking away what was drawn would leave only rounding where the draw was certain.
    const left = raised.reduce((sum, r, i) => (taken.includes(i) ? sum : sum + r), 0);
    for (const [i, r] of raised.entries()) {
      if (taken.includes(i)) continue;
      const here = (chance * r) / left;
      out[step * d.length + i]! += here;
      walk(step + 1, here, [...taken, i]);
    }
  };
  walk(0, 1, []);
  return out;
}

function measure(t: number, count: number, seed: number): Row {
  const chances = chancesOf(DISTANCES, K, t);
  const { columns } = sampleNeighbors(new Array(count).fill(DISTANCES), { k: K, t, seed });
  const counts = new Array<number>(K * N).fill(0);
  for (let i = 0; i < columns.length; i++) counts[(i % K) * N + columns[i]!]!++;
  const frequencies = counts.map((c) => c / count);
  const errors = frequencies.map((f, i) => {
    const p = chances[i]!;
    // One draw more or less is nothing where next to none are expected.
    return Math.max(0, Math.abs(f - p) - 1 / count) / Math.sqrt(Math.max(p * (1 - p), 1 / count) / count);
  });
  const away = (form: Form): number[] => {
    const w = weights(DISTANCES, { k: K, t, form });
    return Array.from({ length: K }, (_, step) => {
      let sum = 0;
      for (let i = step * N; i < (step + 1) * N; i++) sum += Math.abs(w[i]! - chances[i]!);
      return sum / 2;
    });
  };
  const worst = Math.max(...errors);
  return { t, errors: worst, frequencies, chances, alpha: away("alpha"), logit: away("logit") };
}

function barPicture({ t, frequencies }: Row, count: number): string {
  const [alpha, logit] = (["alpha", "logit"] as const).map((form) => weights(DISTANCES, { k: K, t, form }));
  const bars = Array.from({ length: K * 4 }, (_, row) => {
    const [step, i] = [Math.floor(row / 4), row % 4];
    const at = step * N + i;
    return {
      label: `step ${step + 1}, d = ${DISTANCES[i]}`,
      values: [frequencies[at]!, alpha![at]!, logit![at]!],
    };
  });
  return plotBars(bars, {
    title: `Frequencies of draws beside the weights at t = ${t}`,
    subtitle: `${count} draws without replacement; the four nearest of ${N}`,
    series: ["drawn", "alpha form", "logit form"],
    xTitle: "Share",
  });
}
