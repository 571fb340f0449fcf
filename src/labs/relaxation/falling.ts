import { createRng, type Rng } from "../../core/index.ts";
import { plotLines, plotRaster } from "../../evaluate/index.ts";
import { type RelaxedOptions, relaxedNeighbors } from "../../learn/index.ts";
import type { Part, PartOptions, Picture } from "../theory/part.ts";

export const FORMS = ["alpha", "logit"] as const;
export type Form = (typeof FORMS)[number];

/** The set of the pictures: five candidates half a unit apart, and three beyond. */
export const DISTANCES: readonly number[] = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5];
const K = 4;
const SHOWN = [2, 0.5, 0.2, 0.05];

/** Weights as t falls: where each of the two forms ends. */
export async function falling({ seed, quick, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "falling t", done: 0, total: 1 });
  const rng = createRng(seed, "falling");
  const sets = Array.from({ length: quick ? 100 : 300 }, () => spread(12, rng));
  const cold = { k: K, t: 0.005 };
  const toHard = Math.max(...sets.map((d) => gap(d, { ...cold, form: "alpha" }, hardOf(d, K))));
  const first = Math.max(...sets.map((d) => gap(d, { ...cold, k: 1, form: "logit" }, hardOf(d, 1))));
  const plateau = Math.max(...sets.map((d) => plateauGap(d, cold.t)));
  const one = Math.max(...sets.map((d) => gap(d, { k: 1, t: 0.3, form: "logit" }, softmax(d, 0.3))));
  const both = Math.max(
    ...sets.map((d) => gap(d, { k: K, t: 1, form: "alpha" }, weights(d, { k: K, t: 1, form: "logit" }))),
  );
  const flat = new Float64Array(12).fill(1 / 12);
  const hot = Math.max(...FORMS.flatMap((form) => sets.map((d) => gap(d, { k: 1, t: 1e7, form }, flat))));
  const sums = Math.max(
    ...sets.flatMap((d) => TEMPERATURES.flatMap((t) => FORMS.map((form) => off(d, t, form)))),
  );
  return {
    name: "falling",
    title: "As t falls: a choice, or a plateau",
    why: "Each step is a softmax, after which every candidate gets the penalty log(1 − w). In the alpha form the penalty is divided by t as distances are, so that one that was taken is gone. In the logit form it is not: with w ≈ 1 on the nearest, 1 − w ≈ e^(−(d₂ − d₁)/t) lowers it to the level of the second and no further.",
    claims: [
      {
        says: "Alpha form: all steps tend to hard k-NN as t → 0.",
        measured: `${sets.length} sets of 12, gaps of at least 0.1, t = ${cold.t}: at most ${toHard.toExponential(1)} away in ${K} steps`,
        holds: toHard < 1e-6,
      },
      {
        says: "Logit form: the first step becomes hard, the second and all later ones tend to ½, ½ on the two nearest.",
        measured: `first at most ${first.toExponential(1)} from hard; steps 2 to ${K} at most ${plateau.toExponential(1)} from ½, ½`,
        holds: first < 1e-6 && plateau < 1e-6,
      },
      {
        says: "k = 1 is softmax attention over −d / t.",
        measured: `at most ${one.toExponential(1)} away`,
        holds: one < 1e-12,
      },
      {
        says: "At t = 1 the forms are one.",
        measured: `${K} steps: at most ${both.toExponential(1)} apart`,
        holds: both < 1e-12,
      },
      {
        says: "As t → ∞ the first step takes all alike.",
        measured: `t = 1e7: at most ${hot.toExponential(1)} from 1/12`,
        holds: hot < 1e-6,
      },
      {
        says: "Each step sums to 1 at every temperature.",
        measured: `t from ${TEMPERATURES[0]!.toPrecision(2)} to ${TEMPERATURES.at(-1)!.toPrecision(2)}: at most ${sums.toExponential(1)} off`,
        holds: sums < 1e-12,
      },
    ],
    tables: [
      {
        caption: `Weights of the second step on the five nearest of d = ${DISTANCES.slice(0, 5).join(", ")} …`,
        columns: ["t", "form", ...DISTANCES.slice(0, 5).map((d) => `d = ${d}`)],
        rows: SHOWN.flatMap((t) =>
          FORMS.map((form) => [
            String(t),
            form,
            ...Array.from(secondOf(DISTANCES, t, form).subarray(0, 5), (w) => w.toFixed(3)),
          ]),
        ),
      },
    ],
    pictures: [
      ...heatMaps(),
      {
        svg: distancePicture(),
        caption:
          "Half of the sum of differences from hard k-NN: 0 is the choice itself, 1 shares nothing with it. The first steps of both forms are one line. In the logit form the second step settles at a half and the third at 1.",
      },
    ],
    numbers: { sets: sets.length, toHard, first, plateau, one, both, hot, sums },
  };
}

