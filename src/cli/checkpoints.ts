import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileProblem } from "./inputs.ts";

/** Where a run that was interrupted left off, beside the model it was to write. */
export const checkpointOf = (out: string): string => `${out}.checkpoint`;

/** Writes a checkpoint whole or not at all, at once: the process may end after it. */
export function saveCheckpoint(path: string, bytes: Uint8Array): void {
  const part = `${path}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw fileProblem(path, error);
  }
}

/** The last checkpoint. Throws FILE when there is none. */
export function readCheckpoint(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileProblem(path, error);
  }
}

export function dropCheckpoint(path: string): void {
  rmSync(path, { force: true });
}
