import { wilcoxonSignedRank } from "../../../evaluate/index.ts";
import { mean } from "../../numbers.ts";
import { type Difference, paired } from "../../paired.ts";
import type { ArmRun } from "./train.ts";

/** One arm on one set of pictures. */
export interface ArmScore {
  readonly arm: string;
  readonly parameters: number;
  /** Processor time of training, by seed. */
  readonly cpuSeconds: readonly number[];
  /** Mean PSNR over the pictures, by seed. */
  readonly bySeed: readonly number[];
  readonly mean: number;
  /** Mean PSNR over the seeds, by picture. */
  readonly byPicture: readonly number[];
}

/** The first arm against another: picture by picture, each the mean over the seeds. */
export interface ArmComparison {
  readonly arm: string;
  readonly against: string;
  /** In decibels, with a 95 % interval over pictures. */
  readonly difference: Difference;
  /** Mean difference over pictures, by seed. */
  readonly bySeed: readonly number[];
  /** Pictures on which the first arm is better. */
  readonly wins: number;
  readonly pictures: number;
  /** Wilcoxon's signed-rank test over pictures, two-sided. */
  readonly pValue: number;
}

export interface SetComparison {
  readonly set: string;
  readonly arms: readonly ArmScore[];
  readonly comparisons: readonly ArmComparison[];
}

/** Only seeds that every arm has finished count, so that all are compared by the same crops and noise. */
export function compareArms(runs: readonly ArmRun[], order: readonly string[], set: string): SetComparison {
  const measured = runs.filter((run) => run.psnr?.sets[set] !== undefined);
  const arms = order.filter((arm) => measured.some((run) => run.arm === arm));
  const seeds = [...new Set(measured.map(({ seed }) => seed))]
    .filter((seed) => arms.every((arm) => measured.some((run) => run.arm === arm && run.seed === seed)))
    .sort((a, b) => a - b);
  const scores = seeds.length === 0 ? [] : arms.map((arm) => scoreOf(arm, seeds, measured, set));
  const [first, ...others] = scores;
  const comparisons = first === undefined ? [] : others.map((other) => compare(first, other));
  return { set, arms: scores, comparisons };
}

function scoreOf(arm: string, seeds: readonly number[], runs: readonly ArmRun[], set: string): ArmScore {
  const own = seeds.map((seed) => runs.find((run) => run.arm === arm && run.seed === seed)!);
  const values = own.map((run) => run.psnr!.sets[set]!);
  const byPicture = values[0]!.map((_, picture) => mean(values.map((list) => list[picture]!)));
  return {
    ...{ arm, parameters: own[0]!.parameters, byPicture, mean: mean(byPicture) },
    cpuSeconds: own.map((run) => run.cpuSeconds),
    bySeed: values.map(mean),
  };
}

function compare(first: ArmScore, other: ArmScore): ArmComparison {
  const pairs = first.byPicture.map((value, i) => value - other.byPicture[i]!);
  return {
    ...{ arm: first.arm, against: other.arm, pictures: pairs.length },
    difference: paired(first.byPicture, other.byPicture),
    bySeed: first.bySeed.map((value, i) => value - other.bySeed[i]!),
    wins: pairs.filter((value) => value > 0).length,
    pValue: wilcoxonSignedRank(first.byPicture, other.byPicture).pValue,
  };
}
