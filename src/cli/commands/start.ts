import { Command } from "commander";
import { readSeed } from "../arguments.ts";
import { writeJson } from "../output.ts";
import { withReporter } from "../progress.ts";

interface StartFlags {
  data?: string;
  quick?: boolean;
  seed?: number;
  out?: string;
  json?: boolean;
}

export function startCommand(): Command {
  return new Command("start")
    .description("draw emoji, find their neighbours, measure indexes; writes report.html and results.json")
    .option("--data <dir>", "folder with data sets; Fashion-MNIST in it is measured too")
    .option("--quick", "less data, for a first look")
    .option("--seed <s>", "seed", readSeed)
    .option("--out <dir>", "folder for the report (default: this one)")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExamples:\n  vicinal start\n  vicinal start --quick --out /tmp/first")
    .action(runStartCommand);
}

async function runStartCommand(flags: StartFlags): Promise<void> {
  const { runStart } = await import("../../labs/index.ts");
  const done = await withReporter(flags, ({ signal, onProgress, print }) =>
    runStart({
      signal,
      onProgress,
      dataDir: flags.data,
      quick: flags.quick,
      seed: flags.seed,
      out: flags.out,
      log: flags.json ? undefined : print,
    }),
  );
  if (flags.json) {
    const { report, resultsFile, results } = done;
    writeJson({ report, resultsFile, results });
  }
}
