import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isVicinalError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import { createRng } from "../core/rng.ts";
import { Engine } from "./engine.ts";
import { init } from "./init.ts";
import { acquirePool, type PoolJob, runHere, runThreads, useWorkerFactory, WorkerPool } from "./pool.ts";
import { workerMain } from "./worker-main.ts";

const ROWS = 5000;
const D = 40;
const BASE = 65536;
const NORMS = BASE + ROWS * D * 4;
const END = NORMS + ROWS * 4;

const engines: Engine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.dispose();
});

function filledEngine(shared: boolean): Engine {
  const engine = Engine.create({ shared, build: "plain" });
  engines.push(engine);
  engine.grow(END);
  const rng = createRng(7, "rows");
  const values = engine.f32;
  for (let i = BASE / 4; i < NORMS / 4; i++) values[i] = rng.normal();
  return engine;
}

const job = (over: Partial<PoolJob> = {}): PoolJob => ({
  fn: "normalizeRowsF32",
  args: [BASE, D * 4, D, NORMS],
  total: ROWS,
  chunk: 7,
  scratch: [0, 0, 0],
  ...over,
});

/** A second or so of work in bounds: all values as one long row, over and over. */
const long = job({ args: [BASE, 0, ROWS * D, NORMS], chunk: 1 });

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "nothing thrown",
    (error: unknown) => error,
  );
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await errorOf(work);
  return isVicinalError(error) ? error.code : String(error);
};

async function expected(): Promise<Uint8Array> {
  const engine = filledEngine(false);
  await runHere(engine, job());
  return engine.u8.slice(BASE, END);
}

describe("WorkerPool", () => {
  test("1, 2 and 3 threads leave the very memory that one thread here leaves", async () => {
    const want = await expected();
    for (const threads of [1, 2, 3]) {
      const engine = filledEngine(true);
      const pool = await WorkerPool.create(engine, threads);
      expect(pool.threads).toBe(threads);
      await pool.run(job());
      expect(Buffer.compare(engine.u8.slice(BASE, END), want)).toBe(0);
    }
  });

  test("jobs asked for at once run one after another, over memory grown in between", async () => {
    const engine = filledEngine(true);
    const pool = await WorkerPool.create(engine, 2);
    const far = END + 4096;
    engine.grow(far + END);
    engine.u8.copyWithin(far, BASE, NORMS);
    await Promise.all([pool.run(job()), pool.run(job({ args: [far, D * 4, D, NORMS], chunk: 100 }))]);
    const want = await expected();
    const split = NORMS - BASE;
    expect(Buffer.compare(engine.u8.slice(BASE, NORMS), want.subarray(0, split))).toBe(0);
    expect(Buffer.compare(engine.u8.slice(far, far + split), want.subarray(0, split))).toBe(0);
    expect(Buffer.compare(engine.u8.slice(NORMS, END), want.subarray(split))).toBe(0);
  });

  test("no items is no work; progress ends with all of them", async () => {
    const engine = filledEngine(true);
    const pool = await WorkerPool.create(engine, 2);
    const before = engine.u8.slice(BASE, END);
    await pool.run(job({ total: 0 }));
    expect(Buffer.compare(engine.u8.slice(BASE, END), before)).toBe(0);
    const seen: Progress[] = [];
    await pool.run(job({ phase: "unit" }), { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ phase: "unit", done: ROWS, total: ROWS });
  });

  test("a trap rejects with TRAPPED and closes the pool; the next one acquired is new", async () => {
    const engine = filledEngine(true);
    const pool = await acquirePool(engine, 2);
    expect(await acquirePool(engine, 2)).toBe(pool);
    const later = pool.run(job({ args: [2 ** 32 - 65536, 0, D, NORMS] }));
    const queued = pool.run(job());
    expect(await codeOf(later)).toBe("TRAPPED");
    expect(await codeOf(queued)).toBe("CLOSED");
    expect(pool.closed).toBe(true);
    const next = await acquirePool(engine, 3);
    expect(next).not.toBe(pool);
    await next.run(job());
  });

  test("abort stops between chunks, rejects with the reason, and leaves a usable pool", async () => {
    const engine = filledEngine(true);
    const pool = await WorkerPool.create(engine, 2);
    engine.u8.fill(0, NORMS, END);
    const aborter = new AbortController();
    const running = pool.run(long, { signal: aborter.signal });
    setTimeout(() => aborter.abort(new Error("enough")), 30);
    expect(await errorOf(running)).toBe(aborter.signal.reason);
    expect(engine.f32.slice(NORMS / 4, END / 4)).toContain(0);
    expect(await errorOf(pool.run(job(), { signal: aborter.signal }))).toBe(aborter.signal.reason);
    await pool.run(job());
  });

  test("disposing of the engine rejects the job under way with CLOSED", async () => {
    const engine = filledEngine(true);
    const pool = await WorkerPool.create(engine, 1);
    const running = codeOf(pool.run(long));
    await new Promise((resolve) => setTimeout(resolve, 5));
    engine.dispose();
    expect(await running).toBe("CLOSED");
    expect(await codeOf(WorkerPool.create(filledEngine(false), 1))).toBe("UNSUPPORTED");
  });

  test("workers made by a factory work, and ones that end at once are refused", async () => {
    const engine = filledEngine(true);
    const source = `(${workerMain.toString()})(require("node:worker_threads").parentPort)`;
    const pool = await WorkerPool.create(engine, 2, {
      workerFactory: () => new Worker(source, { eval: true }),
    });
    await pool.run(job());
    expect(Buffer.compare(engine.u8.slice(BASE, END), await expected())).toBe(0);
    for (const workerFactory of [() => new Worker("process.exit(3)", { eval: true }), () => "no worker"]) {
      expect(await codeOf(WorkerPool.create(filledEngine(true), 1, { workerFactory }))).toBe("UNSUPPORTED");
    }
  });

  test("a worker that never answers is given up, with an error that says what to look at", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const silent = new Worker("setInterval(() => {}, 1000)", { eval: true });
      const ended = new Promise((resolve) => silent.once("exit", resolve));
      const workerFactory = (): Worker => silent;
      const creating = WorkerPool.create(filledEngine(true), 1, { workerFactory }).catch(String);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await creating).toMatch(/no answer in 30 s; does its file run vicinal\/worker/);
      await ended;
    } finally {
      vi.useRealTimers();
    }
  });

  test("init's factory serves pools that are given none, until another is given", async () => {
    let calls = 0;
    const source = `(${workerMain.toString()})(require("node:worker_threads").parentPort)`;
    const workerFactory = (): Worker => {
      calls++;
      return new Worker(source, { eval: true });
    };
    try {
      await init({ workerFactory });
      await WorkerPool.create(filledEngine(true), 2);
      expect(calls).toBe(2);
      expect(await codeOf(init({ workerFactory: "no function" as never }))).toBe("BAD_INPUT");
      await WorkerPool.create(filledEngine(true), 1);
      expect(calls).toBe(3);
    } finally {
      useWorkerFactory(undefined);
    }
  });

  test("a worker lost during a job is a trap", async () => {
    const engine = filledEngine(true);
    const made: Worker[] = [];
    const source = `(${workerMain.toString()})(require("node:worker_threads").parentPort)`;
    const workerFactory = (): Worker => {
      made.push(new Worker(source, { eval: true }));
      return made.at(-1)!;
    };
    const pool = await WorkerPool.create(engine, 2, { workerFactory });
    const running = codeOf(pool.run(long));
    await made[0]!.terminate();
    expect(await running).toBe("TRAPPED");
  });
});

