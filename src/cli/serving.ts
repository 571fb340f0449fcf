import { spawn } from "node:child_process";
import type { RunningServer, ServerOptions } from "../server/index.ts";
import { writeLine } from "./output.ts";

/** Opens what takes its time, while the server answers already. */
export type Meanwhile = (server: RunningServer, signal: AbortSignal) => Promise<void>;

/** Serves until the process is told to stop. */
export async function serveUntilStopped(
  options: ServerOptions,
  { open, meanwhile }: { readonly open: boolean; readonly meanwhile?: Meanwhile },
): Promise<void> {
  const { startServer } = await import("../server/index.ts");
  const server = await startServer(options);
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
