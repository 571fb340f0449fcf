import fc from "fast-check";
import { expect, test } from "vitest";
import { readEvents } from "../../../web/src/client/events.ts";

async function eventsOf(parts: readonly Uint8Array[]): Promise<unknown[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
  const found: unknown[] = [];
  for await (const event of readEvents(body)) found.push(event);
  return found;
}

const TEXT =
  ': a comment\n\nevent: progress\ndata: {"done":1}\n\nevent: result\r\ndata: grün\r\ndata: blau\r\n\r\ndata: bare\n\nevent: none\n\n';
const MEANT = [
  { event: "progress", data: '{"done":1}' },
  { event: "result", data: "grün\nblau" },
  { event: "message", data: "bare" },
];

test("events come whole wherever the stream is cut, within a letter or a line's end too", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const edges = [0, ...places.sort((a, b) => a - b), bytes.length];
      const parts = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
      expect(await eventsOf(parts)).toEqual(MEANT);
    }),
    { seed: 1, numRuns: 200 },
  );
});
