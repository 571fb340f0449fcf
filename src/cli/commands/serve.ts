import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { Command } from "commander";
import { parseMetric } from "../../core/index.ts";
import type { RunningServer } from "../../server/index.ts";
import { collect, readWhole } from "../arguments.ts";
import { fileProblem } from "../inputs.ts";
import { formatCount, writeLine } from "../output.ts";

interface ServeFlags {
  host: string;
  port: number;
  data?: string;
  index?: string[];
  metric?: string;
  apiKey?: string;
  allowHost?: string[];
  open?: boolean;
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
    .addHelpText(
      "after",
      `
Examples:
  vicinal serve --open
  vicinal serve --port 8080 --data data
  vicinal serve --index words.vic --index photos.npy --metric cosine`,
    )
    .action(runServe);
}

async function runServe(flags: ServeFlags): Promise<void> {
  const files = flags.index ?? [];
  if (flags.metric !== undefined) parseMetric(flags.metric);
  for (const path of files) await checkFile(path);
  const { startServer } = await import("../../server/index.ts");
  const apiKey = flags.apiKey ?? (process.env.VICINAL_API_KEY || undefined);
  const server = await startServer({
    host: flags.host,
    port: flags.port,
    dataDir: flags.data,
    apiKey,
    allowedHosts: flags.allowHost,
  });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  writeLine(`Vicinal is at ${server.address} (Ctrl+C stops it).`);
  if (apiKey === undefined && !isLoopback(flags.host)) {
    process.stderr.write("Anyone who can reach this address can use it: --api-key KEY asks for a key.\n");
  }
  if (flags.open && process.stdout.isTTY) openBrowser(server.address);
  try {
    await openFiles(server, files, flags.metric, stop.signal);
    if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await server.close();
  }
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
  for (const path of files) {
    const facts = await openFile(app.collections, path, metric, { signal });
    const what = `${facts.index} over ${formatCount(facts.size)} vectors of ${formatCount(facts.dimension)} dimensions`;
    writeLine(`Collection ${facts.name}: ${what}, ${facts.metric}.`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Shows a page in the user's browser; where that cannot be done the address on the screen must do. */
function openBrowser(address: string): void {
  const [program, ...before] =
    process.platform === "win32"
      ? ["cmd", "/c", "start", ""]
      : [process.platform === "darwin" ? "open" : "xdg-open"];
  const child = spawn(program!, [...before, address], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
