import { stat } from "node:fs/promises";
import { Command } from "commander";
import {
  type Matrix,
  type Metric,
  parseMetric,
  type RunOptions,
  type Scalars,
  VicinalError,
} from "../../core/index.ts";
import { type Tuned, tunedSetting } from "../../evaluate/index.ts";
import type { Index, Key } from "../../indexes/contract.ts";
import { parseSpec } from "../../indexes/index.ts";
import { collect, readK, readRecall, readSeed, readThreads, requireOptions } from "../arguments.ts";
import { contestants } from "../contestants.ts";
import { checkOutput, readVectors } from "../inputs.ts";
import { readKeyFile } from "../keys.ts";
import { formatBytes, formatCount, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { buildStreamed } from "../streamed.ts";

interface BuildFlags {
  input: string;
  index: string;
  metric: string;
  ids?: string;
  build?: string[];
  targetRecall?: number;
  k: number;
  threads?: number;
  seed?: number;
  stream?: boolean;
  out: string;
  json?: boolean;
}

interface Built {
  index: Index;
  seconds: number;
}

export function buildCommand(): Command {
  return new Command("build")
    .description("build an index over your vectors and write it to a file")
    .option("--input <file>", "vectors; keys and metadata of .csv, .jsonl and word vectors are kept")
    .option("--index <spec>", "kind of index: Flat, HNSW32, HNSW32,SQ8, HNSW32,SQ7,Refine, Auto")
    .option("--metric <name>", "l2, l2sq, cosine, ip, l1, linf or hamming", "l2")
    .option("--ids <file>", "keys: text with one a line, or .npy of whole numbers (default: row numbers)")
    .option("--build <name=value>", "build parameter, such as efConstruction=200; repeatable", collect)
    .option("--target-recall <r>", "tune the search to this recall and keep it in the file", readRecall)
    .option("--k <n>", "neighbours a query that --target-recall is for", readK, 10)
    .option("--threads <n>", "worker threads", readThreads)
    .option("--seed <s>", "seed", readSeed)
    .option("--stream", "read the input in blocks, so that it may be larger than memory")
    .option("--out <file>", "the index file; replaced whole or not at all")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  vicinal build --input glove.txt.gz --index HNSW32,SQ8 --metric cosine --out words.vic
  vicinal build --input base.fvecs --index Auto --target-recall 0.98 --out base.vic --json`,
    )
    .action(runBuild);
}

async function runBuild(flags: BuildFlags): Promise<void> {
  requireOptions(flags, ["input", "index", "out"]);
  const metric = parseMetric(flags.metric);
  if (flags.stream) checkStream(flags);
  await checkOutput(flags.out);
  const summary = await withReporter(flags, async ({ signal, onProgress }) => {
    const { targetRecall, k } = flags;
    const run = { signal, onProgress };
    const { index, seconds } = await (flags.stream ? buildInBlocks : buildWhole)(flags, metric, run);
    try {
      const tuned = targetRecall === undefined ? undefined : await tunedSetting(index, targetRecall, k, run);
      await index.save(flags.out, run);
      return await summarize(index, flags, seconds, tuned);
    } finally {
      index.close();
    }
  });
  if (flags.json) writeJson(summary);
  else print(summary);
}

/** The index over the whole input, read first. */
async function buildWhole(flags: BuildFlags, metric: Metric, run: RunOptions): Promise<Built> {
  const table = await readVectors(flags.input, "base", run);
  const base = table.data;
  const keys = flags.ids === undefined ? table.keys : await readKeyFile(flags.ids);
  if (keys !== undefined && keys.length !== base.rows) {
    throw new VicinalError("BAD_INPUT", {
      what: flags.ids ?? flags.input,
      got: `${keys.length} keys`,
      rule: `one for each of the ${base.rows} rows of ${flags.input}`,
    });
  }
  const { seed, targetRecall, k, threads = 1 } = flags;
  const [maker] = contestants([flags.index], {
    ...{ base, metric, build: flags.build, seed },
    keys: keys as Key[] | undefined,
    metadata: table.metadata,
  });
  const start = performance.now();
  const index = await maker!.build(base, { ...run, threads, k, targetRecall });
  return { index, seconds: (performance.now() - start) / 1000 };
}

/** The index filled block by block; the time includes reading. */
async function buildInBlocks(flags: BuildFlags, metric: Metric, run: RunOptions): Promise<Built> {
  const { input, ids, seed, threads = 1 } = flags;
  const keys = ids === undefined ? undefined : ((await readKeyFile(ids)) as Key[]);
  const make = (base: Matrix<Scalars>): Index =>
    contestants([flags.index], { base, metric, build: flags.build, seed })[0]!.probe();
  const start = performance.now();
  const index = await buildStreamed(input, make, { ...run, threads, keys, keysFrom: ids });
  return { index, seconds: (performance.now() - start) / 1000 };
}

/** Refuses what has to see all vectors at once. */
function checkStream(flags: BuildFlags): void {
  const rule = "it has to see all vectors at once; leave out --stream";
  if (flags.targetRecall !== undefined) {
    throw new VicinalError("UNSUPPORTED", { what: "--target-recall with --stream", rule });
  }
  if (parseSpec(flags.index).kind === "Auto") {
    throw new VicinalError("UNSUPPORTED", { what: "Auto with --stream", rule });
  }
}

async function summarize(index: Index, flags: BuildFlags, buildSeconds: number, tuned: Tuned | undefined) {
  return {
    out: flags.out,
    index: index.spec,
    metric: index.metric,
    n: index.size,
    d: index.dimension,
    buildSeconds,
    bytes: index.stats().memory.total,
    fileBytes: (await stat(flags.out)).size,
    ...(tuned === undefined ? {} : { chosen: { ...tuned, params: { ...tuned.params } } }),
  };
}

function print(summary: Awaited<ReturnType<typeof summarize>>): void {
  const { out, index, n, d, metric, buildSeconds, bytes, fileBytes, chosen } = summary;
  writeLine(`${index} over ${formatCount(n)} vectors of ${formatCount(d)} dimensions, ${metric}`);
  writeLine(`built in ${buildSeconds.toFixed(2)} s; ${formatBytes(bytes)} in memory`);
  if (chosen !== undefined) {
    const params = Object.entries(chosen.params).map(([name, value]) => `${name}=${value}`);
    const range = `${chosen.recall.toFixed(4)} (95 % interval ${chosen.low.toFixed(4)} to ${chosen.high.toFixed(4)})`;
    const missed = chosen.reached ? "" : "; the target was not reached";
    writeLine(
      `recall on held-out rows ${range}${params.length > 0 ? ` with ${params.join(" ")}` : ""}${missed}`,
    );
  }
  writeLine(`wrote ${out} (${formatBytes(fileBytes)})`);
}
