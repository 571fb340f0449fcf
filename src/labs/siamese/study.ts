import { type Matrix, matrix, type RunOptions, runAsync } from "../../core/index.ts";
import { EMOJI_STYLES, type EmojiStyle } from "../emoji/styles.ts";
import { gather } from "../rows.ts";
import { type Finished, type FinishedRuns, shallow } from "./finished.ts";
import { type Inks, inksOf, paint, STRAIGHT, VALUES } from "./pictures.ts";
import { clusterAgreement, meanScores, type Ranking, rank, type Scores, scoresOf } from "./ranking.ts";
import { type EmojiTask, type Split, STYLES, splitOf } from "./task.ts";
import { embed, type Method, type Trained, type TrainingOptions, trainEncoder } from "./training.ts";

/** A space in which emoji are compared: as they are, framed alike, or learned. */
export type Space = "raw pixels" | "framed pixels" | Method;

const SPACES: readonly Space[] = ["raw pixels", "framed pixels", "contrastive", "triplet", "N-pair"];

/** One space, one style held out, one split. */
export interface Run {
  readonly space: Space;
  readonly style: EmojiStyle;
  readonly seed: number;
  readonly seen: Scores;
  readonly unseen: Scores;
  /** Processor time of training, seconds; absent where nothing is trained. */
  readonly cpuSeconds?: number;
  /** Mean loss of each epoch. */
  readonly losses?: readonly number[];
}

export interface StudyPlan extends RunOptions {
  /** Each has a split and initial weights of its own. */
  readonly seeds: readonly number[];
  readonly styles: readonly EmojiStyle[];
  /** Trained for every seed; the others for the first only. */
  readonly main: Method;
  readonly others: readonly Method[];
  readonly training: Pick<TrainingOptions, "epochs" | "identities" | "learningRate">;
  readonly threads: number;
  /** Runs that need not be done again; default none. */
  readonly finished?: FinishedRuns;
  log(line: string): void;
}

/** What pictures are made from: rankings of the first seed. */
export interface Shown {
  readonly split: Split;
  readonly raw: ReadonlyMap<EmojiStyle, Ranking>;
  readonly learned: ReadonlyMap<EmojiStyle, Ranking>;
}

export interface StudyResult {
  readonly runs: readonly Run[];
  readonly shown: Shown;
}

/** Answers kept for pictures. */
const SHOWN_DEPTH = 10;

/** Runs the study: every space, every style held out in turn, every seed. */
export async function runSiameseStudy(task: EmojiTask, plan: StudyPlan): Promise<StudyResult> {
  const inks = inksOf(task.set);
  const runs: Run[] = [];
  const [first] = plan.seeds;
  const spaces = { "raw pixels": rawPixels(task), "framed pixels": framedPixels(task, inks) };
  const raw = new Map<EmojiStyle, Ranking>();
  for (const [name, vectors] of Object.entries(spaces)) {
    const space = name as Space;
    const agreement = await clusterAgreement(vectors, splitOf(task, first!), "l2", { ...plan, seed: first! });
    for (const style of plan.styles) {
      const ranking = await rank(task, vectors, EMOJI_STYLES.indexOf(style), "l2", plan);
      if (space === "raw pixels") raw.set(style, ranking);
      for (const seed of plan.seeds) {
        const scores = scoresBySplit(ranking, splitOf(task, seed), seed === first ? agreement : {});
        runs.push({ space, style, seed, ...scores });
      }
    }
    report(plan, runs, space);
  }
  const learned = new Map<EmojiStyle, Ranking>();
  for (const method of [plan.main, ...plan.others]) {
    for (const seed of method === plan.main ? plan.seeds : [first!]) {
      for (const style of plan.styles) {
        const name = `${method}, ${style}, ${seed}`;
        let done = plan.finished?.get(name);
        if (done === undefined) {
          done = await trainOne(task, inks, { method, seed, style }, plan);
          plan.finished?.put(name, done);
        }
        runs.push(done.run);
        if (done.ranking !== undefined) learned.set(style, done.ranking);
      }
    }
    report(plan, runs, method);
  }
  return { runs, shown: { split: splitOf(task, first!), raw, learned } };
}

