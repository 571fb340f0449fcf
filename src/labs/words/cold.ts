import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Matrix, VicinalError } from "../../core/index.ts";
import { writeVectorFile } from "../../data/index.ts";
import type { Index } from "../../indexes/index.ts";

/** How long a fresh process takes from its start to the answer of one query. */
export interface Cold {
  readonly index: string;
  readonly fileBytes: number;
  /** Seconds of the whole process, the best of the runs. */
  readonly seconds: number;
}

/** The command line as it was built; absent when run from sources. */
const PROGRAM = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const RUNS = 3;

/** Whether processes can be started: not from sources that were never built. */
export function coldPossible(): boolean {
  return existsSync(PROGRAM);
}

/**
 * Saves the index, and lets a fresh process open the file from disk and answer one query.
 *
 * @throws VicinalError FILE when the process fails
 */
export async function coldStart(
  index: Index<number>,
  query: Matrix<Float32Array>,
  signal: AbortSignal | undefined,
): Promise<Cold> {
  const folder = await mkdtemp(join(tmpdir(), "vicinal-words-"));
  try {
    const file = join(folder, "words.vic");
    const queries = join(folder, "query.npy");
    await index.save(file, { signal });
    await writeVectorFile(queries, query);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < RUNS; i++) best = Math.min(best, await answerOnce(file, queries, signal));
    return { index: index.spec, fileBytes: (await stat(file)).size, seconds: best };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function answerOnce(file: string, queries: string, signal: AbortSignal | undefined): Promise<number> {
  const start = performance.now();
  const args = [PROGRAM, "search", "--index", file, "--queries", queries, "--k", "10", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "ignore"], signal });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0)
    throw new VicinalError("FILE", { path: file, why: `a process that opened it ended with ${code}` });
  return (performance.now() - start) / 1000;
}
