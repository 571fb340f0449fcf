import type { RunOptions } from "../../core/index.ts";
import { loadEmoji } from "../../labs/emoji/dataset.ts";
import { trainEmbedding } from "../../labs/siamese/embedding.ts";

/** Trains the embedding of the emoji on all their styles, and keeps it. Answers its bytes. */
export async function learnEmoji(
  { cacheDir }: { readonly cacheDir: string | undefined },
  run: RunOptions,
): Promise<Uint8Array> {
  return trainEmbedding(await loadEmoji({ cacheDir, ...run }), { cacheDir, ...run });
}
