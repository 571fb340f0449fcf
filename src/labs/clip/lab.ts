import { layers } from "../../autodiff/index.ts";
import type { Matrix } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import type { TwoTower, WordVectors } from "../../learn/index.ts";
import { beginLab } from "../begin.ts";
import { type EmojiSet, loadEmoji } from "../emoji/dataset.ts";
import { describeSet } from "../emoji/lab.ts";
import { EMOJI_STYLES, type EmojiStyle, STYLE_LABELS } from "../emoji/styles.ts";
import { machine, machineLine, workThreads } from "../machine.ts";
import { count, mean, seconds, share } from "../numbers.ts";
import type { LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { heading, printTable } from "../print.ts";
import { clipPage } from "../report/clip.ts";
import { writeReport } from "../report/write.ts";
import { groupAlone, KS, type Recalls, recallOf } from "./measure.ts";
import { type ClipEmoji, captionOf, commonEmoji, imagesOf, splitEmoji } from "./pairs.ts";
import type { BothWays, ClipAnswer, ClipLabResults, ClipRun } from "./results.ts";
import { trainClip } from "./run.ts";
import { installedKeywords, wordVectorsOf } from "./sources.ts";

/** Texts looked for unless others are given. */
const QUERIES = [
  "red heart",
  "face with tears",
  "crying cat",
  "green fruit",
  "sailboat",
  "arrow to the left",
];
/** Pictures shown for a text. */
const SHOWN = 10;
const EXAMPLES = 6;

interface Context {
  readonly options: ResolvedLabOptions;
  readonly set: EmojiSet;
  readonly threads: number;
}

/** One model to train. */
interface Plan {
  readonly held: EmojiStyle;
  readonly seed: number;
  readonly emoji: readonly ClipEmoji[];
  readonly words?: WordVectors;
  readonly keywords?: boolean;
}

/**
 * Emoji pictures beside their names, in one space: known emoji in a style never seen, emoji never seen, and pictures
 * for any text. Each style is held out once, by a seed of its own. Models are kept in the cache folder.
 *
 * @throws VicinalError DEPENDENCY_MISSING, FILE, OPTION_RANGE, OPTION_UNKNOWN; the abort's reason
 */
export async function runClipLab(given: LabOptions = {}): Promise<LabResult<ClipLabResults>> {
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress } = options;
  const here = machine();
  log(machineLine(here));
  const start = performance.now();
  const set = await loadEmoji({ signal, onProgress, cacheDir: options.cacheDir });
  log(describeSet(set, (performance.now() - start) / 1000));
  const emoji = commonEmoji(set);
  log(`${count(emoji.length)} emoji have a picture in every style.`);
  const context = { options, set, threads: workThreads() };

  const styles = quick ? EMOJI_STYLES.slice(0, 1) : EMOJI_STYLES;
  const runs: ClipRun[] = [];
  let first: { model: TwoTower; unseen: readonly ClipEmoji[]; held: EmojiStyle } | undefined;
  heading(log, "Text → picture, each style held out once");
  for (const [i, held] of styles.entries()) {
    const { run, model, unseen } = await oneRun(context, { held, seed: seed + i, emoji });
    runs.push(run);
    log(`  ${line(run)}`);
    if (first === undefined) first = { model, unseen, held };
    else model.tape.dispose();
  }
  printRuns(log, runs);
  const variants = quick ? [] : await variantRuns(context, emoji);
  for (const run of variants) log(`  with ${run.extras.join(" and ")}: ${line(run)}`);

  const { model, unseen, held } = first!;
  const everything = model.encodeImages(imagesOf(set, [...set.drawings.keys()]));
  const texts = options.queries.length > 0 ? options.queries : QUERIES;
  const queries = answers(context, model, texts, everything, [...set.drawings.keys()]);
  heading(log, `Pictures for a text, among all ${count(set.drawings.length)}`);
  for (const each of queries) printAnswer(log, each);
  const examples = unseenExamples(context, model, unseen, held);
  const results: ClipLabResults = {
    ...{ lab: "clip", machine: here, seed, quick, threads: context.threads, emoji: emoji.length },
    ...{ parameters: layers.parameterCount(model), runs, variants, queries, examples, credits: set.credits },
  };
  model.tape.dispose();
  return writeReport(options.out, clipPage(results, set), results);
}

async function oneRun(
  { options, set, threads }: Context,
  { held, seed, emoji, words, keywords = false }: Plan,
): Promise<{ run: ClipRun; model: TwoTower; unseen: readonly ClipEmoji[] }> {
  const { quick, signal, onProgress, cacheDir } = options;
  const { known, unseen } = splitEmoji(emoji, seed);
  const {
    model,
    seconds: took,
    cpuSeconds,
    loss,
  } = await trainClip(set, known, {
    ...{ held, seed, quick, threads, signal, onProgress, cacheDir, keywords },
    ...(words && { words }),
  });
  const measure = (some: readonly ClipEmoji[], style: EmojiStyle): BothWays => {
    const texts = model.encodeTexts(some.map(captionOf));
    const images = model.encodeImages(
      imagesOf(
        set,
        some.map(({ picture }) => picture[style]),
      ),
    );
    return { textToImage: recallOf(texts, images), imageToText: recallOf(images, texts) };
  };
  const others = EMOJI_STYLES.filter((style) => style !== held);
  const run: ClipRun = {
    ...{ held, seed, known: known.length, unseen: unseen.length, seconds: took, cpuSeconds, loss },
    extras: [...(words === undefined ? [] : ["word vectors"]), ...(keywords ? ["keywords"] : [])],
    temperature: model.temperature,
    knownInHeldStyle: measure(known, held),
    unseenInHeldStyle: measure(unseen, held),
    unseenInKnownStyles: averaged(others.map((style) => measure(unseen, style))),
    groupAlone: Object.fromEntries(KS.map((k) => [k, groupAlone(unseen, k)])),
  };
  return { run, model, unseen };
}

