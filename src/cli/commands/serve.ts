import { stat } from "node:fs/promises";
import { Command } from "commander";
import { parseMetric } from "../../core/index.ts";
import type { RunningServer } from "../../server/index.ts";
import { collect, readWhole } from "../arguments.ts";
import { fileProblem } from "../inputs.ts";
import { formatCount, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { serveUntilStopped } from "../serving.ts";

interface ServeFlags {
  host: string;
  port: number;
  data?: string;
  index?: string[];
  metric?: string;
  apiKey?: string;
  allowHost?: string[];
  open?: boolean;
  export?: string;
}

export function serveCommand(): Command {
  return new Command("serve")
    .description("answer HTTP, and serve the web app")
    .option("--host <name>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port; 0 takes any that is free", readWhole("--port", 0, 65_535), 7700)
    .option("--data <dir>", "folder with data sets")
    .option("--index <file>", "a .vic index or vectors, served as a collection; repeatable", collect)
    .option("--metric <name>", "metric of files of vectors (default: l2)")
    .option("--api-key <key>", "wanted of every request (default: $VICINAL_API_KEY, else none)")
    .option("--allow-host <name>", "another name to answer to, such as a proxy's; repeatable", collect)
    .option("--open", "open the web app in a browser, when started from a terminal")
    .option("--export <dir>", "write the web app into a folder for any host of files, and end")
    .addHelpText(
      "after",
      `
Examples:
  vicinal serve --open
  vicinal serve --port 8080 --data data
  vicinal serve --export site
  vicinal serve --index words.vic --index photos.npy --metric cosine`,
    )
    .action(runServe);
}

async function runServe(flags: ServeFlags): Promise<void> {
  if (flags.export !== undefined) return runExport(flags.export, flags.data);
  const files = flags.index ?? [];
  if (flags.metric !== undefined) parseMetric(flags.metric);
  for (const path of files) await checkFile(path);
  const apiKey = flags.apiKey ?? (process.env.VICINAL_API_KEY || undefined);
  const { host, port, data: dataDir, allowHost: allowedHosts, metric, open = false } = flags;
  await serveUntilStopped(
    { host, port, dataDir, apiKey, allowedHosts },
    { open, meanwhile: (server, signal) => openFiles(server, files, metric, signal) },
  );
}

/** The app as files: pages search some emoji with their own engine. */
async function runExport(folder: string, dataDir: string | undefined): Promise<void> {
  const { exportApp } = await import("../../server/exportApp.ts");
  const files = await withReporter({}, (run) => exportApp(folder, { dataDir }, run));
  writeLine(`${formatCount(files)} files are in ${folder}: serve them from any host.`);
}

async function checkFile(path: string): Promise<void> {
  try {
    await stat(path.replace(/#[^#/\\]*$/, ""));
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** Opens files while the server answers already. */
async function openFiles(
  { app }: RunningServer,
  files: readonly string[],
  metric: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { openFile } = await import("../../server/openFiles.ts");
  const { indexedRows } = app.limits;
  for (const path of files) {
    const facts = await openFile(app.collections, path, { metric, indexedRows, signal });
    const what = `${facts.index} over ${formatCount(facts.size)} vectors of ${formatCount(facts.dimension)} dimensions`;
    writeLine(`Collection ${facts.name}: ${what}, ${facts.metric}.`);
  }
}
