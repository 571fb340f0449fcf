import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "#platform";
import { type Matrix, matrix, type RunOptions, VicinalError } from "../../../core/index.ts";
import { dataRoots } from "../../../data/index.ts";
import { count } from "../../numbers.ts";
import { readGrey, type TestSet } from "../pictures.ts";
import { ARMS, type Recipe } from "./arms.ts";
import { compareArms, type SetComparison } from "./compare.ts";
import { measureArm } from "./measure.ts";
import { type ArmRun, armFiles, trainArm } from "./train.ts";

/** Raise when the same recipe would train other networks: kept ones are of one version. */
const VERSION = 1;

export const FULL: Recipe = {
  ...{ sigma: 50, features: 32, depth: 4, momentum: 0.05 },
  ...{ steps: 3000, batch: 2, crop: 64, learningRate: 6e-3 },
};
/** For a quick look: too little to tell arms apart. */
export const QUICK: Recipe = { ...FULL, features: 8, steps: 6, batch: 2, crop: 32 };

const SEEDS = { full: [1, 2, 3], quick: [1] } as const;

export interface ArmsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: RunOptions["onProgress"] | undefined;
  readonly dataDir?: string | undefined;
  /** Folder for networks and checkpoints; default the user's cache folder. */
  readonly cacheDir?: string | undefined;
  /** Of the noise of the pictures measured. */
  readonly seed: number;
  readonly quick: boolean;
  /** Whether arms that are not done are trained; else only those that are count. */
  readonly train: boolean;
  readonly log: (line: string) => void;
}

export interface ArmsResult {
  readonly recipe: Recipe;
  /** Pictures to learn from. */
  readonly pictures: number;
  readonly runs: readonly ArmRun[];
  readonly sets: readonly SetComparison[];
}

/**
 * Trains all arms from each seed (all arms of the first, then of the next), measures them on the sets, and compares the
 * first with each other. What is done is kept and not done again; a run that was stopped goes on from its checkpoint.
 *
 * @returns undefined where nothing has been trained and nothing is to be, or no set is whole
 * @throws VicinalError DATASET_MISSING, FORMAT, FILE, DEPENDENCY_MISSING; the abort's reason
 */
export async function runArms(
  sets: readonly TestSet[],
  options: ArmsOptions,
): Promise<ArmsResult | undefined> {
  const { dataDir, quick, train, seed: noise, log, signal, onProgress } = options;
  const recipe = quick ? QUICK : FULL;
  const folder = join(options.cacheDir ?? cacheFolder("denoise") ?? ".", quick ? "arms-quick" : "arms");
  const whole = sets.filter((set) => set.whole || quick);
  if (whole.length === 0) return undefined;
  let pictures: Matrix[] | undefined;
  const runs: ArmRun[] = [];
  for (const seed of quick ? SEEDS.quick : SEEDS.full) {
    for (const arm of ARMS) {
      const key = JSON.stringify({ version: VERSION, arm: arm.name, seed, recipe });
      const files = armFiles(folder, arm.name, seed, key);
      const reporting = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
      let run = files.run();
      if (run === undefined) {
        if (!train) continue;
        pictures ??= await loadTrainingPictures(dataDir);
        const phase = `${arm.name}, seed ${seed}`;
        const told = onProgress && {
          onProgress: (p: { done: number; total: number }) => onProgress({ ...p, phase }),
        };
        run = await trainArm(arm, seed, recipe, pictures, files, { ...reporting, ...told });
        log(
          `  ${phase}: ${count(run.parameters)} parameters, ${(run.cpuSeconds / 60).toFixed(1)} minutes of one processor`,
        );
      }
      runs.push(await measureArm(run, files, whole, { sigma: recipe.sigma, seed: noise, ...reporting }));
    }
  }
  if (runs.length === 0) return undefined;
  const order = ARMS.map(({ name }) => name);
  return { recipe, pictures: COUNT, runs, sets: whole.map(({ name }) => compareArms(runs, order, name)) };
}

const COUNT = 400;
const PLACES = [
  "denoise/Train400",
  "TrainingCodes/dncnn_pytorch/data/Train400",
  "DnCNN/TrainingCodes/dncnn_pytorch/data/Train400",
];

/** The 400 grey pictures of 180 × 180 that the papers' networks learned from. */
async function loadTrainingPictures(dataDir: string | undefined): Promise<Matrix[]> {
  const folders = dataRoots(dataDir).flatMap((root) => PLACES.map((place) => join(root, place)));
  for (const folder of folders) {
    const files = (await readdir(folder).catch(() => [] as string[]))
      .filter((file) => file.endsWith(".png"))
      .sort();
    if (files.length !== COUNT) continue;
    const planes = await Promise.all(files.map((file) => readGrey(join(folder, file))));
    return planes.map(({ data, width }) => matrix(data, width));
  }
  const fix =
    "take TrainingCodes/dncnn_pytorch/data/Train400 of github.com/cszn/DnCNN as denoise/Train400 of a data folder (name it with --data or VICINAL_DATA)";
  throw new VicinalError("DATASET_MISSING", { name: "Train400", looked: folders, fix });
}
