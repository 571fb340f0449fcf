import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Dtype, Metric } from "../../src/core/index.ts";
import { type Key, type Neighbors, open } from "../../src/indexes/index.ts";

type Answers = [key: number | string, distance: number][];

interface Golden {
  spec: string;
  metric: Metric;
  dtype: Dtype;
  dimension: number;
  size: number;
  /** Search parameters of `answers`; graphs of the first files took efSearch 6. */
  near?: Record<string, number>;
  queries: number[][];
  answers: Answers[];
  exact: Answers[];
  filtered: Answers[];
}

const folder = new URL("../golden/", import.meta.url);
const read = async (name: string): Promise<Record<string, Golden>> =>
  JSON.parse(await readFile(new URL(name, folder), "utf8"));
const golden = { ...(await read("indexes-v1.json")), ...(await read("families-v1.json")) };

const shown = (key: Key): number | string => (typeof key === "bigint" ? `${key}n` : key);

function expectAnswers(found: Neighbors, want: Answers): void {
  expect(found.keys().map(shown)).toEqual(want.map(([key]) => key));
  found.items().forEach(({ distance }, i) => {
    // Kernels may sum in another order some day; neighbours may not change.
    expect(Math.abs(distance - want[i]![1])).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(want[i]![1])));
  });
}

describe.each(Object.keys(golden))("the golden index file of format 1 %s", (name) => {
  const want = golden[name]!;
  const path = new URL(`index-${name}-v1.vic`, folder);
  const queries = want.queries.map((query) =>
    want.dtype === "f32" ? Float32Array.from(query) : Uint8Array.from(query),
  );

  test("opens as what it was", async () => {
    const index = await open(path);
    const { spec, metric, dtype, dimension, size } = want;
    expect(index).toMatchObject({ spec, metric, dtype, dimension, size, seed: 5 });
    expect(index.health()).toMatchObject({ removed: 3, unreachable: 0, ok: true });
    if (size < 100) {
      expect(index.metadata(3)).toMatchObject({ i: 3, tags: ["a", "b0"] });
      expect([index.has(0), index.has("key 4 ñ🙂"), index.has(8n), index.has(5n)]).toEqual([
        false,
        false,
        false,
        true,
      ]);
    }
  });

  test("gives the answers that were given when it was made", async () => {
    const index = await open(path);
    const near = want.near ?? (index.kind === "Flat" ? {} : { efSearch: 6 });
    queries.forEach((query, q) => {
      expectAnswers(index.search(query, { k: 5, ...near }), want.answers[q]!);
      expectAnswers(index.search(query, { k: 5, exact: true }), want.exact[q]!);
      const filtered = want.filtered[q];
      if (filtered !== undefined)
        expectAnswers(index.search(query, { k: 5, filter: { tags: "b1" } }), filtered);
    });
  });

  test("is written again byte for byte, and takes changes", async () => {
    const index = await open(path);
    expect(Buffer.compare(index.toBytes(), await readFile(path))).toBe(0);
    index.add(queries, { keys: ["q0", "q1", "q2"] });
    expect(index.search(queries[1]!, { k: 1 }).keys()).toEqual(
      want.metric === "ip" ? expect.anything() : ["q1"],
    );
    index.remove(["q0", "q1", "q2"]);
    index.compact();
    expect(index.health()).toMatchObject({ size: want.size, ok: true });
  });
});
