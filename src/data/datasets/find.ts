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

async function findFile(name: string, info: DatasetInfo, root: string): Promise<string | undefined> {
  const names = name.endsWith(".gz") ? [name, name.slice(0, -3)] : [name, `${name}.gz`];
  for (const folder of [...info.folders, "."]) {
    for (const file of names) {
      const path = joinPath(root, folder, file);
      if (await fileExists(path)) return path;
    }
  }
  return undefined;
}

/**
 * Paths of a data set's files, all below one root: sets of different roots are never mixed.
 *
 * @throws DATASET_UNKNOWN; DATASET_MISSING with the folders looked in and what to do
 */
export async function findDataset(
  name: string,
  dataDir?: string,
): Promise<Partial<Record<FileRole, string>>> {
  const info = datasetInfo(name);
  if (info.variants.length === 0) return {};
  const roots = dataRoots(dataDir);
  for (const root of roots) {
    for (const variant of info.variants) {
      const found = await findVariant(variant, info, root);
      if (found !== undefined) return found;
    }
  }
  const looked = roots.flatMap((root) => info.folders.map((folder) => joinPath(root, folder)));
  throw new VicinalError("DATASET_MISSING", { name, looked, fix: howToGet(info) });
}

async function findVariant(
  variant: Partial<Record<FileRole, string>>,
  info: DatasetInfo,
  root: string,
): Promise<Partial<Record<FileRole, string>> | undefined> {
  const found: Partial<Record<FileRole, string>> = {};
  for (const [role, file] of Object.entries(variant) as [FileRole, string][]) {
    const path = await findFile(file, info, root);
    if (path === undefined) return undefined;
    found[role] = path;
  }
  return found;
}

/** One sentence on how to come by a data set. */
export function howToGet(info: DatasetInfo): string {
  if (info.manual !== undefined) return info.manual;
  return `fetch it with: vicinal data get ${info.name} (or name its folder with --data or VICINAL_DATA)`;
}
