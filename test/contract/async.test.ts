import { describe, expect, test } from "vitest";
import { matrix, type Progress } from "../../src/core/index.ts";
import { build, type Index, type Key, open } from "../../src/indexes/index.ts";
import { failureOf, make, makeRows, ONE_EACH, type Row } from "./support.ts";

const D = 16;
const rows = makeRows(4000, D, "f32", { seed: 21 });
const base = rows.slice(0, 700);
const more = rows.slice(700, 2300);
const queries = makeRows(30, D, "f32", { seed: 22 });

const answers = (index: Index): unknown => {
  // Where a structure is made anew and that is abandoned, rows are scanned: approximate answers get better.
  // Of an abandoned block links of rows held before may remain changed: graphs get as many candidates as find the true nearest.
  const near = index.searchParams.includes("efSearch") ? { efSearch: 20 } : { exact: !index.exact };
  return queries.map((query) => index.search(query, { k: 5, ...near }).items());
};

/** Aborts at the n-th progress report of what is run; answers what the run rejected with, or undefined. */
async function abortAt(n: number, run: (options: object) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController();
  const reason = new Error(`stop at ${n}`);
  let seen = 0;
  const onProgress = (): void => {
    if (++seen === n) controller.abort(reason);
  };
  try {
    await run({ signal: controller.signal, onProgress });
    return undefined;
  } catch (error) {
    expect(error, "what the caller gave as reason").toBe(reason);
    return error;
  }
}

