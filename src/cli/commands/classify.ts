import { Command } from "commander";
import { type KChoice, KNeighborsClassifier } from "../../apply/index.ts";
import { createTape } from "../../autodiff/index.ts";
import { oneOf, parseMetric, type RunOptions, VicinalError } from "../../core/index.ts";
import { parseSpec } from "../../indexes/parts/spec.ts";
import {
  checkNames,
  collect,
  readK,
  readParams,
  readThreads,
  readWhole,
  requireOptions,
} from "../arguments.ts";
import { checkOutput } from "../inputs.ts";
import { checkFits, readModel } from "../models.ts";
import { printable, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { labelsOf, type RowsInput, readOpenTable, readTable } from "../rows.ts";
import { writeTable } from "../table.ts";

interface ClassifyFlags {
  train: string;
  queries: string;
  model?: string;
  label?: string;
  labels?: string;
  queryLabels?: string;
  k: string;
  weights: string;
  metric?: string;
  index: string;
  param?: string[];
  calibrate?: boolean;
  size: number;
  grey?: boolean;
  out?: string;
  threads?: number;
  json?: boolean;
}

interface Prediction {
  readonly id?: string | number;
  readonly label: string;
  readonly probability: number;
  readonly truth?: string;
}

/** The frozen form of the output: see schema/cli.schema.json. */
interface Answer {
  readonly index: string;
  readonly metric: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  readonly weights: string;
  readonly classes: readonly string[];
  readonly chosen?: readonly { readonly k: number; readonly accuracy: number }[];
  readonly accuracy?: number;
  readonly predictions: readonly Prediction[];
}

const WEIGHTS = ["uniform", "distance"] as const;
const PARAMS = ["efSearch", "nprobe", "rerank", "searchK", "maxLeaves"];
/** Rows left out, at most, to choose k by. */
const LEFT_OUT = 2000;

export function classifyCommand(): Command {
  return new Command("classify")
    .description("tell the class of rows by a vote of their nearest neighbours")
    .option(
      "--train <file>",
      "rows of known classes: a table, a file of vectors, or a folder of pictures by class",
    )
    .option("--label <column>", "column of the tables with the class")
    .option("--labels <file>", "file with one class a row of --train")
    .option("--queries <file>", "rows to classify, of the same kind")
    .option("--query-labels <file>", "file with the true class of each query, to measure accuracy")
    .option("--model <file>", "a model made by vicinal train: rows are compared by its features")
    .option("--k <n>", "neighbours that vote, or auto: chosen by leaving one out", "5")
    .option("--weights <w>", "uniform, or distance: votes count 1 / distance", "uniform")
    .option("--index <spec>", "index specification", "Flat")
    .option("--metric <m>", "metric (default: l2; with a model, cosine)")
    .option("--param <name=value>", "search parameter, such as efSearch=100; repeatable", collect)
    .option("--calibrate", "probabilities by the log loss of left-out rows, instead of shares of votes")
    .option("--size <n>", "pictures: side that each is stretched to", readWhole("--size", 1, 1024), 32)
    .option("--grey", "pictures: brightness instead of colour")
    .option("--out <file>", "keep the classifier, its index included, in a file")
    .option("--threads <n>", "worker threads", readThreads)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Classes of pictures are the folders in which they lie. Where tables of queries have the column too, accuracy is told.

Examples:
  vicinal classify --train iris.csv --label species --queries new.csv
  vicinal classify --train train.npy --labels y.txt --queries test.npy --query-labels truth.txt --k auto --json
  vicinal classify --train pictures/ --queries more-pictures/ --index HNSW16 --weights distance
  vicinal classify --model pictures.safetensors --train pictures/ --queries more-pictures/`,
    )
    .action(runClassify);
}

async function runClassify(flags: ClassifyFlags): Promise<void> {
  requireOptions(flags, ["train", "queries"]);
  const settings = checkFlags(flags);
  if (flags.out !== undefined) await checkOutput(flags.out);
  const answer = await withReporter(flags, ({ signal, onProgress }) =>
    classify(flags, settings, { ...(signal && { signal }), onProgress }),
  );
  if (flags.json) writeJson(answer);
  else print(answer);
}

/** What can be refused before anything is read. */
function checkFlags(flags: ClassifyFlags) {
  const k = flags.k === "auto" ? undefined : readK(flags.k);
  const weights = oneOf("--weights", flags.weights, WEIGHTS);
  const metric = parseMetric(flags.metric ?? (flags.model === undefined ? "l2" : "cosine"));
  parseSpec(flags.index);
  const params = readParams(flags.param, "--param");
  checkNames(Object.keys(params), PARAMS);
  if (flags.label !== undefined && flags.labels !== undefined) {
    throw new VicinalError("USAGE", { why: "--label and --labels both say the classes; give one of them." });
  }
  return { k, weights, metric, params };
}

async function classify(
  flags: ClassifyFlags,
  { k, weights, metric, params }: ReturnType<typeof checkFlags>,
  run: RunOptions,
): Promise<Answer> {
  const { train, labels, queries, truth } = await readAll(flags, run);
  const model = new KNeighborsClassifier<string>({
    ...{ index: flags.index, metric, weights, ...params },
    ...(k === undefined ? {} : { k }),
    ...{ calibration: flags.calibrate ? "temperature" : "none", threads: flags.threads ?? 1 },
  });
  try {
    await model.fitAsync(train.rows, labels, run);
    const choice = k === undefined ? await model.chooseKAsync({ rows: LEFT_OUT, ...run }) : undefined;
    const proba = await model.predictProbaAsync(queries.rows, run);
    const predictions = Array.from({ length: queries.rows.rows }, (_, q): Prediction => {
      const row = proba.data.subarray(q * proba.cols, (q + 1) * proba.cols);
      const probability = Math.max(...row);
      const id = queries.keys?.[q];
      return {
        ...(id === undefined ? {} : { id }),
        label: model.classes_[row.indexOf(probability)]!,
        probability: Number(Math.min(1, probability).toPrecision(6)),
        ...(truth === undefined ? {} : { truth: truth[q]! }),
      };
    });
    if (flags.out !== undefined) await model.save(flags.out, run);
    return summarize(model, weights, predictions, choice);
  } finally {
    model.close();
  }
}

/** Rows and their classes; by the features of a model where one is given. */
async function readAll(flags: ClassifyFlags, run: RunOptions) {
  const tape = flags.model === undefined ? undefined : createTape({ threads: flags.threads ?? 1 });
  try {
    const model = tape && (await readModel(flags.model!, tape));
    const shape = model?.facts.pictures ?? { size: flags.size, grey: flags.grey === true };
    const train = await readTable(flags.train, flags.label, shape, run);
    const labels = await labelsOf(train, { label: flags.label, labels: flags.labels });
    const queries = await readOpenTable(flags.queries, flags.label, shape, run);
    const truth = await truthOf(queries, flags);
    if (model === undefined) return { train, labels, queries, truth };
    for (const input of [train, queries]) checkFits(model, input);
    const embedded = async (input: RowsInput): Promise<RowsInput> => ({
      ...input,
      rows: await model.encoder.encodeAsync(input.rows, run),
    });
    return { train: await embedded(train), labels, queries: await embedded(queries), truth };
  } finally {
    tape?.dispose();
  }
}

/** The true classes of queries, where something says them. */
async function truthOf(queries: RowsInput, flags: ClassifyFlags): Promise<string[] | undefined> {
  if (flags.queryLabels !== undefined) return labelsOf(queries, { labels: flags.queryLabels });
  const { label } = flags;
  if (label !== undefined) {
    const told = queries.metadata?.some((fields) => fields?.[label] !== undefined) === true;
    return told ? labelsOf(queries, { label }) : undefined;
  }
  const sorted = queries.keys?.every((key) => String(key).includes("/")) === true;
  return queries.pictures !== undefined && sorted ? labelsOf(queries, {}) : undefined;
}

function summarize(
  model: KNeighborsClassifier<string>,
  weights: string,
  predictions: readonly Prediction[],
  choice: KChoice | undefined,
): Answer {
  const { index } = model;
  const known = predictions.length > 0 && predictions.every(({ truth }) => truth !== undefined);
  const right = predictions.filter(({ label, truth }) => label === truth).length;
  return {
    index: index.spec,
    metric: index.metric,
    n: index.size,
    d: index.dimension,
    k: model.k_,
    weights,
    classes: model.classes_,
    ...(choice && { chosen: choice.scores.map(({ k, score }) => ({ k, accuracy: score })) }),
    ...(known ? { accuracy: right / predictions.length } : {}),
    predictions,
  };
}

function print({ predictions, accuracy, classes, n, k, weights, index, metric, chosen }: Answer): void {
  const right = "right" as const;
  const named = predictions.some(({ id }) => id !== undefined);
  const told = accuracy !== undefined;
  const columns = [
    { title: "query", ...(named ? {} : { align: right }) },
    { title: "class" },
    { title: "probability", align: right },
    ...(told ? [{ title: "true class" }] : []),
  ];
  const cells = predictions.map(({ id, label, probability, truth }, q) => [
    printable(String(id ?? q)),
    printable(label),
    probability.toFixed(3),
    ...(told ? [printable(truth === label ? "" : truth!)] : []),
  ]);
  writeTable(columns, cells);
  const best = chosen?.find((each) => each.k === k);
  const how = best === undefined ? "" : `, chosen by leaving one out (accuracy ${best.accuracy.toFixed(4)})`;
  writeLine(
    `\n${classes.length} ${classes.length === 1 ? "class" : "classes"}, ${n} rows; ${index}, ${metric}; k = ${k}${how}, weights ${weights}`,
  );
  if (told) writeLine(`accuracy ${accuracy.toFixed(4)} on ${predictions.length} queries`);
}
