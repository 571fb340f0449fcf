import { Command } from "commander";
import { readSeed, readWhole } from "../arguments.ts";
import { writeJson } from "../output.ts";
import { withReporter } from "../progress.ts";
import { serveUntilStopped } from "../serving.ts";

interface StartFlags {
  data?: string;
  quick?: boolean;
  seed?: number;
  out?: string;
  json?: boolean;
  serve?: boolean;
  port?: number;
}

export function startCommand(): Command {
  return new Command("start")
    .description(
      "draw emoji, learn a space for them, find their neighbours, measure indexes; writes report.html and results.json, then opens the web app",
    )
    .option("--data <dir>", "folder with data sets; Fashion-MNIST in it is measured too")
    .option("--quick", "less data, for a first look")
    .option("--seed <s>", "seed", readSeed)
    .option("--out <dir>", "folder for the report (default: this one)")
    .option("--json", "print one JSON document")
    .option("--serve", "serve the web app afterwards (default: on a terminal, unless CI is set)")
    .option("--no-serve", "end when the report is written")
    .option(
      "--port <n>",
      "port of the web app (default: 7700, or any where that is taken)",
      readWhole("--port", 0, 65_535),
    )
    .addHelpText("after", "\nExamples:\n  vicinal start\n  vicinal start --quick --out /tmp/first --no-serve")
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
  if (!(flags.serve ?? isWatched(flags))) return;
  const { port, data: dataDir } = flags;
  await serveUntilStopped({ port, dataDir }, { open: true, anyPort: port === undefined });
}

/** Whether someone sits at a terminal who may want to look around. */
function isWatched({ json }: StartFlags): boolean {
  return process.stdout.isTTY === true && !json && !process.env.CI;
}
