import { stat } from "node:fs/promises";
import { Command } from "commander";
import { createTape } from "../../autodiff/index.ts";
import { VicinalError } from "../../core/index.ts";
import { WRITABLE_FORMATS, type WritableFormat, writeVectorFile } from "../../data/index.ts";
import { readThreads, requireOptions } from "../arguments.ts";
import { checkOutput, fileProblem } from "../inputs.ts";
import { checkFits, readModel } from "../models.ts";
import { formatBytes, formatCount, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { type RowsInput, readOpenTable } from "../rows.ts";
import { replaceFile } from "../write.ts";

interface EmbedFlags {
  model: string;
  input: string;
  out: string;
  keys?: string;
  threads?: number;
  json?: boolean;
}

/** Formats that hold keys beside the vectors. */
const KEYED = new Set<WritableFormat>(["csv", "jsonl"]);
const FORMATS = WRITABLE_FORMATS.filter((format) =>
  ["npy", "fvecs", "fbin", "csv", "jsonl"].includes(format),
);

export function embedCommand(): Command {
  return new Command("embed")
    .description("map pictures or vectors to the features of a trained model")
    .option("--model <file>", "a model made by vicinal train")
    .option("--input <path>", "a folder of pictures, or a file of vectors")
    .option("--out <file>", `the features: ${FORMATS.map((format) => `.${format}`).join(", ")}`)
    .option("--keys <file>", "where keys go, one a line (default: beside --out, as NAME.keys.txt)")
    .option("--threads <n>", "worker threads", readThreads)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Keys are the names of pictures below the folder, or those that the file of vectors has; .csv and .jsonl
hold them themselves.

Examples:
  vicinal embed --model photos.safetensors --input photos/ --out photos.npy
  vicinal build --input photos.npy --ids photos.keys.txt --metric cosine --index HNSW16 --out photos.vic`,
    )
    .action(runEmbed);
}

async function runEmbed(flags: EmbedFlags): Promise<void> {
  requireOptions(flags, ["model", "input", "out"]);
  const format = formatOf(flags.out);
  await checkOutput(flags.out);
  if (flags.keys !== undefined) await checkOutput(flags.keys);
  const summary = await withReporter(flags, async ({ signal, onProgress }) => {
    const tape = createTape({ threads: flags.threads ?? 1 });
    try {
      const model = await readModel(flags.model, tape);
      const shape = model.facts.pictures ?? { size: 32, grey: false };
      const input = await readOpenTable(flags.input, model.facts.label, shape, { signal, onProgress });
      checkFits(model, input);
      const start = performance.now();
      const features = await model.encoder.encodeAsync(input.rows, { signal, onProgress });
      const seconds = (performance.now() - start) / 1000;
      const keys = await write(flags, format, input, features);
      return {
        ...{ out: flags.out, n: features.rows, d: features.cols, seconds },
        ...(keys === undefined ? {} : { keys }),
        fileBytes: (await stat(flags.out)).size,
      };
    } finally {
      tape.dispose();
    }
  });
  if (flags.json) {
    writeJson(summary);
    return;
  }
  const { n, d, seconds, out, keys, fileBytes } = summary;
  writeLine(`${formatCount(n)} rows of ${formatCount(d)} features in ${seconds.toFixed(2)} s`);
  writeLine(`wrote ${out} (${formatBytes(fileBytes)})${keys === undefined ? "" : ` and ${keys}`}`);
}

/** Writes features and keys; answers where the keys are, if in a file of their own. */
async function write(
  { out, keys: wanted }: EmbedFlags,
  format: WritableFormat,
  { keys, path }: RowsInput,
  features: RowsInput["rows"],
): Promise<string | undefined> {
  if (wanted !== undefined && keys === undefined) {
    const rule = "keys of its own, or no --keys";
    throw new VicinalError("BAD_INPUT", { what: path, got: "rows without keys", rule });
  }
  const inside = KEYED.has(format) && keys !== undefined;
  try {
    await writeVectorFile(out, features, { ...(inside ? { keys: [...keys] } : {}) });
  } catch (error) {
    throw fileProblem(out, error);
  }
  if (keys === undefined || (inside && wanted === undefined)) return undefined;
  const file = wanted ?? `${out.replace(/\.[^./\\]+$/, "")}.keys.txt`;
  await replaceFile(file, keys.map((key) => `${key}\n`).join(""));
  return file;
}

function formatOf(out: string): WritableFormat {
  const found = FORMATS.find((format) => out.toLowerCase().endsWith(`.${format}`));
  if (found !== undefined) return found;
  const rule = `a name that ends in ${FORMATS.map((format) => `.${format}`).join(", ")}`;
  throw new VicinalError("OPTION_RANGE", { option: "--out", got: out, rule });
}
