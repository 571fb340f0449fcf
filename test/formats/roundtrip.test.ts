import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Index, type Key, open } from "../../src/indexes/index.ts";
import { CASES, type Case, failureOf, make, makeRows, ONE_EACH, type Row } from "../contract/support.ts";

const D = 12;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-formats-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Everything a caller can ask of an index. */
function portrait(index: Index, queries: readonly Row[]): unknown {
  const near = index.searchParams.includes("efSearch") ? { efSearch: 8 } : {};
  const keys = [...index.keys()];
  const { size, removed, metric, dtype, dimension, kind, spec } = index.stats();
  return {
    facts: {
      size,
      removed,
      metric,
      dtype,
      dimension,
      kind,
      spec,
      seed: index.seed,
      defaults: index.defaults,
    },
    keys,
    records: keys.map((key) => index.metadata(key)),
    vectors: keys.map((key) => [...index.get(key)]),
    near: queries.map((query) => index.search(query, { k: 6, ...near }).items()),
    exact: queries.map((query) => index.search(query, { k: 6, exact: true }).items()),
    health: index.health(),
  };
}

const keysOf = (n: number, from = 0): Key[] =>
  Array.from({ length: n }, (_, i) =>
    i % 3 === 0 ? i + from : i % 3 === 1 ? `k${i + from}` : BigInt(i + from),
  );

function filled(c: Case): Index {
  const rows = makeRows(260, D, c.dtype, { seed: 41 });
  const index = make(c, D, { seed: 7, efConstruction: 30 });
  index.add(rows.slice(0, 200), {
    keys: keysOf(200),
    metadata: Array.from({ length: 200 }, (_, i) =>
      i % 2 ? { i, tags: ["a", `b${i % 5}`], ok: true, no: null } : undefined,
    ),
  });
  index.add(rows.slice(200));
  index.remove(keysOf(40, 3).slice(0, 37));
  return index;
}

describe.each(CASES)("$name", (c) => {
  const queries = makeRows(5, D, c.dtype, { seed: 42 });

  test("an opened index is the one that was saved, and goes on as it would have", async () => {
    const index = filled(c);
    const bytes = index.toBytes();
    const again = await open(bytes);
    expect(portrait(again, queries)).toEqual(portrait(index, queries));
    expect(Buffer.compare(again.toBytes(), bytes)).toBe(0);
    const later = makeRows(90, D, c.dtype, { seed: 43 });
    for (const held of [index, again]) {
      held.add(later);
      held.remove([...held.keys()].slice(5, 90));
      held.upsert(later.slice(0, 10), { keys: [...held.keys()].slice(0, 10) });
    }
    expect(Buffer.compare(again.toBytes(), index.toBytes()), "after the same changes, the same bytes").toBe(
      0,
    );
  });

  test("an empty index, and one whose rows were all removed, are saved and opened", async () => {
    const index = make(c, D);
    const rows = makeRows(80, D, c.dtype);
    const empty = await open(index.toBytes());
    expect(empty.size).toBe(0);
    expect(empty.search(rows[0]!).keys()).toEqual([]);
    index.add(rows);
    index.remove(index.keys());
    for (const held of [await open(index.toBytes()), empty]) {
      expect(held.size).toBe(0);
      held.add(rows);
      expect(held.size).toBe(80);
      expect(held.search(rows[3]!, { k: 1 }).keys().length).toBe(1);
      expect(held.health().ok).toBe(true);
    }
  });
});

describe.each(ONE_EACH)("$spec", (c) => {
  const queries = makeRows(5, D, "f32", { seed: 42 });

  test("every kind of source gives the same index", async () => {
    const index = filled(c);
    const bytes = index.toBytes() as Uint8Array<ArrayBuffer>;
    const path = join(folder, `${c.spec}.any-name`);
    await index.save(path);
    const streamOf = (step: number): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += step) controller.enqueue(bytes.slice(at, at + step));
          controller.close();
        },
      });
    const length = { "content-length": String(bytes.length) };
    const sources = [
      bytes,
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      new Uint8Array([0, 0, 0, ...bytes]).subarray(3),
      Buffer.from(bytes),
      path,
      pathToFileURL(path),
      new Blob([bytes]),
      streamOf(1000),
      streamOf(61),
      new Response(bytes),
      new Response(bytes, { headers: length }),
      new Response(streamOf(4097), { headers: length }),
    ];
    const want = portrait(index, queries);
    for (const source of sources) expect(portrait(await open(source), queries)).toEqual(want);
  });

  test("saving replaces a file whole, and a file that cannot be opened is told by its path", async () => {
    const path = join(folder, `${c.spec}.vic`);
    await writeFile(path, "something else");
    expect((await failureOf(() => open(path))).message).toContain(path);
    const index = filled(c);
    await index.save(path);
    expect((await open(path)).size).toBe(index.size);
    index.compact();
    await index.save(path);
    expect((await open(path)).stats().removed).toBe(0);
  });

  test("tuned parameters come back, and unknown ones are refused still", async () => {
    const index = filled(c);
    if (c.graph) index.configure({ efSearch: 33 });
    const again = await open(index.toBytes());
    expect(again.defaults).toEqual(index.defaults);
    expect((await failureOf(() => again.configure({ hashTables: 1 }))).code).toBe("OPTION_UNKNOWN");
  });

  test("more rows than warm-up needs: what codes alone keep is what comes back", async () => {
    const rows = makeRows(1400, D, "f32", { seed: 44 });
    const index = make(c, D, { efConstruction: 30 });
    for (const cut of [1000, 1023, 1024, 1400]) {
      index.add(rows.slice(index.size, cut));
      const again = await open(index.toBytes());
      expect(portrait(again, queries), `${cut} rows`).toEqual(portrait(index, queries));
      const { vectors } = index.stats().memory;
      expect(vectors > 0).toBe(c.keepsVectors || cut < 1024);
      expect(again.stats().memory.vectors).toBe(vectors);
    }
    const again = await open(index.toBytes());
    const more = makeRows(300, D, "f32", { seed: 45 });
    for (const held of [index, again]) held.add(more);
    expect(Buffer.compare(again.toBytes(), index.toBytes())).toBe(0);
  });
});
