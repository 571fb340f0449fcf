import { spawn } from "node:child_process";
import { VicinalError } from "../core/index.ts";
import type { RunningServer, ServerOptions } from "../server/index.ts";
import { writeLine } from "./output.ts";

/** Opens what takes its time, while the server answers already. */
export type Meanwhile = (server: RunningServer, signal: AbortSignal) => Promise<void>;

export interface ServingOptions {
  /** Shows the app in a browser, from a terminal. */
  readonly open: boolean;
  /** Takes another port where the one wanted is taken. */
  readonly anyPort?: boolean;
  readonly meanwhile?: Meanwhile;
}

/** Serves until the process is told to stop. */
export async function serveUntilStopped(
  options: ServerOptions,
  { open, anyPort = false, meanwhile }: ServingOptions,
): Promise<void> {
  const { startServer } = await import("../server/index.ts");
  const server = await startServer(options).catch((error: NodeJS.ErrnoException) => {
    if (anyPort && error.code === "EADDRINUSE") return startServer({ ...options, port: 0 });
    throw addressProblem(error, options);
  });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  writeLine(`Vicinal is at ${server.address} (Ctrl+C stops it).`);
  if (options.apiKey === undefined && !isLoopback(options.host ?? "127.0.0.1")) {
    process.stderr.write("Anyone who can reach this address can use it: --api-key KEY asks for a key.\n");
  }
  // Failures are told to whoever asks.
  server.app.prepare().catch(() => undefined);
  if (open && process.stdout.isTTY) openBrowser(server.address);
  try {
    await meanwhile?.(server, stop.signal);
    if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await server.close();
  }
}

/** Why an address cannot be listened on, as a usage error; other errors as they are. */
function addressProblem(error: unknown, { host, port }: ServerOptions): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const rules: Record<string, [option: string, got: unknown, rule: string]> = {
    EADDRINUSE: ["--port", port, "one that nothing listens on yet; 0 takes any that is free"],
    EACCES: ["--port", port, "one that this user may listen on, such as those from 1024"],
    EADDRNOTAVAIL: ["--host", host, "an address of this machine"],
    ENOTFOUND: ["--host", host, "an address or a name of this machine"],
    EAI_AGAIN: ["--host", host, "an address or a name of this machine"],
  };
  const known = code === undefined ? undefined : rules[code];
  if (known === undefined) return error;
  const [option, got, rule] = known;
  return new VicinalError("OPTION_RANGE", { option, got, rule }, { cause: error });
}

function isLoopback(host: string): boolean {
  return /^(localhost|::1|127(\.\d{1,3}){3})$/.test(host);
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