/** The first run with more in its captions: word vectors of a file, keywords where their package is installed. */
async function variantRuns(context: Context, emoji: readonly ClipEmoji[]): Promise<ClipRun[]> {
  const { options, set } = context;
  const plan = { held: EMOJI_STYLES[0]!, seed: options.seed };
  const plans: Plan[] = [];
  const { features, signal, onProgress } = options;
  if (features !== undefined) {
    plans.push({ ...plan, emoji, words: await wordVectorsOf(features, { signal, onProgress }) });
  }
  const keywords = installedKeywords();
  if (keywords !== undefined) plans.push({ ...plan, emoji: commonEmoji(set, keywords), keywords: true });
  const runs: ClipRun[] = [];
  for (const each of plans) {
    const { run, model } = await oneRun(context, each);
    model.tape.dispose();
    runs.push(run);
  }
  return runs;
}

function averaged(all: readonly BothWays[]): BothWays {
  const means = (direction: keyof BothWays): Recalls => {
    const recall = KS.map((k) => [k, mean(all.map((each) => each[direction].recall[k]!))]);
    return { ...all[0]![direction], recall: Object.fromEntries(recall) };
  };
  return { textToImage: means("textToImage"), imageToText: means("imageToText") };
}

/** The pictures nearest to each text, among those given. */
function answers(
  { set }: Context,
  model: TwoTower,
  texts: readonly string[],
  images: Matrix,
  pictures: readonly number[],
  isRight: (text: number, picture: number) => boolean = () => false,
): ClipAnswer[] {
  const index = create<number>("Flat", { dimension: images.cols, metric: "cosine" });
  index.add(images);
  const found = index.search(model.encodeTexts(texts), { k: SHOWN });
  const out = texts.map((text, q) => ({
    text,
    near: found.items(q).map(({ key, distance }) => {
      const picture = pictures[key]!;
      const { name, style } = set.drawings[picture]!;
      return { name, style, cosine: 1 - distance, right: isRight(q, picture), picture };
    }),
  }));
  index.close();
  return out;
}

/** Captions of some emoji never seen, with the pictures of the style never seen that are nearest. */
function unseenExamples(
  context: Context,
  model: TwoTower,
  unseen: readonly ClipEmoji[],
  held: EmojiStyle,
): ClipAnswer[] {
  const pictures = unseen.map(({ picture }) => picture[held]);
  const images = model.encodeImages(imagesOf(context.set, pictures));
  const step = Math.max(1, Math.floor(unseen.length / EXAMPLES));
  const asked = Array.from({ length: EXAMPLES }, (_, i) => unseen[i * step]!).filter(Boolean);
  return answers(context, model, asked.map(captionOf), images, pictures, (text, picture) => {
    return asked[text]!.picture[held] === picture;
  });
}

function line(run: ClipRun): string {
  const [known, unseen] = [run.knownInHeldStyle.textToImage, run.unseenInKnownStyles.textToImage];
  return (
    `${STYLE_LABELS[run.held].padEnd(10)} recall@10 ${share(known.recall[10]!, 3)} of ${count(known.gallery)} known emoji, ` +
    `${share(unseen.recall[10]!, 3)} of ${count(unseen.gallery)} never seen (${seconds(run.cpuSeconds)} of CPU)`
  );
}

function printRuns(log: (line: string) => void, runs: readonly ClipRun[]): void {
  const right = "right" as const;
  const kinds = [
    ["known emoji, style never seen", "knownInHeldStyle"],
    ["emoji never seen, known styles", "unseenInKnownStyles"],
    ["emoji and style never seen", "unseenInHeldStyle"],
  ] as const;
  const rows = kinds.flatMap(([title, key]) =>
    (["textToImage", "imageToText"] as const).map((direction) => {
      const means = KS.map((k) => mean(runs.map((run) => run[key][direction].recall[k]!)));
      const gallery = mean(runs.map((run) => run[key][direction].gallery));
      return [
        title,
        direction === "textToImage" ? "text → picture" : "picture → text",
        count(gallery),
        ...means.map((value) => share(value, 3)),
      ];
    }),
  );
  const columns = [
    { title: "mean over runs" },
    { title: "" },
    { title: "gallery", align: right },
    ...KS.map((k) => ({ title: `recall@${k}`, align: right })),
  ];
  printTable(log, columns, rows);
}

function printAnswer(log: (line: string) => void, { text, near }: ClipAnswer): void {
  const names = near
    .slice(0, 5)
    .map(({ name, style }) => `${name.replaceAll("-", " ")} (${STYLE_LABELS[style]})`);
  log(`  ${text}: ${names.join(", ")}`);
}