describe("runThreads", () => {
  test("uses an engine's one pool, enlarging it, or this thread when memory is not shared", async () => {
    const want = await expected();
    const shared = filledEngine(true);
    await runThreads(shared, job(), 2);
    const pool = await acquirePool(shared, 1);
    expect(pool.threads).toBe(2);
    await acquirePool(shared, 3);
    expect(pool.threads).toBe(3);
    expect(Buffer.compare(shared.u8.slice(BASE, END), want)).toBe(0);
    const own = filledEngine(false);
    await runThreads(own, job(), 3);
    expect(Buffer.compare(own.u8.slice(BASE, END), want)).toBe(0);
  });

  test("after shrinking the memory, threads work in the new one", async () => {
    const engine = filledEngine(true);
    engine.grow(END + (1 << 20));
    await runThreads(engine, job({ total: 0 }), 2);
    engine.shrink(END);
    await runThreads(engine, job(), 2);
    expect(Buffer.compare(engine.u8.slice(BASE, END), await expected())).toBe(0);
  });

  test("a trap here is TRAPPED, and a malformed job is refused before any work", async () => {
    const engine = filledEngine(false);
    expect(await codeOf(runHere(engine, job({ args: [2 ** 32 - 65536, 0, D, NORMS] })))).toBe("TRAPPED");
    expect(await codeOf(runHere(engine, job({ fn: "nothing" as "hash64" })))).toBe("BAD_INPUT");
    expect(await codeOf(runHere(engine, job({ chunk: 0 })))).toBe("OPTION_RANGE");
    expect(await codeOf(runHere(engine, job({ scratch: [] })))).toBe("BAD_INPUT");
  });
});
