import { count, mean } from "../../numbers.ts";
import { heading, printTable } from "../../print.ts";
import { ARMS } from "./arms.ts";
import type { ArmComparison, SetComparison } from "./compare.ts";
import type { ArmsResult } from "./study.ts";

export const titleOf = (arm: string): string => ARMS.find(({ name }) => name === arm)?.title ?? arm;

/** "+0.12", "−0.03". */
export const signed = (value: number): string =>
  `${value > 0 ? "+" : ""}${value.toFixed(2)}`.replace("-", "−");

/** "0.031", "2·10⁻⁵". */
export function chance(p: number): string {
  if (p >= 0.001) return p.toFixed(3);
  const [digit, power] = p.toExponential(0).split("e-") as [string, string];
  const raised = Array.from(power, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)]).join("");
  return `${digit}·10⁻${raised}`;
}

const minutes = (cpuSeconds: readonly number[]): string => (mean(cpuSeconds) / 60).toFixed(1);

export function printArms(log: (line: string) => void, { recipe, sets }: ArmsResult): void {
  const { sigma, steps, batch, crop } = recipe;
  heading(
    log,
    `Trained from scratch, σ ${sigma}: ${count(steps)} steps of ${batch} crops of ${crop} × ${crop}, the same for all`,
  );
  for (const set of sets) printSet(log, set);
}

function printSet(log: (line: string) => void, { set, arms, comparisons }: SetComparison): void {
  if (arms.length === 0) {
    log(`  ${set}: no seed is finished by all arms.`);
    return;
  }
  const right = "right" as const;
  const seeds = arms[0]!.bySeed.length;
  const columns = [
    { title: `${set}, PSNR in dB` },
    ...[
      "parameters",
      "CPU min",
      ...(seeds > 1 ? arms[0]!.bySeed.map((_, i) => `run ${i + 1}`) : []),
      "mean",
    ].map((title) => ({ title, align: right })),
  ];
  const rows = arms.map(({ arm, parameters, cpuSeconds, bySeed, mean: whole }) => [
    ...[titleOf(arm), count(parameters), minutes(cpuSeconds)],
    ...(seeds > 1 ? bySeed.map((value) => value.toFixed(2)) : []),
    whole.toFixed(2),
  ]);
  printTable(log, columns, rows);
  for (const each of comparisons) log(`  ${compared(each)}`);
}

/** What came of a comparison, whichever way. */
export function compared({ arm, against, difference, wins, pictures, pValue }: ArmComparison): string {
  const { mean: by, interval } = difference;
  const range = interval === null ? "" : ` (${interval.map(signed).join(" to ")})`;
  return `${titleOf(arm)} against ${titleOf(against)}: ${signed(by)} dB${range}, better on ${wins} of ${pictures} pictures, p = ${chance(pValue)}`;
}