describe.each(ONE_EACH)("$spec", (c) => {
  const setUp = (): Index => {
    const index = make(c, D, { efConstruction: 40 });
    index.add(base);
    return index;
  };

  test.each([1, 3])(
    "addAsync on %s thread(s), aborted anywhere: rows held stay, none of the new",
    async (threads) => {
      const index = setUp();
      const before = answers(index);
      let stopped = 0;
      for (const n of [1, 2, 3, 4, 7, 11, 18, 30, 47, 76]) {
        const error = await abortAt(n, (options) => index.addAsync(more, { ...options, threads }));
        if (error === undefined) {
          // It was done before that many reports.
          expect(index.remove([...index.keys()].filter((key) => Number(key) >= 700))).toBe(1600);
          continue;
        }
        stopped++;
        expect(index.size).toBe(700);
        expect(answers(index)).toEqual(before);
        expect(index.health()).toMatchObject({ unreachable: 0, ok: true });
        const all = index.search(queries[0]!, { k: 5000, filter: new Uint8Array(1000).fill(255) }).keys();
        expect(all.length).toBe(700);
      }
      if (c.graph) expect(stopped).toBeGreaterThan(3);
      const from = index.stats().removed;
      index.add(more, { keys: more.map((_, i) => `again ${i}`) });
      expect(index.size).toBe(2300);
      expect(index.health(), `after ${from} rows were withdrawn`).toMatchObject({ unreachable: 0, ok: true });
      for (let i = 0; i < 5; i++) {
        index.remove(Array.from({ length: 60 }, (_, j) => `again ${i * 60 + j}`));
        index.add(more.slice(i * 60, i * 60 + 60), {
          keys: more.slice(0, 60).map((_, j) => `round ${i} ${j}`),
        });
        expect(index.health()).toMatchObject({ size: 2300, unreachable: 0, ok: true });
      }
      index.compact();
      expect(index.health()).toMatchObject({ size: 2300, removed: 0, unreachable: 0, ok: true });
      index.close();
    },
  );

  test("a signal aborted beforehand rejects with its reason, and nothing happens", async () => {
    const index = setUp();
    const before = index.toBytes();
    const signal = AbortSignal.abort(new Error("early"));
    for (const attempt of [
      () => index.addAsync(more, { signal }),
      () => index.addAsync(more, { signal, threads: 2 }),
      () => index.searchAsync(queries, { signal }),
      () => index.searchAsync(queries, { signal, threads: 2 }),
      () => index.audit({ signal }),
      () => build(base, { spec: c.spec, signal }),
    ]) {
      await expect(attempt(), String(attempt)).rejects.toThrow("early");
    }
    const same = make(c, D, { efConstruction: 40 });
    same.add(base);
    expect(answers(index)).toEqual(answers(same));
    expect(index.size).toBe(700);
    expect(before.length).toBeGreaterThan(0);
    index.close();
  });

  test("searchAsync and audit, aborted anywhere, leave the index usable", async () => {
    const index = setUp();
    index.add(more);
    const before = answers(index);
    const many = makeRows(6000, D, "f32", { seed: 23 });
    for (const threads of [1, 2]) {
      for (const n of [1, 2, 5, 20]) {
        await abortAt(n, (options) => index.searchAsync(many, { ...options, threads, k: 3 }));
        expect(answers(index)).toEqual(before);
      }
    }
    for (const n of [1, 3, 40]) {
      await abortAt(n, (options) => index.audit({ ...options, sample: 60 }));
      expect(answers(index)).toEqual(before);
    }
    index.close();
  });

  test("progress counts up to its total", async () => {
    const index = make(c, D, { efConstruction: 40 });
    for (const threads of [1, 2]) {
      const jobs: ((o: { onProgress: (p: Progress) => void }) => Promise<unknown>)[] = [
        (o) => index.addAsync(more, { ...o, threads }),
        (o) => index.searchAsync(more, { ...o, threads, k: 3 }),
        (o) => index.audit({ ...o, sample: 20 }),
      ];
      for (const job of jobs) {
        const seen: Progress[] = [];
        await job({ onProgress: (p) => seen.push({ ...p }) });
        for (let i = 0; i < seen.length; i++) {
          const { phase, done, total } = seen[i]!;
          expect(done).toBeGreaterThanOrEqual(0);
          expect(done).toBeLessThanOrEqual(total);
          const last = seen[i - 1];
          if (last?.phase === phase) expect(done, `${phase} goes on`).toBeGreaterThanOrEqual(last.done);
        }
        const end = seen[seen.length - 1];
        if (end !== undefined) expect(end.done, `${end.phase} ends at its total`).toBe(end.total);
      }
    }
    index.close();
  });

  test("while a change runs everything else is refused with BUSY, and works afterwards", async () => {
    const index = setUp();
    const iterator = index.neighbors(base[0]!);
    iterator.next();
    for (const threads of [1, 2]) {
      const key = `busy ${threads}`;
      const running = index.addAsync([...more, rows[3999]!], {
        threads,
        keys: [...more.map((_, i) => `${threads} ${i}`), key] as Key[],
      });
      const attempts: (() => unknown)[] = [
        () => index.add(base),
        () => index.addAsync(base),
        () => index.upsert([base[0]!], { keys: [1] }),
        () => index.remove(1),
        () => index.search(base[0]!),
        () => index.searchAsync(base[0]!),
        () => index.range(base[0]!, 1),
        () => index.neighbors(base[0]!).next(),
        () => index.compact(),
        () => index.reserve(10_000),
        () => index.toBytes(),
        () => index.save("/tmp/never.vic"),
        () => index.stats(),
        () => index.health(),
        () => index.repair(),
        () => index.get(1),
        () => index.mask(() => true),
        () => index.configure({}),
        ...(threads === 1 ? [() => iterator.next()] : []),
      ];
      // All in one turn: what fails does so before the job goes on.
      const failures = attempts.map((attempt) => failureOf(attempt));
      for (const failure of failures) expect((await failure).code).toBe("BUSY");
      await running;
      expect(index.has(key)).toBe(true);
      expect(index.search(rows[3999]!, { k: 1 }).row(0).distances[0]).toBeLessThan(0.5);
    }
    expect(index.health().ok).toBe(true);
    index.close();
  });

  test("an index closed while a job runs rejects it with CLOSED", async () => {
    for (const threads of [1, 2]) {
      const index = setUp();
      const adding = failureOf(() => index.addAsync([...rows, ...rows, ...rows], { threads }));
      index.close();
      // Without links to make, all is done before the first pause.
      const error = await adding.catch((failed: Error) => failed);
      if (c.graph) expect(String(error)).toContain("closed");
      if (c.graph) expect((error as { code?: string }).code).toBe("CLOSED");
    }
  });

  test("a stream of blocks is added as its rows come, and fails with the stream", async () => {
    const blocks = [base.slice(0, 300), base.slice(300, 301), [], base.slice(301)];
    const index = make(c, D, { efConstruction: 40 });
    await index.addAsync(
      (async function* () {
        yield* blocks;
      })(),
      { keys: base.map((_, i) => `s${i}`), metadata: base.map((_, i) => ({ i })) },
    );
    expect([...index.keys()].sort()).toEqual(base.map((_, i) => `s${i}`).sort());
    expect(index.metadata("s300")).toMatchObject({ i: 300 });
    expect(index.search(base[450]!, { k: 1 }).keys()).toEqual(["s450"]);
    const failing = async function* (): AsyncGenerator<Row[]> {
      yield base.slice(0, 10);
      throw new Error("the source failed");
    };
    await expect(index.addAsync(failing(), { keys: [] as Key[] })).rejects.toThrow();
    const other = make(c, D);
    await expect(other.addAsync(failing())).rejects.toThrow("the source failed");
    expect(other.size, "blocks that came stay").toBe(10);
    const matrices = [matrix(Float32Array.from(base[0]!), D), matrix(Float32Array.from(base[1]!), D)];
    await other.addAsync(new Set(matrices));
    expect(other.size).toBe(12);
    expect(other.health().ok).toBe(true);
  });
});

test("build() aborted at any report rejects with the reason", async () => {
  for (const n of [1, 5, 20]) {
    const error = await abortAt(n, (options) => build(more, { ...options, spec: "HNSW8,SQ8,Refine" }));
    expect(error).toBeDefined();
  }
});

test("an index whose first block was abandoned is repaired, saved and opened like another", async () => {
  for (let n = 1; n < 30; n++) {
    const c = ONE_EACH.find(({ spec }) => spec === "HNSW8")!;
    const index = make(c, D, { seed: n, efConstruction: 16 });
    await abortAt(n, (options) => index.addAsync(more.slice(0, 700), options));
    expect(index.repair()).toBe(0);
    const again = await open(index.toBytes());
    for (const held of [index, again]) {
      held.add(base, { keys: base.map((_, i) => `new ${i}`) });
      expect(held.health()).toMatchObject({ unreachable: 0, ok: true });
    }
    expect(Buffer.compare(again.toBytes(), index.toBytes())).toBe(0);
  }
});
