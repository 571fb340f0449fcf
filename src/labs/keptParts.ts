import { checkpointFile } from "./checkpointFile.ts";

/** Parts of a long run that are done, kept on disk until all are: who is stopped goes on from there. */
export interface KeptParts<T> {
  get(name: string): T | undefined;
  put(name: string, part: T): void;
  /** Removes the file. */
  remove(): void;
}

/**
 * Opens the file of parts, empty when there is none or when it is of other settings.
 *
 * @param key tells all that decides the parts
 * @throws VicinalError FILE
 */
export function keptParts<T>(path: string, key: string): KeptParts<T> {
  const file = checkpointFile(path);
  const parts = readParts<T>(file.load(), key);
  return {
    get: (name) => parts[name],
    put(name, part) {
      parts[name] = part;
      file.save(new TextEncoder().encode(JSON.stringify({ key, parts })));
    },
    remove: () => file.remove(),
  };
}

function readParts<T>(bytes: Uint8Array | undefined, key: string): Record<string, T> {
  if (bytes === undefined) return {};
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as { key: string; parts: Record<string, T> };
    return stored.key === key ? stored.parts : {};
  } catch {
    return {};
  }
}
