import type { Context } from "hono";
import { vectorChunks } from "../../data/index.ts";
import type { Vectors } from "./dataSet.ts";

/** Vectors as a file of NumPy's, sent piece by piece. */
export function npyAnswer(context: Context, vectors: Vectors): Response {
  const chunks = vectorChunks(vectors, "npy")[Symbol.iterator]();
  const head = chunks.next().value as Uint8Array;
  const { rows, cols, data } = vectors;
  let next: Uint8Array | undefined = head;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next === undefined) controller.close();
      else controller.enqueue(next);
      next = chunks.next().value as Uint8Array | undefined;
    },
  });
  return context.body(stream, 200, {
    "content-type": "application/octet-stream",
    "content-length": String(head.length + rows * cols * data.BYTES_PER_ELEMENT),
    "cache-control": "no-cache",
  });
}
