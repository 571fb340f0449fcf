import { join } from "node:path";
import { createTape, layers } from "../../autodiff/index.ts";
import { beginLab } from "../begin.ts";
import { loadEmoji } from "../emoji/dataset.ts";
import { describeSet } from "../emoji/lab.ts";
import { EMOJI_STYLES, type EmojiStyle, type StyleCredit } from "../emoji/styles.ts";
import { type Machine, machine, machineLine, workThreads } from "../machine.ts";
import { count, seconds, share } from "../numbers.ts";
import type { LabOptions, LabResult } from "../options.ts";
import { heading } from "../print.ts";
import { errorRatio, siamesePage } from "../report/siamese.ts";
import { writeReport } from "../report/write.ts";
import { emojiEncoder, SHAPE } from "./encoder.ts";
import { finishedRuns } from "./finished.ts";
import { siamesePictures } from "./gallery.ts";
import { AUGMENTATION } from "./pictures.ts";
import { type Run, runSiameseStudy, type Space, type StudyPlan, type Summary, summaries } from "./study.ts";
import { emojiTask, splitOf } from "./task.ts";

export interface SiameseLabResults {
  readonly lab: "siamese";
  readonly machine: Machine;
  readonly seconds: number;
  readonly quick: boolean;
  readonly seeds: readonly number[];
  readonly styles: readonly EmojiStyle[];
  /** Emoji that all five styles have, those never seen, and drawings of both and of others to learn from. */
  readonly identities: number;
  readonly unseen: number;
  readonly drawings: number;
  readonly main: Space;
  readonly training: {
    readonly epochs: number;
    readonly identities: number;
    readonly learningRate: number;
    readonly width: number;
  };
  /** Weights of the network. */
  readonly parameters: number;
  readonly summaries: readonly Summary[];
  /** Error of the main method on emoji never seen, as a share of that of raw pixels. */
  readonly errorRatio: number;
  readonly runs: readonly Run[];
  readonly credits: readonly StyleCredit[];
}

const FULL = { epochs: 16, identities: 32, learningRate: 0.01 };
const QUICK = { epochs: 12, identities: 16, learningRate: 0.01 };
const QUICK_EMOJI = 240;
const SEEDS = 3;

/**
 * The same emoji across styles: a siamese network trained by contrastive, triplet and N-pair loss against raw pixels, each
 * style held out in turn, emoji seen and never seen apart. Networks that are trained are kept beside the report until it is
 * written: a run that was stopped goes on after the last of them.
 *
 * @throws VicinalError DEPENDENCY_MISSING when the emoji packages are not installed, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runSiameseLab(given: LabOptions = {}): Promise<LabResult<SiameseLabResults>> {
  const started = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress } = options;
  const here = machine();
  log(machineLine(here));
  const set = await loadEmoji({ signal, onProgress, cacheDir: options.cacheDir });
  log(describeSet(set, (performance.now() - started) / 1000));
  const task = quick ? emojiTask(set, QUICK_EMOJI) : emojiTask(set);
  const training = quick ? QUICK : FULL;
  const seeds = Array.from({ length: quick ? 1 : SEEDS }, (_, i) => seed + i);
  const styles: readonly EmojiStyle[] = quick ? ["openmoji"] : EMOJI_STYLES;
  const { unseen } = splitOf(task, seed);
  log(
    `${count(task.identities.length)} emoji in every style, ${count(unseen.length)} of them never seen; ${styles.length} held out in turn.`,
  );
  heading(log, "The same emoji in another style");
  const settings = {
    training,
    SHAPE,
    AUGMENTATION,
    drawings: set.drawings.length,
    identities: task.identities.length,
  };
  const finished = finishedRuns(join(options.out, "siamese.run"), JSON.stringify(settings));
  const plan: StudyPlan = {
    ...{ seeds, styles, training, log, signal, onProgress },
    main: "N-pair",
    others: ["contrastive", "triplet"],
    threads: workThreads(),
    finished,
  };
  const { runs, shown } = await runSiameseStudy(task, plan);
  const results: SiameseLabResults = {
    lab: "siamese",
    machine: here,
    seconds: (performance.now() - started) / 1000,
    quick,
    seeds,
    styles,
    identities: task.identities.length,
    unseen: unseen.length,
    drawings: task.families.reduce((sum, { byStyle }) => sum + byStyle.flat().length, 0),
    main: plan.main,
    training: { ...training, width: SHAPE.width },
    parameters: parametersOfNetwork(),
    summaries: summaries(runs),
    errorRatio: 0,
    runs,
    credits: set.credits,
  };
  const whole = { ...results, errorRatio: errorRatio(results) };
  log(
    `Error on emoji never seen: ${share(whole.errorRatio, 2)} of that of raw pixels; ${seconds(whole.seconds)} in all.`,
  );
  const written = await writeReport(
    options.out,
    siamesePage(whole, siamesePictures(task, shown, plan.main)),
    whole,
  );
  finished.remove();
  return written;
}

function parametersOfNetwork(): number {
  const tape = createTape();
  try {
    return layers.parameterCount(emojiEncoder(tape, 0));
  } finally {
    tape.dispose();
  }
}
