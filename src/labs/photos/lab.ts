import { createRng, type Matrix, permutation } from "../../core/index.ts";
import { evaluateRetrieval } from "../../evaluate/index.ts";
import { augmentImages, inputScaling } from "../../learn/index.ts";
import { beginLab } from "../begin.ts";
import { pictureNeighbours, picturesOf } from "../fashion/mistakes.ts";
import { type Learned, learn, type Recipe } from "../learned.ts";
import { machine, machineLine, workThreads } from "../machine.ts";
import { accuracyOfNeighbours, bestOf, type LabelledSpace } from "../neighbourAccuracy.ts";
import { count, seconds, share } from "../numbers.ts";
import type { LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { heading } from "../print.ts";
import { photosPage } from "../report/photos.ts";
import { pictureSet } from "../report/pictureRows.ts";
import { writeReport } from "../report/write.ts";
import { gather } from "../rows.ts";
import { loadPhotos, PHOTO_CLASSES, PHOTO_SIDE, type PhotoData } from "./data.ts";
import type { PhotoSpaceFindings, PhotosLabResults } from "./results.ts";

const KS = [1, 3, 5, 10, 20, 50];
const WIDTH = 128;
/** Photographs shown for each label, with their neighbours. */
const SHOWN = 1;

/** Rows of the training set that are learned from, and those that choices are made on. */
interface Split {
  readonly learn: readonly number[];
  readonly validate: readonly number[];
}

interface Context {
  readonly options: ResolvedLabOptions;
  readonly data: PhotoData;
  readonly split: Split;
  readonly threads: number;
}

/**
 * Photographs beside their nearest: by pixels, and by the 128 features that a small network learns, under cosine.
 *
 * @throws VicinalError DATASET_MISSING, FORMAT, FILE, OPTION_RANGE, OPTION_UNKNOWN; the abort's reason
 */
export async function runPhotosLab(given: LabOptions = {}): Promise<LabResult<PhotosLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress } = options;
  const data = await loadPhotos(options);
  const split = splitPhotos(data, seed);
  const context = { options, data, split, threads: workThreads() };
  const here = machine();
  log(machineLine(here));
  log(`Photographs: ${count(data.train.rows)} to search, ${count(data.test.rows)} to ask for.`);

  const rows = gather(data.train, split.learn);
  const labels = split.learn.map((i) => data.trainLabels[i]!);
  const recipe = photoRecipe(rows, quick ? 2 : 30);
  heading(log, "Neighbours by pixels");
  const pixels = await findings(context, "Pixels", pixelSpace(data), "l2");
  heading(log, `Learning ${WIDTH} features`);
  const learned = await learn(recipe, rows, labels, { seed, threads: context.threads, signal, onProgress });
  try {
    const space = await learnedSpace(data, learned);
    const network = describe(context, learned);
    log(`  itself ${share(network.test, 3)} of the test photographs (${seconds(network.cpuSeconds)} of CPU)`);
    heading(log, "Neighbours by features");
    const features = await findings(context, "Learned features", space, "cosine");
    const shown = await sheet(context, space);
    const results: PhotosLabResults = {
      ...{ lab: "photos", machine: here, seed, quick, threads: context.threads },
      seconds: (performance.now() - start) / 1000,
      ...{ train: data.train.rows, validation: split.validate.length, test: data.test.rows },
      ...{ classes: PHOTO_CLASSES, network, spaces: [pixels, features] },
      neighbours: shown.rows.map(({ picture: _, ...rest }) => rest),
    };
    return await writeReport(options.out, photosPage(results, shown), results);
  } finally {
    learned.close();
  }
}

function splitPhotos({ train }: PhotoData, seed: number): Split {
  const order = [...permutation(train.rows, createRng(seed, "photos validation"))];
  const held = Math.floor(train.rows / 10);
  const ascending = (rows: number[]): number[] => rows.sort((a, b) => a - b);
  return { learn: ascending(order.slice(held)), validate: ascending(order.slice(0, held)) };
}

