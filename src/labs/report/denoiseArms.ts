import { plotBars } from "../../evaluate/index.ts";
import type { SetComparison } from "../denoise/arms/compare.ts";
import { chance, signed, titleOf } from "../denoise/arms/print.ts";
import type { ArmsResult } from "../denoise/arms/study.ts";
import { count, mean } from "../numbers.ts";
import { type Column, type Html, paragraph, section, svgFigure, table, text } from "./html.ts";

const numeric = (title: string): Column => ({ title, align: "right" });

/** The part of the report on networks trained by the lab itself. */
export function armsSection({ recipe, pictures, sets }: ArmsResult): Html {
  const { sigma, features, depth, steps, batch, crop, learningRate } = recipe;
  const lead = `Networks of ${features} channels that learned σ ${sigma} from ${count(pictures)} pictures, all by one budget: ${count(steps)} steps of ${batch} crops of ${crop} × ${crop}, the same crops, noise and order for all arms of a seed, Adam at ${learningRate} falling to a thousandth of it. N3Net has three parts of ${depth} convolutions and two blocks of neighbours between them; its variants choose the seven nearest as they are (without an embedding to learn), or take one soft neighbour. The DnCNN has as many convolutions as N3Net's parts together; two of them one after another have as many parameters as N3Net. Budgets are equal in steps, not in time: see the minutes of one processor.`;
  const known = sets.filter(({ arms }) => arms.length > 0);
  if (known.length === 0)
    return section(
      "arms",
      "Trained from scratch",
      paragraph(lead),
      paragraph("No seed is finished by all arms."),
    );
  return section(
    "arms",
    "Trained from scratch",
    paragraph(text(lead)),
    ...known.flatMap((set) => [scoresTable(set), comparisonTable(set)]),
    differencesFigure(known),
  );
}

function scoresTable({ set, arms }: SetComparison): Html {
  const columns = [
    { title: "" },
    ...[
      "parameters",
      "minutes of one processor",
      ...arms[0]!.bySeed.map((_, i) => `run ${i + 1}`),
      "mean",
    ].map(numeric),
  ];
  const rows = arms.map((arm) => [
    ...[text(titleOf(arm.arm)), count(arm.parameters), (mean(arm.cpuSeconds) / 60).toFixed(1)],
    ...arm.bySeed.map((value) => value.toFixed(2)),
    `<b>${arm.mean.toFixed(2)}</b>`,
  ]);
  return table(
    columns,
    rows,
    `${set}: mean PSNR over its pictures in decibels, by seed of weights, crops and noise`,
  );
}

function comparisonTable({ set, comparisons }: SetComparison): Html {
  const columns = [
    { title: "" },
    ...["difference", "95 % interval", "by run", "better on", "p"].map(numeric),
  ];
  const rows = comparisons.map(({ arm, against, difference, bySeed, wins, pictures, pValue }) => [
    text(`${titleOf(arm)} against ${titleOf(against)}`),
    `<b>${signed(difference.mean)}</b>`,
    difference.interval?.map(signed).join(" to ") ?? "",
    bySeed.map(signed).join(", "),
    `${wins} of ${pictures}`,
    chance(pValue),
  ]);
  const caption = `${set}: differences in decibels, picture by picture, each the mean over runs; p of Wilcoxon's signed-rank test, two-sided`;
  return table(columns, rows, caption);
}

function differencesFigure(sets: readonly SetComparison[]): Html {
  const svg = plotBars(
    sets[0]!.comparisons.map(({ against }, i) => {
      const found = sets.map(({ comparisons }) => comparisons[i]!.difference);
      const ends = (end: 0 | 1): number[] => found.map(({ mean: by, interval }) => interval?.[end] ?? by);
      return {
        label: `against ${titleOf(against)}`,
        values: found.map((one) => one.mean),
        ...{ low: ends(0), high: ends(1) },
      };
    }),
    {
      title: `PSNR of ${titleOf(sets[0]!.arms[0]!.arm)} above that of the other arms`,
      subtitle: "means over pictures with 95 % intervals of the difference picture by picture",
      ...{ xTitle: "dB", series: sets.map(({ set }) => set), format: signed },
    },
  );
  return svgFigure(
    svg,
    text("Intervals are over pictures; how far runs of other seeds part, the tables say."),
  );
}
