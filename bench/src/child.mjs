/**
 * One contender in a process of its own, so that no contender pays for another's garbage, compiled
 * code or page tables, and native programs take part on the same terms. Commands come as lines,
 * one JSON line answers each; see src/process.mjs for the other end.
 */
import { closeSync, openSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { answerCommands } from "./answer.mjs";

const job = JSON.parse(process.argv[2]);
const { d, k } = job;

/** @param {string} path */
function readFloats(path) {
  const floats = new Float32Array(statSync(path).size / 4);
  const bytes = new Uint8Array(floats.buffer);
  const file = openSync(path, "r");
  for (let at = 0; at < bytes.length; )
    at += readSync(file, bytes, at, Math.min(bytes.length - at, 1 << 28), at);
  closeSync(file);
  return floats;
}

/** Seconds of processor time since an earlier reading, over all threads. @param {NodeJS.CpuUsage} since */
function cpuSince(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

const spent = { seconds: 0, cpu: 0 };
/** Adds what `work` takes to the build time. @param {() => unknown} work */
function clock(work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = work();
  const stop = () => {
    spent.seconds += (performance.now() - start) / 1000;
    spent.cpu += cpuSince(cpu);
  };
  if (done instanceof Promise) return done.finally(stop);
  stop();
  return done;
}

const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

const { create } = await import(job.module);
const base = readFloats(job.base);
const queries = readFloats(job.queries);
const nq = queries.length / d;
const n = base.length / d;
const contender = await create({ ...job, n, clock });
contender.prepare?.(queries);

/** Keeps the answers observable, so that no search can be optimised away. */
let consumed = 0;

/**
 * Whole passes over the first `count` queries, one a call, until `seconds` have gone by.
 * @param {(q: number) => ArrayLike<number | bigint>} search @param {number} count @param {number} seconds
 */
function timeSearch(search, count, seconds) {
  const warmUntil = performance.now() + Math.min(100, 200 * seconds);
  for (let q = 0; q < count && performance.now() < warmUntil; q++) consumed ^= Number(search(q)[0]);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let passes = 0;
  let elapsed = 0;
  do {
    for (let q = 0; q < count; q++) consumed ^= Number(search(q)[0]);
    passes++;
    elapsed = (performance.now() - start) / 1000;
  } while (elapsed < seconds);
  return { queries: passes * count, seconds: elapsed, cpu: cpuSince(cpu), consumed };
}

/** A setting of the search: efSearch, or parameters by name as JSON without blanks. @param {string} word */
const settingOf = (word) => (word.startsWith("{") ? JSON.parse(word) : Number(word));

/** @type {Record<string, (...args: string[]) => unknown>} */
const commands = {
  async build() {
    const before = rss();
    spent.seconds = spent.cpu = 0;
    await contender.build(base);
    return { ...spent, rss: rss() - before, memory: contender.memory?.() };
  },
  async save(...words) {
    const path = words.join(" ");
    const start = performance.now();
    await contender.save(path);
    const seconds = (performance.now() - start) / 1000;
    return { seconds, bytes: statSync(path).size };
  },
  async load(...words) {
    const path = words.join(" ");
    const start = performance.now();
    await contender.load(path);
    return { seconds: (performance.now() - start) / 1000 };
  },
  answers(ef, ...words) {
    const path = words.join(" ");
    const search = contender.searcher(settingOf(ef), k);
    const out = new Int32Array(nq * k).fill(-1);
    for (let q = 0; q < nq; q++) out.set(Array.from(search(q), Number), q * k);
    writeFileSync(path, out);
    return {};
  },
  time: (ef, seconds) => timeSearch(contender.searcher(settingOf(ef), k), nq, Number(seconds)),
  /** Exact search of `count` queries, one a call. */
  singles: (count, seconds) => timeSearch(contender.searcher(0, k), Number(count), Number(seconds)),
  /** Exact search of `count` queries in one call, whole calls until `seconds` have gone by. */
  batch(count, seconds) {
    const search = contender.batcher(Number(count), k);
    const cpu = process.cpuUsage();
    const start = performance.now();
    let calls = 0;
    let elapsed = 0;
    do {
      consumed ^= Number(search()[0]);
      calls++;
      elapsed = (performance.now() - start) / 1000;
    } while (elapsed < Number(seconds));
    const used = process.cpuUsage(cpu);
    return {
      queries: calls * Number(count),
      seconds: elapsed,
      cpu: (used.user + used.system) / 1e6,
      consumed,
    };
  },
  facts: () => contender.facts?.() ?? {},
};

await answerCommands(commands);
if (job.scratch) rmSync(`${job.scratch}.usearch`, { force: true });
process.exit(0);
