import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** What scenario.mjs answers. */
export interface Facts {
  flatRecall: number;
  flatThreadsRecall: number;
  graphRecall: number;
  /** Of each other kind: digests of its file and its answers. */
  others: Record<string, [file: string, answers: string]>;
  graph: string;
  graphThreads: string;
  answers: string;
  sameWithThreads: boolean;
  sameReopened: boolean;
  rewritten: string;
  cosine: string;
  /** Of a network trained for a moment. */
  loss: string;
  learnsAlike: boolean;
}

/** What run.mjs prints. */
export interface RunFacts extends Facts {
  saved: string;
  missing: string;
  started: number;
}

/** A folder with the scripts beside a node_modules that leads to this package, as a user's project has it. */
export function project(name: string): string {
  const folder = join(root, ".cache", `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules", "vicinal"), "junction");
  for (const file of ["scenario.mjs", "run.mjs", "page.mjs", "start-worker.mjs", "own-worker.mjs"]) {
    cpSync(join(root, "test", "runtimes", file), join(folder, file));
  }
  return folder;
}

/** Brings dist up to date. */
export async function buildPackage(): Promise<void> {
  await run(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root });
}

/** Runs run.mjs of a project folder with that runtime. */
export async function runScenario(folder: string, command: string[], mode = ""): Promise<RunFacts> {
  const [program, ...args] = command;
  const { stdout } = await run(program!, [...args, "run.mjs", folder, mode], { cwd: folder });
  return JSON.parse(stdout);
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export interface Site {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves pages (by path), one index at /graph.vic, and files below the folders (by first part of the path),
 * with these headers on every answer.
 */
export async function serve(
  pages: Record<string, string>,
  folders: Record<string, string>,
  index: Uint8Array,
  headers: Record<string, string>,
): Promise<Site> {
  const server: Server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const send = (type: string, body: Uint8Array | string, more: Record<string, string> = {}): void => {
      const bytes = Buffer.from(body as string);
      response.writeHead(200, { "content-type": type, "content-length": bytes.length, ...headers, ...more });
      response.end(bytes);
    };
    const page = pages[pathname];
    if (page !== undefined) return send("text/html", page);
    if (pathname === "/favicon.ico") return send("image/x-icon", "");
    if (pathname === "/graph.vic") {
      if (search === "?gzip") {
        return send("application/octet-stream", gzipSync(index), { "content-encoding": "gzip" });
      }
      return send("application/octet-stream", index);
    }
    const [, first = "", ...rest] = normalize(pathname).split("/");
    try {
      const path = join(folders[first]!, ...rest);
      send(TYPES[extname(path)] ?? "application/octet-stream", readFileSync(path));
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
