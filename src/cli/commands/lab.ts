import { Command } from "commander";
import { VicinalError } from "../../core/index.ts";
import { collect, readSeed } from "../arguments.ts";
import { writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";

interface LabFlags {
  data?: string;
  quick?: boolean;
  seed?: number;
  out?: string;
  query?: string[];
  set?: string;
  features?: string;
  weights?: string[];
  train?: boolean;
  json?: boolean;
}

export function labCommand(): Command {
  return new Command("lab")
    .description("run a study from end to end; writes report.html and results.json")
    .argument("[name]", "the study; without a name, lists them")
    .option("--data <dir>", "folder with data sets")
    .option("--quick", "less data, for a first look")
    .option("--seed <s>", "seed", readSeed)
    .option("--out <dir>", "folder for the report (default: this one)")
    .option("--query <text>", "words to look for, in studies of words; repeatable", collect)
    .option("--set <name>", "one data set, in studies of several (default: all at hand)")
    .option("--features <file>", "vectors of a space of your own, in studies that can measure one")
    .option("--weights <file>", "a network besides those found, in studies of networks; repeatable", collect)
    .option("--train", "train the networks that a study compares, which takes hours; those trained are kept")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      '\nExamples:\n  vicinal lab\n  vicinal lab emoji --quick --out /tmp/emoji\n  vicinal lab words --query "chinese river"',
    )
    .action(runLab);
}

async function runLab(name: string | undefined, flags: LabFlags): Promise<void> {
  const { LABS } = await import("../../labs/index.ts");
  const names = Object.keys(LABS);
  if (name === undefined && !flags.json) {
    const width = Math.max(...names.map((n) => n.length));
    for (const each of names) writeLine(`${each.padEnd(width)}  ${LABS[each]!.summary}`);
    return;
  }
  if (name === undefined || !Object.hasOwn(LABS, name)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "lab",
      got: name ?? "missing",
      rule: `one of ${names.join(", ")}`,
    });
  }
  const result = await withReporter(flags, ({ signal, onProgress, print }) =>
    LABS[name]!.run({
      signal,
      onProgress,
      dataDir: flags.data,
      quick: flags.quick,
      seed: flags.seed,
      out: flags.out,
      queries: flags.query,
      set: flags.set,
      features: flags.features,
      weights: flags.weights,
      train: flags.train,
      log: flags.json ? undefined : print,
    }),
  );
  if (flags.json) {
    const { report, resultsFile, results } = result;
    writeJson({ report, resultsFile, results });
  } else writeLine(`\nReport: ${result.report}`);
}
