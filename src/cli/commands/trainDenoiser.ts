import { stat } from "node:fs/promises";
import { Command } from "commander";
import {
  addNoise,
  denoiseAsync,
  dncnn,
  type FitDenoiserReport,
  fitDenoiserAsync,
  loadDenoisingNetwork,
  n3net,
  saveDenoisingNetwork,
} from "../../apply/index.ts";
import { createTape, type Layer, layers, type Tape } from "../../autodiff/index.ts";
import {
  createRng,
  type Matrix,
  oneOf,
  permutation,
  type RunOptions,
  VicinalError,
} from "../../core/index.ts";
import { psnr } from "../../evaluate/index.ts";
import { readNumber, readSeed, readThreads, readWhole, requireOptions } from "../arguments.ts";
import { checkpointOf, dropCheckpoint, readCheckpoint, saveCheckpoint } from "../checkpoints.ts";
import { readGreyFolder } from "../greyPictures.ts";
import { checkOutput } from "../inputs.ts";
import { formatBytes, formatCount, printable, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { replaceBytes } from "../write.ts";

const MODELS = ["n3net", "dncnn"] as const;
type Model = (typeof MODELS)[number];

interface TrainDenoiserFlags {
  input: string;
  model: string;
  sigma: number;
  width: number;
  depth?: number;
  steps: number;
  batch: number;
  crop: number;
  learningRate: number;
  validation: number;
  seed: number;
  threads: number;
  checkpointEvery: number;
  resume?: boolean;
  out: string;
  json?: boolean;
}

export function trainDenoiserCommand(): Command {
  return new Command("train-denoiser")
    .description("learn to take noise off pictures from a folder of pictures without any")
    .option("--input <dir>", "a folder of .png, .jpg, .webp or .npy pictures; colours count as grey")
    .option("--model <name>", "n3net (with neural nearest neighbours) or dncnn", "n3net")
    .option("--sigma <n>", "deviation of the noise, of intensities from 0 to 255", readNumber("--sigma"))
    .option("--width <n>", "channels between convolutions", readWhole("--width", 1, 256), 32)
    .option(
      "--depth <n>",
      "convolutions: of a dncnn (default 12), or of each of an n3net's three parts (default 4)",
      readWhole("--depth", 3, 64),
    )
    .option("--steps <n>", "steps", readWhole("--steps", 1, 1e8), 6000)
    .option("--batch <n>", "crops a step", readWhole("--batch", 1, 1024), 4)
    .option("--crop <n>", "side of a crop in pixels", readWhole("--crop", 16, 512), 64)
    .option("--learning-rate <x>", "at its highest", readNumber("--learning-rate"), 4e-3)
    .option(
      "--validation <share>",
      "share of the pictures kept out of learning, to measure on",
      readNumber("--validation"),
      0.05,
    )
    .option("--seed <s>", "seed", readSeed, 1)
    .option("--threads <n>", "worker threads; any number gives the same network", readThreads, 1)
    .option(
      "--checkpoint-every <n>",
      "steps between checkpoints",
      readWhole("--checkpoint-every", 1, 1e9),
      200,
    )
    .option("--resume", "go on from the checkpoint that an interrupted run left")
    .option("--out <file>", "the network, a safetensors file; replaced whole or not at all")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Each crop is turned and mirrored at random and gets noise of its own. Ctrl-C leaves OUT.checkpoint; the same command with
--resume ends as if it had not been stopped.

Examples:
  vicinal train-denoiser --input photos/ --sigma 25 --out n3net25.safetensors
  vicinal train-denoiser --input photos/ --sigma 25 --model dncnn --width 64 --depth 17 --threads 2 --out d.safetensors
  vicinal denoise photo.png --model n3net --weights n3net25.safetensors --sigma 25 --out smooth.png`,
    )
    .action(runTrainDenoiser);
}

async function runTrainDenoiser(flags: TrainDenoiserFlags): Promise<void> {
  requireOptions(flags, ["input", "sigma", "out"]);
  const model = oneOf("--model", flags.model, MODELS);
  checkFlags(flags);
  await checkOutput(flags.out);
  const summary = await withReporter(flags, async (run) => {
    const pictures = await readGreyFolder(flags.input, run);
    return learn(flags, model, pictures, run);
  });
  if (flags.json) writeJson(summary);
  else print(summary);
}

function checkFlags({ sigma, learningRate, validation }: TrainDenoiserFlags): void {
  const refuse = (option: string, got: number, rule: string): never => {
    throw new VicinalError("OPTION_RANGE", { option, got, rule });
  };
  if (!(sigma > 0 && sigma <= 255)) refuse("--sigma", sigma, "above 0 and at most 255");
  if (!(learningRate > 0 && learningRate <= 1)) refuse("--learning-rate", learningRate, "above 0, at most 1");
  if (!(validation >= 0 && validation < 1)) refuse("--validation", validation, "at least 0 and below 1");
}

/** Running statistics over some 20 steps: over the thousand of the papers short runs would end with those of their beginning. */
const MOMENTUM = 0.05;

function layerFor(tape: Tape, model: Model, depth: number, { width, seed }: TrainDenoiserFlags): Layer {
  const sizes = { features: width, depth, momentum: MOMENTUM, start: "identity", seed } as const;
  return model === "n3net" ? n3net(tape, sizes) : dncnn(tape, sizes);
}

type Reporting = Required<RunOptions> & { note(text: string): void };

async function learn(flags: TrainDenoiserFlags, model: Model, pictures: readonly Matrix[], run: Reporting) {
  const { sigma, width, seed, threads, out, resume } = flags;
  const depth = flags.depth ?? (model === "n3net" ? 4 : 12);
  const { known, held } = split(pictures, flags.validation, seed);
  const tape = createTape({ threads });
  const start = performance.now();
  try {
    const layer = layerFor(tape, model, depth, flags);
    const report = await trainOn(tape, layer, known, flags, run);
    const trainSeconds = (performance.now() - start) / 1000;
    const file = saveDenoisingNetwork(layer.parameters, { kind: model, sigma });
    const validation = held.length === 0 ? undefined : await validate(file, held, flags, run);
    await replaceBytes(out, file);
    dropCheckpoint(checkpointOf(out));
    return {
      ...{ out, model, sigma, width, depth, parameters: layers.parameterCount(layer) },
      ...{ pictures: pictures.length, steps: report.steps, finalLoss: report.loss },
      ...{ trainSeconds, resumed: resume === true },
      ...(validation === undefined ? {} : { validation }),
      fileBytes: (await stat(out)).size,
    };
  } finally {
    tape.dispose();
  }
}

/** Keeps a share of the pictures out of learning: at least one of three or more, unless none is wanted. */
function split(
  pictures: readonly Matrix[],
  share: number,
  seed: number,
): { known: readonly Matrix[]; held: readonly Matrix[] } {
  const most = pictures.length < 3 || share === 0 ? 0 : pictures.length - 1;
  const count = Math.min(most, Math.max(1, Math.round(share * pictures.length)));
  const order = [...permutation(pictures.length, createRng(seed, "pictures held out"))];
  const out = new Set(order.slice(0, count));
  return { known: pictures.filter((_, i) => !out.has(i)), held: pictures.filter((_, i) => out.has(i)) };
}

/** Steps between two lines of the account. */
const NOTE_EVERY = 100;

function trainOn(
  tape: Tape,
  layer: Layer,
  pictures: readonly Matrix[],
  flags: TrainDenoiserFlags,
  { signal, onProgress, note }: Reporting,
): Promise<FitDenoiserReport> {
  const { sigma, steps, batch, crop, learningRate, seed, resume, out } = flags;
  const path = checkpointOf(out);
  let sum = 0;
  return fitDenoiserAsync(tape, layer, pictures, {
    ...{ sigma, steps, batch, crop, learningRate, seed, signal, onProgress },
    checkpoint: { every: flags.checkpointEvery, save: (bytes) => saveCheckpoint(path, bytes) },
    ...(resume === true ? { resume: readCheckpoint(path) } : {}),
    onStep({ step, loss }) {
      sum += loss;
      if ((step + 1) % NOTE_EVERY !== 0) return;
      note(`step ${step + 1} of ${steps}: ${decibels(sum / NOTE_EVERY)} dB on crops`);
      sum = 0;
    },
  });
}

const decibels = (squared: number): string => (-10 * Math.log10(squared)).toFixed(2);

/** Mean PSNR of pictures with noise of their own seeds, and of the estimates without. */
async function validate(
  file: Uint8Array,
  pictures: readonly Matrix[],
  { sigma, model, threads }: TrainDenoiserFlags,
  { signal, onProgress }: Reporting,
): Promise<{ pictures: number; noisy: number; denoised: number }> {
  const network = loadDenoisingNetwork(file);
  const method = model as Model;
  let [before, after] = [0, 0];
  for (const [i, clean] of pictures.entries()) {
    const noisy = { ...clean, data: addNoise(clean.data, sigma, i) };
    const estimate = await denoiseAsync(noisy, {
      method,
      sigma,
      network,
      threads: Math.min(threads, 64),
      signal,
    });
    before += psnr(noisy.data, clean.data) / pictures.length;
    after += psnr(estimate.data, clean.data) / pictures.length;
    onProgress({ phase: "measure", done: i + 1, total: pictures.length });
  }
  return { pictures: pictures.length, noisy: before, denoised: after };
}

function print(summary: Awaited<ReturnType<typeof learn>>): void {
  const { model, sigma, parameters, pictures, steps, trainSeconds, validation, out, fileBytes } = summary;
  writeLine(
    `${model} of ${formatCount(parameters)} parameters learned σ ${sigma} from ${formatCount(pictures)} pictures: ${formatCount(steps)} steps in ${trainSeconds.toFixed(1)} s`,
  );
  if (validation !== undefined) {
    const { noisy, denoised, pictures: held } = validation;
    writeLine(
      `PSNR of ${formatCount(held)} pictures kept out of learning: ${noisy.toFixed(2)} dB before, ${denoised.toFixed(2)} dB after`,
    );
  }
  writeLine(`wrote ${printable(out)} (${formatBytes(fileBytes)})`);
}
