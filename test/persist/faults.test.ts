import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSnapshot, saveSnapshot } from "../../src/persist/index.ts";
import { type FileStore, fileStore, type OpenFile } from "../../src/platform/files.node.ts";
import { failureOf, sampleBytes, sampleSnapshot } from "./helpers.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-faults-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Faults {
  store: FileStore;
  calls: string[];
}

/** The real file system, whose call number `failAt` (from 0) fails with that code instead of being made. */
function faulty(failAt: number, code: string): Faults {
  const real = fileStore!;
  const calls: string[] = [];
  async function call<T>(name: string, work: () => Promise<T>): Promise<T> {
    calls.push(name);
    if (calls.length - 1 === failAt) throw Object.assign(new Error(`${code}: injected`), { code });
    return work();
  }
  const wrap = (file: OpenFile): OpenFile => ({
    read: (into, position) => call("read", () => file.read(into, position)),
    write: (bytes) => call("write", () => file.write(bytes)),
    size: () => call("size", () => file.size()),
    sync: () => call("sync", () => file.sync()),
    // The descriptor goes away even when closing reports an error, as it does in POSIX.
    close: () => file.close().then(() => call("close", async () => {})),
  });
  return {
    calls,
    store: {
      open: (path, flags, mode) => call("open", async () => wrap(await real.open(path, flags, mode))),
      resolve: (path) => call("resolve", () => real.resolve(path)),
      rename: (from, to) => call("rename", () => real.rename(from, to)),
      remove: (path) => call("remove", () => real.remove(path)),
      syncDirectoryOf: (path) => call("syncDirectory", () => real.syncDirectoryOf(path)),
      temporaryName: (path) => real.temporaryName(path),
      pathOf: (url) => real.pathOf(url),
    },
  };
}

test("whichever call fails, the old file or the whole new one is there, and nothing else", async () => {
  const path = join(folder, "index.vic");
  const oldBytes = sampleBytes(1);
  const newBytes = sampleBytes(2);
  const clean = faulty(-1, "");
  await saveSnapshot(sampleSnapshot(2), path, { files: clean.store });
  expect(clean.calls).toEqual(expect.arrayContaining(["open", "write", "sync", "close", "rename"]));
  const renameAt = clean.calls.indexOf("rename");
  expect(clean.calls.indexOf("sync")).toBeLessThan(renameAt);
  for (const code of ["ENOSPC", "EIO", "EMFILE"]) {
    for (let failAt = 0; failAt < clean.calls.length; failAt++) {
      await writeFile(path, oldBytes);
      const { store } = faulty(failAt, code);
      const error = await failureOf(() => saveSnapshot(sampleSnapshot(2), path, { files: store }));
      expect(error.code).toBe("FILE");
      expect((error.cause as { code: string }).code).toBe(code);
      expect(await readdir(folder)).toEqual(["index.vic"]);
      const left = await readFile(path);
      expect(Buffer.compare(left, failAt <= renameAt ? oldBytes : newBytes), `call ${failAt}`).toBe(0);
    }
  }
});

test("a disk that takes a few bytes at a time still gets them all, one that takes none is an error", async () => {
  const path = join(folder, "index.vic");
  const real = fileStore!;
  const taking = (most: number): FileStore => ({
    ...real,
    open: async (name, flags, mode) => {
      const file = await real.open(name, flags, mode);
      return {
        ...file,
        write: (bytes) => (most === 0 ? Promise.resolve(0) : file.write(bytes.subarray(0, most))),
      };
    },
  });
  await saveSnapshot(sampleSnapshot(), path, { files: taking(7) });
  expect(Buffer.compare(await readFile(path), sampleBytes())).toBe(0);
  expect((await failureOf(() => saveSnapshot(sampleSnapshot(2), path, { files: taking(0) }))).code).toBe(
    "FILE",
  );
  expect(Buffer.compare(await readFile(path), sampleBytes())).toBe(0);
  expect(await readdir(folder)).toEqual(["index.vic"]);
});

test("an abort while saving leaves the old file and no temporary one", async () => {
  const path = join(folder, "index.vic");
  await saveSnapshot(sampleSnapshot(), path);
  for (let stop = 1; stop < 12; stop++) {
    const abort = new AbortController();
    let reports = 0;
    const onProgress = (): void => {
      if (++reports === stop) abort.abort(new Error("changed my mind"));
    };
    const saving = saveSnapshot(sampleSnapshot(2), path, { signal: abort.signal, onProgress });
    await expect(saving).rejects.toThrow("changed my mind");
    expect(await readdir(folder)).toEqual(["index.vic"]);
    expect(Buffer.compare(await readFile(path), sampleBytes())).toBe(0);
  }
});

test("an error while reading is FILE with its cause, and the file is closed", async () => {
  const path = join(folder, "index.vic");
  await saveSnapshot(sampleSnapshot(), path);
  const clean = faulty(-1, "");
  await loadSnapshot(path, { files: clean.store });
  for (let failAt = 0; failAt < clean.calls.length; failAt++) {
    const { store, calls } = faulty(failAt, "EIO");
    const error = await failureOf(() => loadSnapshot(path, { files: store }));
    expect(error.code).toBe("FILE");
    if (failAt > 0) expect(calls).toContain("close");
  }
});

test("two saves to one path at once leave one whole file", async () => {
  const path = join(folder, "index.vic");
  await Promise.all([1, 2, 3, 4].map((seed) => saveSnapshot(sampleSnapshot(seed), path)));
  const { facts } = await loadSnapshot(path);
  expect([1, 2, 3, 4]).toContain(facts["seed"]);
  expect(await readdir(folder)).toEqual(["index.vic"]);
});