function report({ log }: StudyPlan, runs: readonly Run[], space: Space): void {
  const mine = runs.filter((run) => run.space === space);
  const [seen, unseen] = [meanScores(mine.map((run) => run.seen)), meanScores(mine.map((run) => run.unseen))];
  log(
    `  ${space.padEnd(14)} recall@1 ${seen.recallAt1.toFixed(3)} seen, ${unseen.recallAt1.toFixed(3)} never seen  (${mine.length} runs)`,
  );
}

function scoresBySplit(
  ranking: Ranking,
  { seen, unseen }: Split,
  nmi: { seen?: number; unseen?: number },
): Pick<Run, "seen" | "unseen"> {
  const withNmi = (scores: Scores, value: number | undefined): Scores =>
    value === undefined ? scores : { ...scores, nmi: value };
  return {
    seen: withNmi(scoresOf(ranking, seen), nmi.seen),
    unseen: withNmi(scoresOf(ranking, unseen), nmi.unseen),
  };
}

async function trainOne(
  task: EmojiTask,
  inks: Inks,
  { method, seed, style }: { method: Method; seed: number; style: EmojiStyle },
  plan: StudyPlan,
): Promise<Finished> {
  const heldOut = EMOJI_STYLES.indexOf(style);
  const split = splitOf(task, seed);
  const { signal, onProgress } = plan;
  const phase = `${method}, ${style} held out, seed ${seed}`;
  const said = onProgress && ((p: { done: number; total: number }) => onProgress({ ...p, phase }));
  const start = process.cpuUsage();
  let trained: Trained | undefined;
  try {
    const job = trainEncoder(task, inks, split, { method, heldOut, seed, ...plan.training });
    trained = await runAsync(job, { signal, onProgress: said });
    const used = process.cpuUsage(start);
    const vectors = await runAsync(embed(inks, trained, task.drawings), { signal });
    const ranking = await rank(task, vectors, heldOut, "cosine", plan);
    const agreement =
      seed === plan.seeds[0] ? await clusterAgreement(vectors, split, "cosine", { ...plan, seed }) : {};
    const run: Run = {
      ...{ space: method, style, seed },
      ...scoresBySplit(ranking, split, agreement),
      cpuSeconds: (used.user + used.system) / 1e6,
      losses: trained.losses,
    };
    const shown = method === plan.main && seed === plan.seeds[0];
    return shown ? { run, ranking: shallow(ranking, SHOWN_DEPTH) } : { run };
  } finally {
    trained?.tape.dispose();
  }
}

/** Pixels as drawn, 0 to 255: one row for each identity and style. */
function rawPixels({ set, drawings }: EmojiTask): Matrix<Float32Array> {
  const values = set.size * set.size * 3;
  return gather(matrix(Float32Array.from(set.pixels), values), [...drawings]);
}

/** Pictures as encoders see them, framed and averaged. */
function framedPixels({ drawings }: EmojiTask, inks: Inks): Matrix<Float32Array> {
  const data = new Float32Array(drawings.length * VALUES);
  for (const [i, row] of drawings.entries()) paint(inks, row, STRAIGHT, data, i * VALUES);
  return matrix(data, VALUES, drawings.length);
}

/** Means over styles and seeds of one space. */
export interface Summary {
  readonly space: Space;
  readonly runs: number;
  readonly seen: Scores;
  readonly unseen: Scores;
  readonly cpuSeconds?: number;
}

export function summaries(runs: readonly Run[]): Summary[] {
  return SPACES.filter((space) => runs.some((run) => run.space === space)).map((space) => {
    const mine = runs.filter((run) => run.space === space);
    const times = mine.flatMap(({ cpuSeconds }) => (cpuSeconds === undefined ? [] : [cpuSeconds]));
    return {
      space,
      runs: mine.length,
      seen: meanScores(mine.map((run) => run.seen)),
      unseen: meanScores(mine.map((run) => run.unseen)),
      ...(times.length === 0 ? {} : { cpuSeconds: times.reduce((a, b) => a + b, 0) / times.length }),
    };
  });
}

/** Place of a drawing by identity and style, as in rankings. */
export const placeOf = (identity: number, style: number): number => identity * STYLES + style;
