import type { RunOptions } from "../../core/index.ts";
import { loadShelf } from "../../labs/books/shelf.ts";

/** Trains the rows of books, which are kept: whoever loads the shelf afterwards only reads them. */
export async function learnBooks(
  { dataDir, cacheDir }: { readonly dataDir: string | undefined; readonly cacheDir: string | undefined },
  { onProgress }: RunOptions,
): Promise<null> {
  await loadShelf({ data: dataDir, cacheDir, onProgress });
  return null;
}
