import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { replaceDataFile } from "#platform";
import { VicinalError } from "../../core/index.ts";
import type { LabResult } from "../options.ts";

/**
 * Makes the folder for a report, so that a bad one is refused before the work and not after it.
 *
 * @throws VicinalError FILE when it cannot be made or written
 */
export async function prepareFolder(out: string): Promise<void> {
  const folder = resolve(out);
  await orFileError(folder, async () => {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  });
}

/**
 * Writes report.html and results.json into the folder, each replaced in one step.
 *
 * @throws VicinalError FILE
 */
export async function writeReport<T extends object>(
  out: string,
  html: string,
  results: T,
): Promise<LabResult<T>> {
  const folder = resolve(out);
  const report = join(folder, "report.html");
  const resultsFile = join(folder, "results.json");
  const encode = new TextEncoder();
  await orFileError(folder, async () => {
    await replaceDataFile(report, [encode.encode(html)]);
    await replaceDataFile(resultsFile, [encode.encode(`${JSON.stringify(results, null, 2)}\n`)]);
  });
  return { report, resultsFile, results };
}

async function orFileError(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FILE", { path: folder, why }, { cause: error });
  }
}
