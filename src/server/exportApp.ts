import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RunOptions, VicinalError } from "../core/index.ts";
import { type App, type AppOptions, createApp } from "./app.ts";
import type { JobStarted, PictureList, SetDetails, SetList, ShelfList } from "./protocol.ts";
import { sheetCount } from "./sets/sheets.ts";
import { readWebFiles } from "./webFiles.ts";

/** Sets that a page can search without a server. */
const SETS = ["emoji-twemoji"];

/**
 * Writes the web app and the files that it reads without a server into a folder, for any host of files: pages then search
 * with their own engine. Answers how many files there are.
 *
 * @throws VicinalError FILE; DEPENDENCY_MISSING when the emoji packages are not installed
 */
export async function exportApp(
  folder: string,
  options: Pick<AppOptions, "dataDir" | "cacheDir" | "webFiles">,
  { signal, onProgress }: RunOptions = {},
): Promise<number> {
  const webFiles = options.webFiles ?? (await readWebFiles());
  const app = await createApp({ ...options, webFiles });
  let written = 0;
  const put = async (path: string, bytes: Uint8Array | string): Promise<void> => {
    signal?.throwIfAborted();
    await writeInto(join(folder, ...path.split("/")), bytes);
    written++;
    onProgress?.({ phase: "export", done: written, total: written + 1 });
  };
  const copy = async (path: string): Promise<void> => put(path, await read(app, path));
  try {
    for (const [path, file] of webFiles) await put(path, file.bytes);
    const { sets } = await readJson<SetList>(app, "/api/sets/index.json");
    const taken: SetList = { sets: sets.filter(({ name }) => SETS.includes(name)) };
    await put("/api/sets/index.json", JSON.stringify(taken));
    for (const name of SETS) await exportSet(app, name, put, copy);
    await put("/api/recommend/index.json", JSON.stringify({ shelves: [] } satisfies ShelfList));
    await copy("/api/pictures/index.json");
    const { pictures } = await readJson<PictureList>(app, "/api/pictures/index.json");
    for (const { name } of pictures) await copy(`/api/pictures/${name}.png`);
    return written;
  } finally {
    await app.close();
  }
}

async function exportSet(
  app: App,
  name: string,
  put: (path: string, text: string) => Promise<void>,
  copy: (path: string) => Promise<void>,
): Promise<void> {
  const at = `/api/sets/${name}`;
  const details = await readJson<SetDetails>(app, `${at}/set.json`);
  // Without a server nothing is learned, and of learned spaces no picture from outside has a vector.
  const features = details.features
    .filter(({ toMake }) => toMake === undefined)
    .map((feature) => ({ ...feature, embeds: feature.pixels !== undefined }));
  await put(`${at}/set.json`, JSON.stringify({ ...details, features } satisfies SetDetails));
  for (let sheet = 0; sheet < sheetCount(details.count); sheet++) await copy(`${at}/sheets/${sheet}.png`);
  for (const feature of features) {
    await copy(`${at}/features/${feature.name}.npy`);
    for (const method of feature.maps) await copy(`${at}/maps/${feature.name}.${method}.npy`);
  }
}

/** What the server answers, after the job that makes it where there is one. */
async function read(app: App, path: string): Promise<Uint8Array> {
  for (;;) {
    const answer = await app.request(path);
    if (answer.status === 200) return new Uint8Array(await answer.arrayBuffer());
    if (answer.status !== 202) {
      throw new VicinalError("FILE", { path, why: `the server answered ${answer.status}` });
    }
    const { event, data } = await app.jobs.outcome(((await answer.json()) as JobStarted).job);
    if (event !== "result")
      throw new VicinalError("FILE", { path, why: `it could not be made: ${JSON.stringify(data)}` });
  }
}

async function readJson<T>(app: App, path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await read(app, path))) as T;
}

async function writeInto(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new VicinalError("FILE", { path, why }, { cause });
  }
}
