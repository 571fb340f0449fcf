import { spawn } from "node:child_process";
import { Command } from "commander";
import { collect, readWhole } from "../arguments.ts";
import { writeLine } from "../output.ts";

interface ServeFlags {
  host: string;
  port: number;
  data?: string;
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
    .option("--api-key <key>", "wanted of every request (default: $VICINAL_API_KEY, else none)")
    .option("--allow-host <name>", "another name to answer to, such as a proxy's; repeatable", collect)
    .option("--open", "open the web app in a browser, when started from a terminal")
    .addHelpText("after", "\nExamples:\n  vicinal serve --open\n  vicinal serve --port 8080 --data data")
    .action(runServe);
}

async function runServe(flags: ServeFlags): Promise<void> {
  const { startServer } = await import("../../server/index.ts");
  const apiKey = flags.apiKey ?? (process.env.VICINAL_API_KEY || undefined);
  const server = await startServer({
    host: flags.host,
    port: flags.port,
    dataDir: flags.data,
    apiKey,
    allowedHosts: flags.allowHost,
  });
  const told = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  writeLine(`Vicinal is at ${server.address} (Ctrl+C stops it).`);
  if (apiKey === undefined && !isLoopback(flags.host)) {
    process.stderr.write("Anyone who can reach this address can use it: --api-key KEY asks for a key.\n");
  }
  if (flags.open && process.stdout.isTTY) openBrowser(server.address);
  await told;
  await server.close();
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
