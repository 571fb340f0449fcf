import { stat } from "node:fs/promises";
import { Command } from "commander";
import { replaceDataFile } from "#platform";
import { KNeighborsClassifier } from "../../apply/index.ts";
import { createTape, layers, type TrainReport } from "../../autodiff/index.ts";
import { oneOf, type RunOptions, VicinalError } from "../../core/index.ts";
import { gather } from "../../labs/rows.ts";
import {
  augmentImages,
  createEncoder,
  type Encoder,
  fitClassifierAsync,
  fitMetricAsync,
} from "../../learn/index.ts";
import { readNumber, readSeed, readThreads, readWhole, requireOptions } from "../arguments.ts";
import { checkpointOf, dropCheckpoint, readCheckpoint, saveCheckpoint } from "../checkpoints.ts";
import { checkOutput, fileProblem } from "../inputs.ts";
import { architectureFor, type Split, splitByClass } from "../learning.ts";
import { modelBytes } from "../models.ts";
import { formatBytes, formatCount, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { labelsOf, type RowsInput, readTable } from "../rows.ts";

const LOSSES = ["softmax", "triplet", "npair", "contrastive"] as const;
type Loss = (typeof LOSSES)[number];

interface TrainFlags {
  input: string;
  labels?: string;
  label?: string;
  encoder?: string;
  width: number;
  loss: string;
  epochs: number;
  batch?: number;
  learningRate?: number;
  size: number;
  grey?: boolean;
  augment?: boolean;
  validation: number;
  seed?: number;
  threads?: number;
  checkpointEvery?: number;
  resume?: boolean;
  out: string;
  json?: boolean;
}

export function trainCommand(): Command {
  return new Command("train")
    .description("learn an embedding in which neighbours share a class, from your pictures or vectors")
    .option("--input <path>", "a folder with one folder of pictures for each class, or a file of vectors")
    .option("--labels <file>", "classes of vectors: one a row")
    .option("--label <column>", "classes of vectors: a column of their own table")
    .option("--encoder <kind>", "cnn or mlp (default: cnn for pictures, mlp for vectors)")
    .option("--width <n>", "numbers that a picture or vector becomes", readWhole("--width", 1, 4096), 64)
    .option("--loss <name>", "softmax, triplet, npair or contrastive", "softmax")
    .option("--epochs <n>", "times through the input", readWhole("--epochs", 1, 1e6), 10)
    .option("--batch <n>", "rows a step (default 64)", readWhole("--batch", 2, 65_536))
    .option("--learning-rate <x>", "at the top of its rise and fall", readNumber("--learning-rate"))
    .option("--size <n>", "side to which pictures are stretched", readWhole("--size", 4, 256), 32)
    .option("--grey", "pictures in grey")
    .option("--no-augment", "pictures as they are, not shifted and mirrored at random")
    .option(
      "--validation <share>",
      "share of each class kept out of learning",
      readNumber("--validation"),
      0.1,
    )
    .option("--seed <s>", "seed", readSeed)
    .option("--threads <n>", "worker threads; any number gives the same model", readThreads)
    .option(
      "--checkpoint-every <n>",
      "steps between checkpoints (default: an epoch)",
      readWhole("--checkpoint-every", 1, 1e9),
    )
    .option("--resume", "go on from the checkpoint that an interrupted run left")
    .option("--out <file>", "the model, a safetensors file; replaced whole or not at all")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Ctrl-C leaves OUT.checkpoint; the same command with --resume ends as if it had not been stopped.

Examples:
  vicinal train --input photos/ --width 128 --epochs 30 --out photos.safetensors
  vicinal train --input iris.csv --label species --width 8 --loss triplet --out iris.safetensors --json
  vicinal embed --model photos.safetensors --input photos/ --out photos.npy
  vicinal build --input photos.npy --ids photos.keys.txt --metric cosine --index HNSW16 --out photos.vic`,
    )
    .action(runTrain);
}

async function runTrain(flags: TrainFlags): Promise<void> {
  requireOptions(flags, ["input", "out"]);
  const loss = oneOf("--loss", flags.loss, LOSSES);
  checkFlags(flags);
  await checkOutput(flags.out);
  const summary = await withReporter(flags, async (run) => {
    const shape = { size: flags.size, grey: flags.grey === true };
    const input = await readTable(flags.input, flags.label, shape, run);
    const labels = await labelsOf(input, flags);
    return learn(flags, loss, input, labels, run);
  });
  if (flags.json) writeJson(summary);
  else print(summary);
}

function checkFlags({ validation, learningRate, label, labels }: TrainFlags): void {
  if (label !== undefined && labels !== undefined) {
    throw new VicinalError("USAGE", { why: "--label and --labels both say the classes; give one of them." });
  }
  if (!(validation >= 0 && validation < 1)) {
    const rule = "a share, at least 0 and below 1";
    throw new VicinalError("OPTION_RANGE", { option: "--validation", got: validation, rule });
  }
  if (learningRate !== undefined && learningRate <= 0) {
    throw new VicinalError("OPTION_RANGE", { option: "--learning-rate", got: learningRate, rule: "above 0" });
  }
}

type Reporting = Required<RunOptions> & { note(text: string): void };

async function learn(
  flags: TrainFlags,
  loss: Loss,
  input: RowsInput,
  labels: readonly string[],
  run: Reporting,
) {
  const { seed = 1, threads = 1, width, out } = flags;
  const { rows, pictures } = input;
  const kind = oneOf("--encoder", flags.encoder ?? (pictures === undefined ? "mlp" : "cnn"), ["cnn", "mlp"]);
  const split = splitByClass(labels, flags.validation, seed);
  const learned = gather(rows, split.learn);
  const architecture = architectureFor({ kind, width, unit: loss !== "softmax" }, learned, pictures);
  const tape = createTape({ threads });
  const start = performance.now();
  try {
    const encoder = createEncoder(architecture, { tape, seed });
    const own = split.learn.map((row) => labels[row]!);
    const report = await trainOn(flags, loss, encoder, { rows: learned, labels: own, input }, run);
    const trainSeconds = (performance.now() - start) / 1000;
    const validation = await validate(encoder, rows, labels, split, run);
    const classes = [...new Set(labels)].sort();
    const facts = {
      ...{ classes, loss },
      ...(pictures === undefined ? {} : { pictures }),
      ...(pictures === undefined && flags.label !== undefined ? { label: flags.label } : {}),
    };
    await replaceDataFile(out, [modelBytes(encoder, facts)]).catch((error: unknown) => {
      throw fileProblem(out, error);
    });
    dropCheckpoint(checkpointOf(out));
    return {
      ...{ out, encoder: kind, width, loss, classes: classes.length, n: rows.rows, d: rows.cols },
      parameters: layers.parameterCount(encoder),
      ...{ epochs: report.epochs, steps: report.steps, finalLoss: report.loss },
      ...{ trainSeconds, resumed: flags.resume === true },
      ...(validation === undefined ? {} : { validation }),
      fileBytes: (await stat(out)).size,
    };
  } finally {
    tape.dispose();
  }
}

interface Lesson {
  readonly rows: RowsInput["rows"];
  readonly labels: readonly string[];
  readonly input: RowsInput;
}

async function trainOn(
  flags: TrainFlags,
  loss: Loss,
  encoder: Encoder,
  { rows, labels, input }: Lesson,
  { signal, onProgress, note }: Reporting,
): Promise<TrainReport> {
  const { epochs, batch = 64, learningRate, seed = 1, resume, out } = flags;
  const path = checkpointOf(out);
  const every = flags.checkpointEvery ?? Math.max(1, Math.ceil(rows.rows / batch));
  const options = {
    ...{ epochs, seed, signal, onProgress },
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(flags.augment === false || input.pictures === undefined ? {} : { augment: shaken(input) }),
    ...(resume === true ? { resume: readCheckpoint(path) } : {}),
    checkpoint: { every, save: (bytes: Uint8Array): void => saveCheckpoint(path, bytes) },
    onEpoch: (report: { epoch: number; loss: number }): void =>
      note(`epoch ${report.epoch + 1} of ${epochs}: loss ${report.loss.toFixed(4)}`),
  };
  if (loss === "softmax") {
    return (await fitClassifierAsync(encoder, rows, labels, { ...options, batch, smoothing: 0.05 })).report;
  }
  const perClass = 4;
  return fitMetricAsync(encoder, rows, labels, {
    ...options,
    loss: loss === "npair" ? "nPair" : loss,
    ...{ perClass, classes: Math.max(2, Math.floor(batch / perClass)) },
  });
}

/** Pictures shifted by up to a tenth of their side and mirrored at random. */
function shaken({ pictures }: RowsInput): ReturnType<typeof augmentImages> {
  const { size, grey } = pictures!;
  return augmentImages({ image: [size, size, grey ? 1 : 3], shift: size / 10, flip: true });
}

/** Neighbours that vote on rows kept out of learning. */
const VOTERS = 5;

/** How often neighbours among features tell the class of rows kept out of learning. */
async function validate(
  encoder: Encoder,
  rows: RowsInput["rows"],
  labels: readonly string[],
  { learn: known, held }: Split,
  { signal }: RunOptions,
): Promise<{ rows: number; k: number; metric: "cosine"; accuracy: number } | undefined> {
  if (held.length === 0) return undefined;
  const features = await encoder.encodeAsync(rows, signal === undefined ? {} : { signal });
  const classifier = new KNeighborsClassifier<string>({ k: VOTERS, metric: "cosine" });
  try {
    classifier.fit(
      gather(features, known),
      known.map((row) => labels[row]!),
    );
    const accuracy = classifier.score(
      gather(features, held),
      held.map((row) => labels[row]!),
    );
    return { rows: held.length, k: VOTERS, metric: "cosine", accuracy };
  } finally {
    classifier.close();
  }
}

function print(summary: Awaited<ReturnType<typeof learn>>): void {
  const { encoder, width, n, classes, loss, epochs, trainSeconds, validation, out, fileBytes } = summary;
  writeLine(
    `${encoder} of ${width} features learned from ${formatCount(n)} rows of ${formatCount(classes)} classes by ${loss}: ${epochs} epochs in ${trainSeconds.toFixed(1)} s`,
  );
  if (validation !== undefined) {
    writeLine(
      `${validation.k} nearest by ${validation.metric} tell ${validation.accuracy.toFixed(4)} of ${formatCount(validation.rows)} rows kept out of learning`,
    );
  }
  writeLine(`wrote ${out} (${formatBytes(fileBytes)})`);
}
