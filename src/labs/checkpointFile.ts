import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { VicinalError } from "../core/index.ts";

/** Where a run keeps its checkpoint. */
export interface CheckpointFile {
  /** Replaces the file in one step: whoever is killed leaves the one before or this one, whole. Throws FILE. */
  save(bytes: Uint8Array): void;
  /** What was saved last, if anything. Throws FILE. */
  load(): Uint8Array | undefined;
  /** Removes it, when a run is done. */
  remove(): void;
}

/** A checkpoint kept under that path; its folder is made when missing. */
export function checkpointFile(path: string): CheckpointFile {
  const failed = (cause: unknown): VicinalError => {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new VicinalError("FILE", { path, why }, { cause });
  };
  return {
    save(bytes) {
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        mkdirSync(dirname(path), { recursive: true });
        const file = openSync(temporary, "w");
        try {
          for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        renameSync(temporary, path);
      } catch (cause) {
        try {
          rmSync(temporary, { force: true });
        } catch {
          // The first failure says more.
        }
        throw failed(cause);
      }
    },
    load() {
      try {
        return new Uint8Array(readFileSync(path));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw failed(cause);
      }
    },
    remove: () => rmSync(path, { force: true }),
  };
}
