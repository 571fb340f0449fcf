import { stat } from "node:fs/promises";
import { Command } from "commander";
import {
  addNoise,
  type ColourMode,
  DENOISERS,
  type DenoiseImageOptions,
  type DenoisingNetwork,
  denoiseImage,
  type FloatImage,
} from "../../apply/index.ts";
import { oneOf, type RunOptions, VicinalError } from "../../core/index.ts";
import { psnr, ssim } from "../../evaluate/index.ts";
import { readNetworkFile } from "../../labs/denoise/networkFile.ts";
import { readNumber, readSeed, readWhole, requireOptions } from "../arguments.ts";
import { below, caption } from "../captions.ts";
import { beside, checkPictureName, readFloatPicture, writeFloatPicture } from "../floatPictures.ts";
import { checkOutput, fileProblem } from "../inputs.ts";
import { printable, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { writeTable } from "../table.ts";

interface DenoiseFlags {
  model: string;
  sigma?: number;
  clean?: string;
  noise?: number;
  seed: number;
  weights?: string;
  colour?: ColourMode;
  compare?: boolean;
  out: string;
  threads?: number;
  json?: boolean;
}

interface Quality {
  readonly psnr: number;
  readonly psnr8: number;
  readonly ssim?: number;
}

interface Estimate {
  readonly model: string;
  readonly seconds: number;
  readonly image: FloatImage;
  readonly denoised?: Quality;
}

/** The frozen form of the output: see schema/cli.schema.json. */
interface Answer {
  readonly model: string;
  readonly sigma: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly noise?: { readonly sigma: number; readonly seed: number };
  readonly seconds: number;
  readonly out: string;
  readonly fileBytes: number;
  readonly noisy?: Quality;
  readonly denoised?: Quality;
  readonly compare?: {
    readonly picture: string;
    readonly panels: readonly string[];
    readonly models: readonly Omit<Estimate, "image">[];
  };
}

const MODELS = DENOISERS.map(({ name }) => name);
const LEARNED = DENOISERS.filter(({ learned }) => learned).map(({ name }) => name);

export function denoiseCommand(): Command {
  return new Command("denoise")
    .description("estimate a picture without its noise")
    .argument("<input>", ".png (.jpg, .webp), or .npy of float32 in [0, 1]: height × width (× channels)")
    .option("--model <name>", `${MODELS.join(", ")}`)
    .option("--sigma <n>", "deviation of the noise, of intensities from 0 to 255", readNumber("--sigma"))
    .option("--clean <file>", "the picture without noise, to measure against")
    .option("--noise <sigma>", "add noise of that deviation to the input first", readNumber("--noise"))
    .option("--seed <n>", "seed of --noise", readSeed, 0)
    .option(
      "--colour <mode>",
      "of three colours: luminance (default without a network) or channels (default of networks)",
    )
    .option(
      "--weights <file>",
      `what a network has learned: ${LEARNED.join(", ")}; .safetensors, .pth, .t7, .pt, .mat`,
    )
    .option(
      "--compare",
      "run every model that has learned nothing, too: a table, and pictures beside one another in OUT.compare.png",
    )
    .option("--out <file>", "the estimate: .png (clipped, 8 bits) or .npy (float32, as it is)")
    .option("--threads <n>", "threads that work together", readWhole("--threads", 1, 64))
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Noise is added only by --noise: σ/255 times normal numbers of the seed, never clipped; the input then counts as clean
unless --clean says otherwise. Alpha stays.

Examples:
  vicinal denoise photo.png --model bm3d --sigma 15 --out smooth.png
  vicinal denoise clean.png --noise 25 --sigma 25 --model bm3d --compare --out estimate.npy`,
    )
    .action(runDenoise);
}

async function runDenoise(input: string, flags: DenoiseFlags): Promise<void> {
  requireOptions(flags, ["model", "sigma", "out"]);
  checkFlags(flags);
  await checkOutput(flags.out);
  if (flags.compare) await checkOutput(comparisonFile(flags.out));
  const answer = await withReporter(flags, ({ signal, onProgress }) =>
    denoiseFile(input, flags, { signal, onProgress }),
  );
  if (flags.json) writeJson(answer);
  else print(answer);
}

/** What can be refused before anything is read. */
function checkFlags({ model, sigma, noise, weights, colour, out }: DenoiseFlags): void {
  oneOf("--model", model, MODELS);
  if (colour !== undefined) oneOf("--colour", colour, ["luminance", "channels"]);
  for (const [option, got] of [
    ["--sigma", sigma],
    ["--noise", noise],
  ] as const) {
    if (got !== undefined && !(got >= 0 && got <= 255)) {
      throw new VicinalError("OPTION_RANGE", { option, got, rule: "a number from 0 to 255" });
    }
  }
  checkPictureName("--out", out);
  if (weights !== undefined && !LEARNED.includes(model)) {
    throw new VicinalError("USAGE", { why: `--weights is for networks; ${model} has learned nothing.` });
  }
  if (weights === undefined && LEARNED.includes(model)) {
    const why = `--model ${model} is a network; give the file of what it has learned as --weights (docs/denoise.md says where it is had).`;
    throw new VicinalError("USAGE", { why });
  }
}

async function readNetwork(path: string): Promise<DenoisingNetwork> {
  try {
    return await readNetworkFile(path);
  } catch (error) {
    throw fileProblem(path, error);
  }
}

async function denoiseFile(input: string, flags: DenoiseFlags, run: RunOptions): Promise<Answer> {
  const given = await readFloatPicture(input);
  const clean = await cleanOf(given, input, flags);
  const { noise, seed, model, out } = flags;
  const sigma = flags.sigma!;
  const noisy = noise === undefined ? given : withNoise(given, noise, seed);
  const estimates: Estimate[] = [];
  const network = flags.weights === undefined ? undefined : await readNetwork(flags.weights);
  const others = MODELS.filter((name) => name === model || !LEARNED.includes(name));
  for (const name of flags.compare ? others : [model]) {
    const own = LEARNED.includes(name) ? { network } : {};
    const mode = flags.colour === undefined ? {} : { colour: flags.colour };
    const threads = flags.threads ?? 1;
    const settings = { method: name, sigma, threads, ...mode, ...own, ...run } as DenoiseImageOptions;
    const start = performance.now();
    const image = await denoiseImage(noisy, settings);
    const seconds = (performance.now() - start) / 1000;
    estimates.push({ model: name, seconds, image, ...(clean && { denoised: qualityOf(image, clean) }) });
  }
  const chosen = estimates.find((each) => each.model === model)!;
  await writeFloatPicture(out, chosen.image);
  const { width, height, channels } = given;
  return {
    ...{ model, sigma, width, height, channels },
    ...(noise === undefined ? {} : { noise: { sigma: noise, seed } }),
    ...{ seconds: chosen.seconds, out, fileBytes: (await stat(out)).size },
    ...(clean && { noisy: qualityOf(noisy, clean), denoised: chosen.denoised! }),
    ...(flags.compare ? { compare: await writeComparison(out, clean, noisy, estimates) } : {}),
  };
}

/** The picture to measure against: that of --clean, or the input where noise is added to it. */
async function cleanOf(
  given: FloatImage,
  input: string,
  { clean, noise }: DenoiseFlags,
): Promise<FloatImage | undefined> {
  if (clean === undefined) return noise === undefined ? undefined : given;
  const image = await readFloatPicture(clean);
  const shape = (i: FloatImage): string => `${i.height} × ${i.width} × ${i.channels}`;
  if (shape(image) === shape(given)) return image;
  throw new VicinalError("BAD_INPUT", {
    what: clean,
    got: shape(image),
    rule: `${shape(given)}, as ${input}`,
  });
}

/** Channels that are no alpha. */
const colours = (channels: number): number => (channels > 2 ? 3 : 1);

function channel({ channels, data, width, height }: FloatImage, c: number): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) => data[i * channels + c]!);
}

function withNoise(image: FloatImage, sigma: number, seed: number): FloatImage {
  const { channels, data } = image;
  const many = colours(channels);
  if (many === channels) return { ...image, data: addNoise(data, sigma, seed) };
  const opaque = data.filter((_, i) => i % channels < many);
  const noisy = addNoise(opaque, sigma, seed);
  const mixed = data.map((v, i) => {
    const c = i % channels;
    return c < many ? noisy[((i - c) / channels) * many + c]! : v;
  });
  return { ...image, data: mixed };
}

/** Over all colours at once; structural similarity is their mean. */
function qualityOf(image: FloatImage, clean: FloatImage): Quality {
  const { width, height, channels } = clean;
  const many = colours(channels);
  const opaque = (data: Float32Array): Float32Array =>
    many === channels ? data : data.filter((_, i) => i % channels < many);
  const [a, b] = [opaque(image.data), opaque(clean.data)];
  const both = { psnr: psnr(a, b), psnr8: psnr(a, b, { rounded: true }) };
  if (Math.min(width, height) < 11) return both;
  let sum = 0;
  for (let c = 0; c < many; c++) {
    const shape = { rows: height, cols: width, stride: width };
    sum += ssim({ data: channel(image, c), ...shape }, { data: channel(clean, c), ...shape });
  }
  return { ...both, ssim: sum / many };
}

const comparisonFile = (out: string): string => `${out.replace(/\.[^./\\]+$/, "")}.compare.png`;

async function writeComparison(
  out: string,
  clean: FloatImage | undefined,
  noisy: FloatImage,
  estimates: readonly Estimate[],
): Promise<NonNullable<Answer["compare"]>> {
  const picture = comparisonFile(out);
  const first: [string, FloatImage][] = clean === undefined ? [] : [["clean", clean]];
  const panels: [string, FloatImage][] = [
    ...first,
    ["noisy", noisy],
    ...estimates.map(({ model, image }): [string, FloatImage] => [model, image]),
  ];
  const labelled = panels.map(([name, image]) => {
    const decibels = clean === undefined || image === clean ? undefined : qualityOf(image, clean).psnr;
    const says = decibels === undefined || !Number.isFinite(decibels) ? "" : `${decibels.toFixed(2)} dB`;
    return below(image, caption([name, says], image.width, image.channels));
  });
  await writeFloatPicture(picture, beside(labelled));
  const models = estimates.map(({ image: _, ...rest }) => rest);
  return { picture, panels: panels.map(([name]) => name), models };
}

function print(answer: Answer): void {
  const { model, width, height, sigma, seconds, out, noisy, denoised, compare } = answer;
  if (compare !== undefined) printTable(compare.models, noisy);
  const size = `${width} × ${height}`;
  writeLine(`${model}, σ ${sigma}: ${size} pixels in ${seconds.toFixed(2)} s`);
  if (noisy !== undefined && denoised !== undefined && compare === undefined) {
    writeLine(`PSNR ${noisy.psnr.toFixed(2)} dB before, ${denoised.psnr.toFixed(2)} dB after`);
  }
  writeLine(`wrote ${printable(out)}`);
  if (compare !== undefined) {
    writeLine(`wrote ${printable(compare.picture)}: ${compare.panels.join(" | ")}`);
  }
}

function printTable(models: NonNullable<Answer["compare"]>["models"], noisy: Quality | undefined): void {
  const right = "right" as const;
  const cells = (quality: Quality | undefined): string[] =>
    quality === undefined
      ? []
      : [quality.psnr.toFixed(2), quality.psnr8.toFixed(2), quality.ssim?.toFixed(4) ?? ""];
  const titles = noisy === undefined ? [] : ["PSNR (dB)", "PSNR, 8 bits", "SSIM"];
  const columns = [
    { title: "model" },
    { title: "seconds", align: right },
    ...titles.map((title) => ({ title, align: right })),
  ];
  const rows = [
    ...(noisy === undefined ? [] : [["(noisy)", "", ...cells(noisy)]]),
    ...models.map(({ model, seconds, denoised }) => [model, seconds.toFixed(2), ...cells(denoised)]),
  ];
  writeTable(columns, rows);
  writeLine();
}
