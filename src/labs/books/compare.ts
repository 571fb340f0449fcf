import { type Difference, paired } from "../paired.ts";
import type { Scores } from "./measure.ts";

/** All arms: those trained, and F, which is A smoothed afterwards. */
export const ARMS = ["A", "B", "C", "D", "E", "F"] as const;
export type Arm = (typeof ARMS)[number];

export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  A: "plain tables",
  B: "a wider map, no neighbours",
  C: "random neighbours",
  D: "hard k-NN",
  E: "relaxed k-NN",
  F: "plain, smoothed afterwards",
};

/** What is compared; the ratio is better lower, the others higher. */
export const MEASURES = ["ratio", "auc", "hitRate", "accuracy"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Comparison {
  readonly arm: Arm;
  readonly against: Arm;
  readonly differences: Readonly<Record<Measure, Difference>>;
}

/** E against every other arm. */
export function comparisons(scores: Readonly<Record<Arm, readonly Scores[]>>): Comparison[] {
  return ARMS.filter((arm) => arm !== "E").map((against) => {
    const of = (measure: Measure): Difference =>
      paired(
        scores.E.map((one) => one[measure]),
        scores[against].map((one) => one[measure]),
      );
    const differences = {
      ratio: of("ratio"),
      auc: of("auc"),
      hitRate: of("hitRate"),
      accuracy: of("accuracy"),
    };
    return { arm: "E", against, differences };
  });
}

/** "undecided" where there is one seed only, or the intervals span 0. */
export type Outcome = "holds" | "fails" | "undecided";

const SAYS: Readonly<Record<Outcome, string>> = {
  holds:
    "The claim holds here: relaxed neighbours bring books alike nearer than hard neighbours and than smoothing afterwards, and lose nothing else.",
  fails:
    "The claim fails here: relaxed neighbours were to have a lower ratio than hard neighbours (D) and than smoothing afterwards (F), and to lose nothing else against them.",
  undecided:
    "Undecided: these seeds do not tell relaxed neighbours from hard ones (D) or from smoothing afterwards (F).",
};

/**
 * Whether the relaxation keeps what is claimed of it: a lower ratio than hard neighbours and than smoothing afterwards, and
 * no loss against either in link prediction and retrieval, each by its interval over seeds.
 */
export function verdict(of: readonly Comparison[]): { outcome: Outcome; text: string } {
  const against = (arm: Arm): Comparison => of.find((one) => one.against === arm)!;
  const [hard, smooth, plain] = [against("D"), against("F"), against("A")];
  const ratios = `The ratio of E differs by ${[hard, smooth, plain].map((one) => `${differenceText(one.differences.ratio)} against ${one.against}`).join(", ")}.`;
  const spans = [hard, smooth].map((one) => one.differences.ratio.interval);
  if (spans.some((interval) => interval === null)) {
    return { outcome: "undecided", text: `One seed decides nothing. ${ratios}` };
  }
  const losses = [hard, smooth].flatMap((one) =>
    (["auc", "hitRate", "accuracy"] as const)
      .filter((measure) => one.differences[measure].interval![1] < 0)
      .map((measure) => `${MEASURE_NAMES[measure]} against ${one.against}`),
  );
  const fails = losses.length > 0 || spans.some((interval) => interval![0] > 0);
  const holds = !fails && spans.every((interval) => interval![1] < 0);
  const outcome = holds ? "holds" : fails ? "fails" : "undecided";
  const cost = losses.length === 0 ? "" : ` It loses in ${losses.join(", ")}.`;
  return { outcome, text: `${SAYS[outcome]} ${ratios}${cost}` };
}

export const MEASURE_NAMES: Readonly<Record<Measure, string>> = {
  ratio: "cluster ratio",
  auc: "AUC",
  hitRate: "hit rate@10",
  accuracy: "5-NN accuracy",
};

/** "−0.012 (−0.020 to −0.004)". */
export function differenceText({ mean, interval }: Difference): string {
  const text = (value: number): string => `${value > 0 ? "+" : ""}${value.toFixed(3)}`.replace("-", "−");
  return interval === null ? text(mean) : `${text(mean)} (${interval.map(text).join(" to ")})`;
}
