import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/plain; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

export interface WebFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Its name holds a digest of its contents, so that it may be kept for ever. */
  readonly immutable: boolean;
}

/** The folder of the built web app, beside the compiled library. */
const WEB_FOLDER: string = fileURLToPath(new URL("../web", import.meta.url));

/**
 * The built web app by path, read once: what a client asks for is looked up among these and never becomes the name of
 * a file.
 */
export async function readWebFiles(folder: string = WEB_FOLDER): Promise<ReadonlyMap<string, WebFile>> {
  const files = new Map<string, WebFile>();
  if (!existsSync(folder)) return files;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = `/${relative(folder, path).split(sep).join("/")}`;
    files.set(name, {
      bytes: new Uint8Array(await readFile(path)),
      type: TYPES[extname(path)] ?? "application/octet-stream",
      immutable: name.startsWith("/assets/"),
    });
  }
  return files;
}
