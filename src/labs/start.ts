import { createRequire } from "node:module";
import { isVicinalError, type Matrix, runAsync } from "../core/index.ts";
import { syntheticJob } from "../data/index.ts";
import { beginLab } from "./begin.ts";
import { type EmojiSet, loadEmoji } from "./emoji/dataset.ts";
import { type EmojiFindings, emojiFindings } from "./emoji/findings.ts";
import { describeSet } from "./emoji/lab.ts";
import type { StyleCredit } from "./emoji/styles.ts";
import { pixelVectors } from "./emoji/vectors.ts";
import { type FashionFindings, fashionFindings, loadFashion } from "./fashion/data.ts";
import { type Machine, machine, machineLine, workThreads } from "./machine.ts";
import { count, seconds } from "./numbers.ts";
import type { LabOptions, LabResult, ResolvedLabOptions } from "./options.ts";
import { heading, printAccuracy, printLearned, printNeighbours, printStudy, printVerdict } from "./print.ts";
import { startPage } from "./report/start.ts";
import { writeReport } from "./report/write.ts";
import { type EmbeddingScores, keptEmbedding, openEmbedding, trainEmbedding } from "./siamese/embedding.ts";
import { heldOut, runStudy, type Study, type StudyInput, type StudyOptions } from "./study.ts";

/** All that the main job finds; also the contents of results.json. */
export interface StartResults {
  readonly job: "start";
  readonly version: string;
  readonly machine: Machine;
  readonly seed: number;
  readonly quick: boolean;
  /** Whole duration. */
  readonly seconds: number;
  readonly emoji: EmojiFindings;
  /** What a network that learns the same emoji across styles gains over pixels. */
  readonly learned: StartLearned;
  readonly studies: readonly Study[];
  /** Present when the data folder has the set. */
  readonly fashion?: FashionFindings;
  readonly credits: readonly StyleCredit[];
}

export interface StartLearned extends EmbeddingScores {
  readonly trainSeconds: number;
  /** Whether it was trained in an earlier run. */
  readonly kept: boolean;
}

export type StartResult = LabResult<StartResults>;

const INDEXES = ["Flat", "HNSW16", "HNSW16,SQ8,Refine", "HNSW16,SQ7,Refine", "Auto"];
const HELD_OUT = 500;

/**
 * The main job: draws the emoji, finds their neighbours exactly and approximately, classifies by
 * them, learns a space in which the same emoji is near in any style, measures recall and speed on them, on a generated set and, where it is at hand, on
 * Fashion-MNIST; writes report.html and results.json.
 *
 * @throws VicinalError DEPENDENCY_MISSING when the emoji packages are not installed, FILE, OPTION_RANGE
 */
export async function runStart(given: LabOptions = {}): Promise<StartResult> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress } = options;
  const here = machine();
  log(machineLine(here));

  heading(log, "Emoji");
  const set = await loadEmoji({ signal, onProgress, cacheDir: options.cacheDir });
  const loadSeconds = (performance.now() - start) / 1000;
  log(`  ${describeSet(set, loadSeconds)}`);
  for (const { style, name } of set.skipped)
    log(`  Skipped ${style}:${name}, which the renderer cannot draw.`);
  const vectors = pixelVectors(set);
  const { findings, sheet } = await emojiFindings(set, vectors, {
    seed,
    scopes: ["twemoji"],
    sample: quick ? 500 : 2000,
    loadSeconds,
    signal,
    onProgress,
  });
  log("");
  printNeighbours(log, findings);
  heading(log, "Groups told by the five nearest drawings (variants of the same emoji left out)");
  printAccuracy(log, findings);
  heading(log, "The same emoji by another hand, of emoji that training never saw");
  const learned = await learnedPart(set, options);
  printLearned(log, learned);

  const studies: Study[] = [];
  const study = async (input: StudyInput): Promise<void> => {
    const found = await runStudy(input, studyOptions(options));
    heading(
      log,
      `${found.title}, ${count(found.n)} × ${found.d}: fastest at recall ${found.targetRecall} or more`,
    );
    studies.push(found);
    printStudy(log, found);
    printVerdict(log, found);
  };
  await study(emojiStudy(set, vectors, seed));
  await study(await generated(options));
  const fashion = await fashionPart(options, study);

  const results: StartResults = {
    job: "start",
    version: version(),
    machine: here,
    seed,
    quick,
    seconds: (performance.now() - start) / 1000,
    emoji: findings,
    learned,
    studies,
    fashion,
    credits: set.credits,
  };
  const done = await writeReport(options.out, startPage(results, sheet), results);
  heading(log, `Done in ${seconds(results.seconds)}.`);
  log(`  Report   ${done.report}`);
  log(`  Numbers  ${done.resultsFile}`);
  return done;
}

