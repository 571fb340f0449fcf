import { confusionMatrix } from "../../evaluate/index.ts";
import { beginLab } from "../begin.ts";
import { type Learned, learn, unitRows } from "../learned.ts";
import { machine, machineLine, workThreads } from "../machine.ts";
import type { LabelledSpace } from "../neighbourAccuracy.ts";
import { count, qps, seconds, share, times } from "../numbers.ts";
import type { LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { heading } from "../print.ts";
import { fashionPage } from "../report/fashion.ts";
import { pictureSet } from "../report/pictureRows.ts";
import { writeReport } from "../report/write.ts";
import { gather } from "../rows.ts";
import {
  FASHION_CLASSES,
  FASHION_SIDE,
  type FashionData,
  type FashionSplit,
  loadFashion,
  pixelSpace,
  splitFashion,
} from "./data.ts";
import { type FeatureSpace, featureSpace, testAccuracy } from "./features.ts";
import { classMap } from "./maps.ts";
import { pictureNeighbours, picturesOf, surestMistakes } from "./mistakes.ts";
import { cnnRecipe, learnLinear, mlpRecipe, STAGES } from "./networks.ts";
import type { FashionLabResults, ModelFindings, SearchComparison, WidthFindings } from "./results.ts";
import { type SpaceSearch, searchedSpecs, searchSpace } from "./search.ts";

/** How much is done. */
interface Plan {
  readonly ks: readonly number[];
  readonly epochs: { readonly linear: number; readonly mlp: number; readonly cnn: number };
  /** Channels of the convolutional network. */
  readonly stages: readonly number[];
  readonly width: number;
  readonly widths: readonly number[];
  readonly widthEpochs: number;
  readonly timed: number;
  readonly points: number;
  readonly rounds: number;
  readonly mapped: number;
  readonly mistakes: number;
}

const FULL: Plan = {
  ks: [1, 3, 5, 10, 20, 50],
  epochs: { linear: 10, mlp: 15, cnn: 8 },
  stages: STAGES.large,
  width: 64,
  widths: [16, 32, 64, 128],
  widthEpochs: 2,
  ...{ timed: 500, points: 12, rounds: 2, mapped: 3000, mistakes: 12 },
};

const QUICK: Plan = {
  ks: [1, 5, 10],
  epochs: { linear: 3, mlp: 3, cnn: 2 },
  stages: STAGES.small,
  width: 64,
  widths: [],
  widthEpochs: 1,
  ...{ timed: 100, points: 3, rounds: 1, mapped: 500, mistakes: 4 },
};

/** Training pictures of a quick run. */
const QUICK_ROWS = 5000;

/** The k by which pixels are compared with features picture by picture. */
const RAW_K = 5;

/** What every part is given. */
interface Context {
  readonly options: ResolvedLabOptions;
  readonly plan: Plan;
  readonly data: FashionData;
  readonly split: FashionSplit;
  readonly threads: number;
}

/**
 * Clothes told by their nearest neighbours: by raw pixels, exactly and through indexes; by the features that small
 * networks learn; and how much faster features are searched.
 *
 * @throws VicinalError DATASET_MISSING, FILE, OPTION_RANGE, OPTION_UNKNOWN; the abort's reason
 */
export async function runFashionLab(given: LabOptions = {}): Promise<LabResult<FashionLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log } = options;
  const data = await loadFashion(options, QUICK_ROWS);
  const split = splitFashion(data, seed);
  const context = { options, plan: quick ? QUICK : FULL, data, split, threads: workThreads() };
  const here = machine();
  log(machineLine(here));
  log(`Fashion-MNIST: ${count(data.train.rows)} pictures to compare with, ${count(data.test.rows)} to tell.`);

  const raw = await rawPart(context);
  const { models, main, best } = await learnPart(context);
  const widths = await widthPart(context);
  const learned = await searchPart(context, best);
  const after = await comparePart(context, raw, best, learned);

  const results: FashionLabResults = {
    ...{ lab: "fashion", machine: here, seed, quick, threads: context.threads },
    seconds: (performance.now() - start) / 1000,
    ...{ train: data.train.rows, validation: split.validate.length, test: data.test.rows },
    classes: FASHION_CLASSES,
    raw: raw.accuracy,
    models,
    widths,
    features: {
      ...best.byMetric[0]!,
      ...{ model: main, width: best.space.base.cols, accuracy: after.accuracy },
    },
    search: { raw: raw.search.study, learned: learned.study },
    ...{ comparison: after.comparison, confusion: after.confusion, changed: after.changed },
    mistakes: after.shown.mistakes.map(({ picture: _, ...rest }) => rest),
  };
  return writeReport(options.out, fashionPage(results, after.shown), results);
}

interface RawPart {
  readonly space: LabelledSpace;
  readonly accuracy: FashionLabResults["raw"];
  readonly told: readonly number[];
  readonly search: SpaceSearch;
}

