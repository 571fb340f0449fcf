import { dataFolders, joinPath } from "#platform";
import { VicinalError } from "../../core/index.ts";
import { fileExists } from "../source.ts";
import { type DatasetInfo, datasetInfo, type FileRole } from "./registry.ts";

/** Folders in which data sets are looked for: the one given, $VICINAL_DATA, ./data, the user's cache. */
export function dataRoots(dataDir?: string): string[] {
  const { given, local, cache } = dataFolders();
  return [dataDir, given, local, cache].filter((folder) => folder !== undefined && folder !== "") as string[];
}

/** Where downloads go: the folder given, else the user's cache. */
export function downloadRoot(dataDir?: string): string {
  return dataDir ?? dataFolders().cache;
}

async function findFile(
  name: string,
  info: DatasetInfo,
  roots: readonly string[],
): Promise<string | undefined> {
  const names = name.endsWith(".gz") ? [name, name.slice(0, -3)] : [name, `${name}.gz`];
  for (const root of roots) {
    for (const folder of [...info.folders, "."]) {
      for (const file of names) {
        const path = joinPath(root, folder, file);
        if (await fileExists(path)) return path;
      }
    }
  }
  return undefined;
}

/**
 * Paths of a data set's files.
 *
 * @throws DATASET_UNKNOWN; DATASET_MISSING with the folders looked in and what to do
 */
export async function findDataset(
  name: string,
  dataDir?: string,
): Promise<Partial<Record<FileRole, string>>> {
  const info = datasetInfo(name);
  const roots = dataRoots(dataDir);
  for (const variant of info.variants) {
    const found: Partial<Record<FileRole, string>> = {};
    let complete = true;
    for (const [role, file] of Object.entries(variant) as [FileRole, string][]) {
      const path = await findFile(file, info, roots);
      if (path === undefined) complete = false;
      else found[role] = path;
    }
    if (complete) return found;
  }
  if (info.variants.length === 0) return {};
  const looked = roots.flatMap((root) => info.folders.map((folder) => joinPath(root, folder)));
  throw new VicinalError("DATASET_MISSING", { name, looked, fix: howToGet(info) });
}

/** One sentence on how to come by a data set. */
export function howToGet(info: DatasetInfo): string {
  if (info.manual !== undefined) return info.manual;
  return `fetch it with: vicinal data get ${info.name} (or name its folder with --data or VICINAL_DATA)`;
}
