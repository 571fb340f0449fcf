import { joinPath, removeDataFile } from "#platform";
import { type RunOptions, VicinalError } from "../../core/index.ts";
import { readZipDirectory, zipEntrySource } from "../formats/zip.ts";
import { DATA_LIMITS } from "../limits.ts";
import { fileExists, fileSource } from "../source.ts";
import { writeBytesTo } from "../write/write.ts";
import { checksumProblem, downloadFile } from "./download.ts";
import { downloadRoot, howToGet } from "./find.ts";
import { type DownloadSource, datasetInfo } from "./registry.ts";

export interface GetDatasetOptions extends RunOptions {
  /** Folder below which the set's own folder is made; default the user's cache. */
  dataDir?: string;
  /** A URL in place of the official folder; files keep their names, checksums stay in force. */
  mirror?: string;
}

/** What came of fetching a data set. */
export interface FetchedDataset {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly string[];
  /** Bytes that came over the network; 0 when all was in place. */
  readonly downloadedBytes: number;
}

/**
 * Downloads a data set from its official source, checks it, and puts it where {@link loadDataset} looks.
 * Files already in place and sound are kept; an interrupted download goes on where it stopped.
 *
 * @throws DATASET_UNKNOWN, DOWNLOAD, CHECKSUM, FILE; DATASET_MISSING where there is nothing to fetch
 */
export async function getDataset(name: string, options: GetDatasetOptions = {}): Promise<FetchedDataset> {
  const info = datasetInfo(name);
  const root = downloadRoot(options.dataDir);
  if (info.sources.length === 0) {
    if (info.variants.length === 0) return { name, folder: root, files: [], downloadedBytes: 0 };
    const looked = info.folders.map((folder) => joinPath(root, folder));
    throw new VicinalError("DATASET_MISSING", { name, looked, fix: howToGet(info) });
  }
  const folder = joinPath(root, info.folders[0]!);
  const files: string[] = [];
  let downloadedBytes = 0;
  for (const source of info.sources) {
    options.signal?.throwIfAborted();
    const path = joinPath(folder, source.file);
    downloadedBytes += await fetchSource(source, path, options);
    files.push(path);
  }
  return { name, folder, files, downloadedBytes };
}

/** One file of a data set, fetched unless it is in place. @returns bytes that came over the network */
export async function fetchSource(
  source: DownloadSource,
  path: string,
  options: GetDatasetOptions,
): Promise<number> {
  const { mirror, signal, onProgress } = options;
  const name = source.url.split("/").pop()!;
  const url = mirror === undefined ? source.url : `${mirror.replace(/\/+$/, "")}/${name}`;
  const run = { signal, onProgress };
  const sums = { sha256: source.sha256, unpackedSha256: source.unpackedSha256 };
  if (source.member === undefined) {
    if ((await fileExists(path)) && (await checksumProblem(path, sums)) === undefined) return 0;
    return downloadFile(url, path, { ...sums, ...run });
  }
  // The checksum is the archive's; a member in place got there by one atomic rename.
  if (await fileExists(path)) return 0;
  const archive = joinPath(path, "..", name);
  const received = (await fileExists(archive)) ? 0 : await downloadFile(url, archive, { ...sums, ...run });
  await extract(archive, source.member, path);
  await removeDataFile(archive);
  return received;
}

async function extract(archive: string, member: string, path: string): Promise<void> {
  const source = await fileSource(archive);
  try {
    const entry = (await readZipDirectory(source)).find((candidate) => candidate.name === member);
    if (entry === undefined) {
      throw new VicinalError("FORMAT", { what: archive, rule: `an archive with the member ${member}` });
    }
    await writeBytesTo(path, zipEntrySource(source, entry, DATA_LIMITS).chunks());
  } finally {
    await source.close();
  }
}