function photoRecipe(rows: Matrix<Float32Array>, epochs: number): Recipe {
  const stages = [32, 64, 128];
  const image = [PHOTO_SIDE, PHOTO_SIDE, 3] as const;
  return {
    name: "CNN",
    layers: `3 × 3 convolutions to ${stages.join(", ")} channels, pooled after each, ${WIDTH} features, ${PHOTO_CLASSES.length} classes`,
    architecture: {
      ...{ kind: "cnn", image, stages, width: WIDTH, ...inputScaling(rows, 3) },
      ...{ normalise: true, activation: "relu" },
    },
    ...{ epochs, batch: 64, learningRate: 3e-3, weightDecay: 0.05, smoothing: 0.05 },
    augment: augmentImages({ image, shift: 4, flip: true, cutout: 8, brightness: 0.1, contrast: 0.2 }),
  };
}

const pixelSpace = ({ train, trainLabels, test, testLabels }: PhotoData): LabelledSpace => ({
  ...{ base: train, baseLabels: trainLabels, queries: test, queryLabels: testLabels },
});

async function learnedSpace(
  { train, trainLabels, test, testLabels }: PhotoData,
  learned: Learned,
): Promise<LabelledSpace> {
  const [base, queries] = [await learned.features(train), await learned.features(test)];
  return { base, baseLabels: trainLabels, queries, queryLabels: testLabels };
}

function describe({ data, split }: Context, learned: Learned): PhotosLabResults["network"] {
  const { recipe, parameters, trainSeconds, cpuSeconds } = learned;
  const held = split.validate.map((i) => data.trainLabels[i]!);
  return {
    ...{ layers: recipe.layers, parameters, width: WIDTH, epochs: recipe.epochs, trainSeconds, cpuSeconds },
    validation: learned.accuracy(gather(data.train, split.validate), held),
    test: learned.accuracy(data.test, data.testLabels),
  };
}

/** Accuracy and retrieval in one space; k is chosen on photographs kept out of learning. */
async function findings(
  { options, split, threads }: Context,
  name: string,
  space: LabelledSpace,
  metric: "l2" | "cosine",
): Promise<PhotoSpaceFindings> {
  const { log, signal, onProgress } = options;
  const run = { metric, threads, signal, onProgress };
  const held: LabelledSpace = {
    base: gather(space.base, split.learn),
    baseLabels: split.learn.map((i) => space.baseLabels[i]!),
    queries: gather(space.base, split.validate),
    queryLabels: split.validate.map((i) => space.baseLabels[i]!),
  };
  const { k } = bestOf((await accuracyOfNeighbours(held, KS, run)).rows);
  const accuracy = (await accuracyOfNeighbours(space, KS, run)).rows;
  const chosen = accuracy.find((each) => each.k === k)!;
  const scores = await evaluateRetrieval(space.queries, Array.from(space.queryLabels), {
    ...{ gallery: space.base, galleryLabels: Array.from(space.baseLabels), metric, threads, cluster: false },
    ...(signal === undefined ? {} : { signal }),
  });
  const { recall, mapAtR, rPrecision } = scores;
  log(
    `  ${k}-NN ${share(chosen.accuracy, 3)}  recall@1 ${share(recall[1]!, 3)}  recall@10 ${share(recall[10]!, 3)}  MAP@R ${share(mapAtR, 3)}`,
  );
  return { name, dimension: space.base.cols, metric, accuracy, chosen, recall, mapAtR, rPrecision };
}

/** The first test photograph of each label with its nearest in both spaces. */
async function sheet({ options: { signal }, data }: Context, learned: LabelledSpace) {
  const queries = PHOTO_CLASSES.flatMap((_, label) =>
    Array.from(data.testLabels.keys())
      .filter((i) => data.testLabels[i] === label)
      .slice(0, SHOWN),
  );
  const set = pictureSet();
  const rows = await pictureNeighbours(
    [
      { name: "Pixels", space: pixelSpace(data), metric: "l2" },
      { name: "Features", space: learned, metric: "cosine" },
    ],
    queries,
    10,
    (query) => ({ name: PHOTO_CLASSES[data.testLabels[query]!]!, says: `test photograph ${count(query)}` }),
    { classes: PHOTO_CLASSES, set, signal },
  );
  const pictures = picturesOf(set, { base: data.train, queries: data.test }, (pixels) =>
    Uint8Array.from(pixels),
  );
  return { size: PHOTO_SIDE, pictures, rows };
}