/** Part A: pixels, exactly and through indexes. */
async function rawPart(context: Context): Promise<RawPart> {
  const { options, plan, data, threads } = context;
  const { log, signal, onProgress } = options;
  heading(log, "A. Raw pixels, exact search");
  const space = pixelSpace(data);
  const run = { threads, signal, onProgress };
  const { accuracy, told } = await testAccuracy(space, "l2", plan.ks, RAW_K, run);
  log(`  ${accuracy.map((each) => `${each.k}-NN ${share(each.accuracy)}`).join("  ")}`);
  const title = { name: "raw", title: "Raw pixels", note: "784 grey values a picture." };
  const search = await searched(context, title, space);
  return { space, accuracy, told, search };
}

/** Part B: networks and the neighbours among what stands before their last layers. */
async function learnPart(
  context: Context,
): Promise<{ models: ModelFindings[]; main: string; best: FeatureSpace }> {
  const { options, plan, data, split, threads } = context;
  const { seed, log, signal, onProgress } = options;
  heading(log, "B. Learning");
  const rows = gather(data.train, split.learn);
  const labels = split.learn.map((i) => data.trainLabels[i]!);
  const how = { seed, threads, signal, onProgress };
  const models: ModelFindings[] = [];
  const linear = await learnLinear(rows, labels, plan.epochs.linear, how);
  models.push(report(context, linear));
  linear.close();
  let best: FeatureSpace | undefined;
  let main = "";
  for (const recipe of [
    mlpRecipe(rows, plan.epochs.mlp, plan.width),
    cnnRecipe(rows, plan.epochs.cnn, plan.width, plan.stages),
  ]) {
    const learned = await learn(recipe, rows, labels, how);
    try {
      best = await featureSpace(learned, data, split, plan.ks, { threads, signal, onProgress });
      main = recipe.name;
      models.push(report(context, learned, best));
    } finally {
      learned.close();
    }
  }
  return { models, main, best: best! };
}

function report(
  { options: { log }, data, split }: Context,
  learned: Omit<Learned, "features" | "save">,
  space?: FeatureSpace,
): ModelFindings {
  const { recipe, parameters, trainSeconds, cpuSeconds } = learned;
  const held = gather(data.train, split.validate);
  const found: ModelFindings = {
    ...{ name: recipe.name, layers: recipe.layers, parameters, epochs: recipe.epochs },
    width: space?.space.base.cols,
    ...{ trainSeconds, cpuSeconds },
    validation: learned.accuracy(
      held,
      split.validate.map((i) => data.trainLabels[i]!),
    ),
    test: learned.accuracy(data.test, data.testLabels),
    ...(space === undefined ? {} : { neighbours: space.byMetric[0]! }),
  };
  const near = found.neighbours;
  const also =
    near === undefined
      ? ""
      : `; ${near.k}-NN by ${near.metric} among ${found.width} features ${share(near.test)}`;
  log(
    `  ${found.name}: itself ${share(found.test)}${also} (${found.epochs} epochs, ${seconds(cpuSeconds)} of CPU)`,
  );
  return found;
}

/** Part C: networks alike but for the number of features. */
async function widthPart(context: Context): Promise<WidthFindings[]> {
  const { options, plan, data, split, threads } = context;
  const { seed, log, signal, onProgress } = options;
  if (plan.widths.length === 0) return [];
  heading(log, "C. Neighbours among features of several widths");
  const rows = gather(data.train, split.learn);
  const labels = split.learn.map((i) => data.trainLabels[i]!);
  const out: WidthFindings[] = [];
  for (const width of plan.widths) {
    const recipe = cnnRecipe(rows, plan.widthEpochs, width, STAGES.small);
    const learned = await learn(recipe, rows, labels, { seed, threads, signal, onProgress });
    try {
      const run = { threads, signal, onProgress };
      const { byMetric } = await featureSpace(learned, data, split, plan.ks, run);
      const inOrder = ["cosine", "l2"].map((metric) => byMetric.find((each) => each.metric === metric)!);
      out.push({ width, epochs: recipe.epochs, cpuSeconds: learned.cpuSeconds, byMetric: inOrder });
      const found = inOrder.map((each) => `${each.metric} ${share(each.test)} (k = ${each.k})`);
      log(`  ${String(width).padStart(3)} features: ${found.join(", ")}`);
    } finally {
      learned.close();
    }
  }
  return out;
}

/** Part D: the features that do best, through the same indexes. */
async function searchPart(context: Context, { space }: FeatureSpace): Promise<SpaceSearch> {
  heading(context.options.log, "D. Search among features");
  const { base, queries } = space;
  const scaled = { ...space, base: unitRows(base), queries: unitRows(queries) };
  const title = { name: "learned", title: "Learned features", note: "Features of length 1." };
  return searched(context, title, scaled);
}

