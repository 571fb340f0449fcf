import { replaceDataFile } from "#platform";
import { fileProblem } from "./inputs.ts";

/** Writes a text file whole or not at all. */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    await replaceDataFile(path, [new TextEncoder().encode(text)]);
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** Writes a file of bytes whole or not at all. */
export async function replaceBytes(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await replaceDataFile(path, [bytes]);
  } catch (error) {
    throw fileProblem(path, error);
  }
}