const TEMPERATURES = Array.from({ length: 25 }, (_, i) => 0.01 * 10 ** (i / 8));

/** n distances in any order, each at least 0.1 from the others. */
function spread(n: number, rng: Rng): number[] {
  const sorted: number[] = [];
  for (let i = 0, at = rng.next(); i < n; i++, at += 0.1 + rng.next()) sorted.push(at);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [sorted[i], sorted[j]] = [sorted[j]!, sorted[i]!];
  }
  return sorted;
}

export const weights = (d: readonly number[], options: RelaxedOptions): Float64Array =>
  relaxedNeighbors(d, options).weights;

/** One-hot rows of the k nearest, by sorting. */
function hardOf(d: readonly number[], k: number): Float64Array {
  const order = [...d.keys()].sort((a, b) => d[a]! - d[b]!);
  const out = new Float64Array(k * d.length);
  for (let step = 0; step < k; step++) out[step * d.length + order[step]!] = 1;
  return out;
}

function softmax(d: readonly number[], t: number): Float64Array {
  const low = Math.min(...d);
  const raised = d.map((x) => Math.exp((low - x) / t));
  const total = raised.reduce((a, b) => a + b, 0);
  return Float64Array.from(raised, (x) => x / total);
}

function gap(d: readonly number[], options: RelaxedOptions, want: Float64Array): number {
  return weights(d, options).reduce((worst, w, i) => Math.max(worst, Math.abs(w - want[i]!)), 0);
}

const secondOf = (d: readonly number[], t: number, form: Form): Float64Array =>
  weights(d, { k: 2, t, form }).subarray(d.length);

/** Distance of the steps after the first from ½, ½ on the two nearest. */
function plateauGap(d: readonly number[], t: number): number {
  const two = hardOf(d, 2);
  const later = weights(d, { k: K, t, form: "logit" }).subarray(d.length);
  return later.reduce((worst, w, at) => {
    const i = at % d.length;
    return Math.max(worst, Math.abs(w - (two[i]! + two[d.length + i]!) / 2));
  }, 0);
}

function off(d: readonly number[], t: number, form: Form): number {
  const all = weights(d, { k: K, t, form });
  const rows = Array.from({ length: K }, (_, i) => all.subarray(i * d.length, (i + 1) * d.length));
  return Math.max(...rows.map((row) => Math.abs(row.reduce((a, b) => a + b, 0) - 1)));
}

/** Steps × candidates at several temperatures, one above the other, for each form. */
function heatMaps(): Picture[] {
  const n = DISTANCES.length;
  return FORMS.map((form) => {
    const blocks = SHOWN.map((t) => [...weights(DISTANCES, { k: K, t, form })]);
    // A blank row between temperatures.
    const values = blocks.flatMap((block, i) =>
      i === 0 ? block : [...new Array<number>(n).fill(NaN), ...block],
    );
    return {
      svg: plotRaster(
        { values, rows: values.length / n, cols: n },
        {
          title: `${form === "alpha" ? "Alpha" : "Logit"} form: steps × candidates`,
          subtitle: `t = ${SHOWN.join(", ")} downwards, ${K} steps each; d = 0, 0.5 … 3.5`,
          range: [0, 1],
          ...{ width: 560, height: 1000 },
        },
      ),
      caption:
        form === "alpha"
          ? "The nearest is the left column. As t falls each step takes one candidate: the diagonal of hard k-NN."
          : "The same in the logit form: from the second step on, the two nearest keep a half each.",
      half: true,
    };
  });
}

/** Distance of each step from hard k-NN over t. */
function distancePicture(): string {
  const n = DISTANCES.length;
  const want = hardOf(DISTANCES, 3);
  return plotLines(
    FORMS.flatMap((form, f) =>
      [0, 1, 2].map((step) => ({
        name: `${form}, step ${step + 1}`,
        plain: true,
        color: 3 * f + step,
        points: TEMPERATURES.map((t) => {
          const w = weights(DISTANCES, { k: 3, t, form });
          let sum = 0;
          for (let i = step * n; i < (step + 1) * n; i++) sum += Math.abs(w[i]! - want[i]!);
          return { x: t, y: sum / 2 };
        }),
      })),
    ),
    {
      title: "Soft weights against hard k-NN as t falls",
      subtitle: `d = ${DISTANCES.join(", ")}`,
      xTitle: "t",
      yTitle: "Total variation from hard",
      yScale: "linear",
      yReach: [0, 1],
      height: 460,
    },
  );
}