function studyOptions({ seed, quick, signal, onProgress }: ResolvedLabOptions): StudyOptions {
  return {
    seed,
    indexes: INDEXES,
    settings: () => ({ efSearch: quick ? [16, 64] : [10, 16, 24, 40, 64, 100, 160, 250] }),
    threads: workThreads(),
    rounds: 3,
    signal,
    onProgress,
  };
}

/** The emoji without those drawn as queries. */
function emojiStudy(set: EmojiSet, vectors: Matrix<Float32Array>, seed: number): StudyInput {
  return {
    name: "emoji",
    title: "Emoji drawings",
    note: `${count(set.drawings.length)} drawings in ${set.credits.length} styles, ${count(HELD_OUT)} of them taken out to be the queries.`,
    ...heldOut(vectors, HELD_OUT, seed),
  };
}

/** In a quick run: passes over some of the emoji. */
const SHORT = { epochs: 3, limit: 300 };

/** The embedding of the web app: as kept from an earlier run, or trained now and kept. */
async function learnedPart(
  set: EmojiSet,
  { seed, quick, cacheDir, signal, onProgress }: ResolvedLabOptions,
): Promise<StartLearned> {
  const options = { ...(quick ? SHORT : {}), seed, cacheDir, signal, onProgress };
  const kept = await keptEmbedding(set, options);
  const { scores, trainSeconds } = kept ?? openEmbedding(await trainEmbedding(set, options), set)!;
  return { ...scores, trainSeconds, kept: kept !== undefined };
}

async function generated({ seed, quick, signal, onProgress }: ResolvedLabOptions): Promise<StudyInput> {
  const job = syntheticJob({ n: quick ? 20_000 : 100_000, d: 128, queries: quick ? 200 : 1000, seed });
  const { base, queries } = await runAsync(job, { signal, onProgress });
  return {
    name: "generated",
    title: "Generated vectors",
    note: "Clusters of low intrinsic dimension in 128 dimensions, the same on every machine for a seed: a stand-in for embeddings on a machine without data.",
    base,
    queries,
  };
}

async function fashionPart(
  options: ResolvedLabOptions,
  study: (input: StudyInput) => Promise<void>,
): Promise<FashionFindings | undefined> {
  const { log } = options;
  try {
    const data = await loadFashion(options);
    await study(data.study);
    const found = await fashionFindings(data, options);
    heading(log, "Fashion-MNIST labels told by the nearest training images");
    for (const { k, accuracy, queries, index } of found.accuracy) {
      log(`  ${k}-NN  ${accuracy.toFixed(4)}  (${count(queries)} test images, ${index})`);
    }
    return found;
  } catch (error) {
    if (!isVicinalError(error, "DATASET_MISSING")) throw error;
    heading(log, "Fashion-MNIST is not at hand; the same is measured on it when it is.");
    log(`  ${error.params.fix[0]!.toUpperCase()}${error.params.fix.slice(1)}.`);
    return undefined;
  }
}

function version(): string {
  const require = createRequire(import.meta.url);
  return (require("../../package.json") as { version: string }).version;
}
