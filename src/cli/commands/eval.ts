import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { Command } from "commander";
import { parseMetric } from "../../core/index.ts";
import { readGroundTruth } from "../../data/index.ts";
import {
  type Evaluation,
  evaluate,
  evaluationReport,
  type Point,
  parseGrid,
  plotRecallQps,
  type TableColumn,
} from "../../evaluate/index.ts";
import {
  collect,
  readK,
  readNumber,
  readRecall,
  readSeed,
  readThreads,
  readWhole,
  requireOptions,
} from "../arguments.ts";
import { contestants } from "../contestants.ts";
import { checkOutput, readVectors } from "../inputs.ts";
import { formatBytes, formatCount, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { writeTable } from "../table.ts";
import { replaceFile } from "../write.ts";

interface EvalOptions {
  base: string;
  queries: string;
  truth?: string;
  metric: string;
  k: number;
  index: string[];
  param?: string[];
  build?: string[];
  targetRecall?: number;
  threads?: number;
  seed?: number;
  rounds?: number;
  epsilon?: number;
  plot?: string;
  json?: boolean;
}

export function evalCommand(): Command {
  return new Command("eval")
    .description("measure recall, speed, build time and memory of indexes on your vectors")
    .option("--base <file>", "vectors to index")
    .option("--queries <file>", "vectors to look for")
    .option("--truth <file>", "exact neighbours (.ivecs .npy .hdf5 …); computed when not given")
    .option("--metric <name>", "l2, l2sq, cosine, ip, l1, linf or hamming", "l2")
    .option("--k <n>", "neighbours a query", readK, 10)
    .option("--index <spec>", "index to measure, such as HNSW32,SQ8; repeatable", collect)
    .option(
      "--param <name=v1,v2>",
      "search parameter values to try, such as efSearch=20,40,80; repeatable",
      collect,
    )
    .option("--build <name=value>", "build parameter, such as efConstruction=200; repeatable", collect)
    .option(
      "--target-recall <r>",
      "also tune each index to this recall, on rows of the base hidden from their own search",
      readRecall,
    )
    .option("--threads <n>", "threads for builds and for an added batch measurement", readThreads)
    .option("--seed <s>", "seed of builds and samples", readSeed)
    .option("--rounds <n>", "timed passes, best counts", readWhole("--rounds", 1, 1000))
    .option(
      "--epsilon <e>",
      "slack on the k-th distance when judging recall (default 0.001)",
      readNumber("--epsilon"),
    )
    .option("--plot <file>", "write recall against queries per second as SVG")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Queries per second are of one query a call on one thread. A --param must be known to at least one
--index and is ignored by the others.

Examples:
  vicinal eval --base base.fvecs --queries query.fvecs --index Flat --index HNSW16 --param efSearch=20,40,80
  vicinal eval --base a.npy --queries b.npy --metric cosine --index HNSW32,SQ8 --target-recall 0.95 --json`,
    )
    .action(runEval);
}

async function runEval(options: EvalOptions): Promise<void> {
  requireOptions(options, ["base", "queries", "index"]);
  const metric = parseMetric(options.metric);
  const params = parseGrid(options.param ?? [], "--param");
  if (options.plot !== undefined) await checkOutput(options.plot);
  const evaluation = await withReporter(options, async ({ signal, onProgress }) => {
    const run = { signal, onProgress };
    const base = (await readVectors(options.base, "base", run)).data;
    const queries = (await readVectors(options.queries, "queries", run)).data;
    const truth = options.truth === undefined ? undefined : await readGroundTruth(options.truth);
    const { k, threads, seed, rounds, epsilon, targetRecall } = options;
    const entrants = contestants(options.index, { base, metric, build: options.build, seed });
    return await evaluate(base, queries, entrants, {
      ...run,
      ...{ metric, k, params, targetRecall, threads, truth, rounds, epsilon },
      truthThreads: availableParallelism(),
    });
  });
  if (options.plot !== undefined) await replaceFile(options.plot, plot(evaluation, options));
  if (options.json) writeJson(evaluationReport(evaluation));
  else print(evaluation, options);
}

function plot({ dataset, results }: Evaluation, options: EvalOptions): string {
  const { n, d, queries, metric, k } = dataset;
  return plotRecallQps(
    results.map(({ index, points, chosen }) => ({
      name: index,
      points: chosen ? [...points, chosen] : points,
    })),
    {
      title: `Recall and speed: ${basename(options.base)}`,
      subtitle: `${formatCount(n)} \u00d7 ${formatCount(d)}, ${metric}, ${formatCount(queries)} queries, one query a call on one thread`,
      k,
    },
  );
}

function print({ dataset, results }: Evaluation, options: EvalOptions): void {
  const { n, d, queries, metric, k } = dataset;
  writeLine(
    `${formatCount(n)} vectors of ${formatCount(d)} dimensions, ${metric}; ${formatCount(queries)} queries, k = ${k}`,
  );
  writeLine();
  const batch = options.threads !== undefined;
  const right = "right" as const;
  const columns: TableColumn[] = [
    { title: "index" },
    { title: "parameters" },
    { title: `recall@${k}`, align: right },
    { title: "QPS", align: right },
    ...(batch ? [{ title: `QPS \u00d7${options.threads}`, align: right }] : []),
    { title: "p50 ms", align: right },
    { title: "p99 ms", align: right },
    { title: "build s", align: right },
    { title: "memory", align: right },
  ];
  const rows = results.flatMap((result) => {
    const { points, chosen } = result;
    const all = chosen === undefined || points.includes(chosen) ? points : [...points, chosen];
    return all.map((point) => [
      result.index,
      settings(point, point === chosen),
      point.recall.toFixed(4),
      formatCount(point.qps),
      ...(batch ? [formatCount(point.batchQps ?? 0)] : []),
      point.p50Ms.toFixed(3),
      point.p99Ms.toFixed(3),
      result.buildSeconds.toFixed(2),
      formatBytes(result.bytes),
    ]);
  });
  writeTable(columns, rows);
  for (const { index, tuned } of results) {
    if (tuned === undefined || tuned.reached) continue;
    writeLine();
    writeLine(
      `${index} did not reach recall ${options.targetRecall} on held-out rows: ${tuned.recall.toFixed(4)} at the widest search.`,
    );
  }
  if (options.plot !== undefined) writeLine(`\nPlot: ${options.plot}`);
}

function settings({ params }: Point, isTuned: boolean): string {
  const all = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return isTuned && all.length > 0 ? `${all.join(" ")} (tuned)` : all.join(" ");
}
