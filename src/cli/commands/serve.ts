import { Command } from "commander";
import { readWhole } from "../arguments.ts";
import { writeLine } from "../output.ts";

interface ServeFlags {
  host: string;
  port: number;
  data?: string;
}

export function serveCommand(): Command {
  return new Command("serve")
    .description("answer HTTP, and serve the web app")
    .option("--host <name>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port; 0 takes any that is free", readWhole("--port", 0, 65_535), 7700)
    .option("--data <dir>", "folder with data sets")
    .addHelpText("after", "\nExamples:\n  vicinal serve\n  vicinal serve --port 8080 --data data")
    .action(runServe);
}

async function runServe(flags: ServeFlags): Promise<void> {
  const { startServer } = await import("../../server/index.ts");
  const server = await startServer({ host: flags.host, port: flags.port, dataDir: flags.data });
  writeLine(`Vicinal is at ${server.address} (Ctrl+C stops it).`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
  await server.close();
}