async function searched(
  { options, plan, threads }: Context,
  title: { name: string; title: string; note: string },
  space: LabelledSpace,
): Promise<SpaceSearch> {
  const { seed, log, signal, onProgress } = options;
  const { timed, points, rounds } = plan;
  const specs = searchedSpecs(space.base.rows, space.base.cols);
  const how = { seed, threads, signal, onProgress, timed, points, rounds, specs, k: 10 };
  return searchSpace(title, space, how, ({ index, chosen, buildSeconds }, accuracy) => {
    const found = `recall ${share(chosen.recall, 3)}  ${qps(chosen.qps).padStart(7)} a second`;
    log(`  ${index.padEnd(26)} ${found}  10-NN ${share(accuracy)}  built in ${seconds(buildSeconds)}`);
  });
}

/** Pixels beside features: speed, and what is taken for what. */
async function comparePart(context: Context, raw: RawPart, best: FeatureSpace, learned: SpaceSearch) {
  const { options, plan, threads } = context;
  const { log, signal, onProgress } = options;
  const { metric, k } = best.byMetric[0]!;
  const run = { threads, signal, onProgress };
  const { accuracy, told } = await testAccuracy(best.space, metric, plan.ks, k, run);
  const truth = Array.from(raw.space.queryLabels);
  const comparison = compared(raw.search, learned);
  heading(log, "Features against pixels, at recall 0.95");
  for (const each of comparison) log(`  ${each.learned.padEnd(26)} ${times(each.faster)} as fast`);
  const right = (list: readonly number[], i: number): boolean => list[i] === truth[i];
  return {
    accuracy,
    comparison,
    confusion: { raw: confusionMatrix(truth, raw.told), learned: confusionMatrix(truth, told) },
    changed: {
      repaired: truth.filter((_, i) => !right(raw.told, i) && right(told, i)).length,
      spoiled: truth.filter((_, i) => right(raw.told, i) && !right(told, i)).length,
    },
    shown: await pictured(context, raw.space, best, told),
  };
}

/** Maps of both spaces, and the surest mistakes among the features. */
async function pictured(
  { options, plan, threads }: Context,
  pixels: LabelledSpace,
  { space, byMetric }: FeatureSpace,
  told: readonly number[],
) {
  const { signal, onProgress, seed, quick } = options;
  const { metric, k } = byMetric[0]!;
  const run = { threads, signal, onProgress };
  const spaces = [
    { name: "Pixels", space: pixels, metric: "l2" as const },
    { name: "Features", space, metric },
  ];
  const set = pictureSet();
  const wrong = await surestMistakes(spaces[1]!, told, k, plan.mistakes, run);
  const of = new Map(wrong.map((mistake) => [mistake.query, mistake]));
  const says = (query: number): { name: string; says: string } => {
    const { truth, told: other, share: part } = of.get(query)!;
    const votes = `told to be ${FASHION_CLASSES[other]} by ${Math.round(part * k)} of ${k}`;
    return { name: FASHION_CLASSES[truth]!, says: votes };
  };
  const queries = wrong.map(({ query }) => query);
  const look = { classes: FASHION_CLASSES, set, signal };
  const mistakes = await pictureNeighbours(spaces, queries, 10, says, look);
  const shown = Array.from({ length: Math.min(plan.mapped, pixels.queries.rows) }, (_, i) => i);
  const maps: { svg: string; caption: string }[] = [];
  for (const { name, space, metric } of spaces) {
    const how = { metric, by: quick ? "pca" : "umap", classes: FASHION_CLASSES, seed, ...run } as const;
    maps.push({
      svg: await classMap(`${name} as a map`, gather(space.queries, shown), pixels.queryLabels, how),
      caption: `${name}: each dot is a test picture, coloured by its true label. Labels took no part in drawing it.`,
    });
  }
  return { size: FASHION_SIDE, pictures: picturesOf(set, pixels, greyPicture), mistakes, maps };
}

function compared(raw: SpaceSearch, learned: SpaceSearch): SearchComparison[] {
  return raw.study.rows.map((row, i) => {
    const other = learned.study.rows[i]!;
    return {
      ...{ raw: row.index, learned: other.index },
      ...{ rawQps: row.chosen.qps, learnedQps: other.chosen.qps },
      ...{ rawRecall: row.chosen.recall, learnedRecall: other.chosen.recall },
      faster: other.chosen.qps / row.chosen.qps,
      rawAccuracy: raw.accuracy[row.index]!,
      learnedAccuracy: learned.accuracy[other.index]!,
    };
  });
}

/** Dark on white, as the digits are shown. */
function greyPicture(pixels: Float32Array): Uint8Array {
  const rgb = new Uint8Array(pixels.length * 3);
  for (const [i, value] of pixels.entries()) rgb.fill(255 - value, 3 * i, 3 * i + 3);
  return rgb;
}
