import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { replaceDataFile } from "#platform";
import { VicinalError } from "../../core/index.ts";
import type { LabResult } from "../options.ts";

/**
 * Writes report.html and results.json into the folder, each replaced in one step.
 *
 * @throws VicinalError FILE when the folder cannot be made or written
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
  try {
    await mkdir(folder, { recursive: true });
    await replaceDataFile(report, [encode.encode(html)]);
    await replaceDataFile(resultsFile, [encode.encode(`${JSON.stringify(results, null, 2)}\n`)]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FILE", { path: folder, why }, { cause: error });
  }
  return { report, resultsFile, results };
}
