import { beginLab } from "../begin.ts";
import { machine, machineLine } from "../machine.ts";
import { count } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult } from "../options.ts";
import { heading, printTable } from "../print.ts";
import { denoisePage } from "../report/denoise.ts";
import { writeReport } from "../report/write.ts";
import { printArms } from "./arms/print.ts";
import { type ArmsResult, runArms } from "./arms/study.ts";
import { contendersFor } from "./contenders.ts";
import { type LevelScores, measureSet, type Panels, type SetScores, type Shown } from "./measure.ts";
import { loadTestSets, type TestSet } from "./pictures.ts";

export interface DenoiseLabResults extends LabFacts {
  readonly lab: "denoise";
  readonly seconds: number;
  readonly sigmas: readonly number[];
  readonly sets: readonly SetScores[];
  /** Networks trained by the lab, where any are. */
  readonly arms?: ArmsResult;
}

const SIGMAS = [25, 50, 70];

/** Pieces that show what repeats and what does not. */
const SHOWN: readonly Shown[] = [
  { picture: "barbara", sigma: 50, left: 330, top: 330 },
  { picture: "house", sigma: 50, left: 60, top: 40 },
  { picture: "monarch", sigma: 25, left: 64, top: 64 },
];
const QUICK_SHOWN: readonly Shown[] = [{ picture: "cameraman", sigma: 25, left: 0, top: 0 }];

/**
 * Every method of removing noise that is at hand, on Set12 and BSD68 at σ 25, 50 and 70, beside what was published; and networks
 * trained from scratch (`train`) under one budget, compared picture by picture.
 *
 * @throws VicinalError DATASET_MISSING, FORMAT, FILE, DEPENDENCY_MISSING, OPTION_RANGE, OPTION_UNKNOWN; the abort's reason
 */
export async function runDenoiseLab(given: LabOptions = {}): Promise<LabResult<DenoiseLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log, dataDir, cacheDir, weights, signal, onProgress } = options;
  const sets = await loadTestSets(dataDir, quick);
  const contenders = await contendersFor({ dataDir, weights, sigmas: SIGMAS, log });
  const here = machine();
  log(machineLine(here));
  const scores: SetScores[] = [];
  const panels: Panels[] = [];
  const run = { seed, sigmas: SIGMAS, shown: quick ? QUICK_SHOWN : SHOWN, signal, onProgress };
  for (const set of sets) {
    const measured = await measureSet(set, contenders, {
      ...run,
      onLevel: (level) => print(set, level, log),
    });
    scores.push(measured.scores);
    panels.push(...measured.panels);
  }
  const arms = await runArms(sets, {
    ...{ dataDir, cacheDir, seed, quick, log, signal, onProgress },
    train: options.train === true,
  });
  if (arms !== undefined) printArms(log, arms);
  const results: DenoiseLabResults = {
    ...{ lab: "denoise", machine: here, seed, quick },
    ...{ seconds: (performance.now() - start) / 1000, sigmas: SIGMAS, sets: scores },
    ...(arms && { arms }),
  };
  return writeReport(options.out, denoisePage(results, panels), results);
}

function print({ name, pictures, whole }: TestSet, level: LevelScores, log: (line: string) => void): void {
  const pieces = whole ? "" : " (pieces or a part of the set)";
  heading(log, `${name}, σ ${level.sigma}: ${count(pictures.length)} pictures${pieces}, PSNR in dB`);
  const right = "right" as const;
  const titles = ["PSNR", "published", "8 bits", "SSIM", "CPU s"];
  const columns = [{ title: "" }, ...titles.map((title) => ({ title, align: right }))];
  const { noisy, methods } = level;
  printTable(log, columns, [
    ["(noisy)", noisy.psnr.toFixed(2), "", noisy.psnr8.toFixed(2), noisy.ssim.toFixed(4), ""],
    ...methods.map(({ title, mean, published }) => [
      title,
      mean.psnr.toFixed(2),
      published?.psnr.toFixed(2) ?? "",
      mean.psnr8.toFixed(2),
      mean.ssim.toFixed(4),
      mean.cpuSeconds.toFixed(2),
    ]),
  ]);
}
