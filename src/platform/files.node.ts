import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** An open file, as far as reading and writing whole files in order needs it. */
export interface OpenFile {
  /** Reads up to into.length bytes at `position`; answers how many, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Appends; answers how many bytes were taken, which may be fewer. */
  write(bytes: Uint8Array): Promise<number>;
  /** Size in bytes, or undefined when it is no regular file. */
  size(): Promise<number | undefined>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls to a file system that reading and replacing files need; tests make them fail one by one. */
export interface FileStore {
  open(path: string, flags: "r" | "wx", mode?: number): Promise<OpenFile>;
  /** The path with links followed and the file's permission bits, or undefined when nothing is there. */
  resolve(path: string): Promise<{ path: string; mode: number } | undefined>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes a rename in the file's directory durable, where the system can. */
  syncDirectoryOf(path: string): Promise<void>;
  /** An unused name beside the path. */
  temporaryName(path: string): string;
  pathOf(url: URL): string;
}

function wrap(handle: FileHandle): OpenFile {
  return {
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    write: async (bytes) => (await handle.write(bytes)).bytesWritten,
    size: async () => {
      const info = await handle.stat();
      return info.isFile() ? info.size : undefined;
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    await handle.sync();
  } catch (error) {
    // Windows cannot open a directory, and some network file systems cannot sync one: the rename stands.
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "ENOSYS"].includes(code)) throw error;
  } finally {
    await handle?.close();
  }
}

/** The file system of this machine; undefined in browsers. */
export const fileStore: FileStore | undefined = {
  open: async (path, flags, mode) => wrap(await open(path, flags, mode)),
  async resolve(path) {
    try {
      const real = await realpath(path);
      return { path: real, mode: (await stat(real)).mode & 0o777 };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDirectoryOf: (path) => syncDirectory(dirname(path)),
  temporaryName: (path) => `${path}.${randomBytes(6).toString("hex")}.tmp`,
  pathOf: (url) => fileURLToPath(url),
};
