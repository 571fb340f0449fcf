/** What concerns ours alone: two workers against one, files, and the run over a million rows. */
import { readFileSync, rmSync } from "node:fs";
import { contendersOf, ours } from "./contenders/list.mjs";
import { EF_GRID } from "./options.mjs";
import { median, spread } from "./rounds.mjs";
import { recallOf } from "./truth.mjs";

const QUANTIZED = "HNSW16,SQ7,Refine";

/** efSearch at which the graphs of one and two workers are compared. */
const COMMON_EF = 40;

async function recallAt(child, ef, set, job, truth) {
  const answers = `${job.scratch}-answers.i32`;
  await child.ask("answers", ef, answers);
  const recall = recallOf(new Int32Array(new Uint8Array(readFileSync(answers)).buffer), truth, set, job.k);
  rmSync(answers, { force: true });
  return recall;
}

/**
 * Builds with one and with two workers, turn about, each on as many cores.
 * @param {import("./sets.mjs").Vectors} set @param {import("./contenders/list.mjs").Job} job
 * @param {Float64Array} truth @param {any} options @param {(text: string) => void} say
 */
export async function twoWorkers(set, job, truth, options, say) {
  const cores = options.cores.slice(-2);
  if (cores.length < 2) return { skipped: "needs two cores" };
  /** @type {{ seconds: number, recall: number }[][]} */
  const runs = [[], []];
  for (let round = 0; round < Math.max(3, options.builds); round++) {
    for (const threads of [1, 2]) {
      say(`${set.name}: build with ${threads} worker${threads > 1 ? "s" : ""}, round ${round + 1}`);
      const child = ours(QUANTIZED, threads).start(job, cores.slice(-threads));
      try {
        const { seconds } = await child.ask("build");
        runs[threads - 1].push({ seconds, recall: await recallAt(child, COMMON_EF, set, job, truth) });
      } finally {
        await child.stop();
      }
    }
  }
  const [one, two] = runs;
  return {
    spec: QUANTIZED,
    ef: COMMON_EF,
    seconds: [one, two].map((list) => median(list.map((run) => run.seconds))),
    recall: [one, two].map((list) => median(list.map((run) => run.recall))),
    ratio: spread(one.map((run, i) => run.seconds / two[i].seconds)),
  };
}

/**
 * Saves and opens again in a fresh process, from the page cache.
 * @param {import("./sets.mjs").Vectors} set @param {import("./contenders/list.mjs").Job} job
 * @param {Float64Array} truth @param {any} options @param {(text: string) => void} say
 */
export async function fileTimes(set, job, truth, options, say) {
  const cores = options.core >= 0 ? [options.core] : undefined;
  const path = `${job.scratch}.vic`;
  const contender = ours(QUANTIZED);
  say(`${set.name}: save and open`);
  const builder = contender.start(job, cores);
  const saves = [];
  const opens = [];
  let bytes = 0;
  try {
    const { seconds: build, memory, rss } = await builder.ask("build");
    const before = await recallAt(builder, COMMON_EF, set, job, truth);
    for (let round = 0; round < 5; round++) {
      const saved = await builder.ask("save", path);
      saves.push(saved.seconds);
      bytes = saved.bytes;
    }
    for (let round = 0; round < 5; round++) {
      const opener = contender.start(job, cores);
      try {
        opens.push((await opener.ask("load", path)).seconds);
        if (round === 0 && (await recallAt(opener, COMMON_EF, set, job, truth)) !== before) {
          throw new Error("The opened index does not answer as the saved one did.");
        }
      } finally {
        await opener.stop();
      }
    }
    return { spec: QUANTIZED, bytes, save: spread(saves), open: spread(opens), build, memory, rss };
  } finally {
    await builder.stop();
    rmSync(path, { force: true });
  }
}

/**
 * One build over a million rows: seconds, bytes, queries per second along the grid, save, open.
 * @param {import("./sets.mjs").Vectors} set @param {import("./contenders/list.mjs").Job} job
 * @param {Float64Array} truth @param {any} options @param {(text: string) => void} say
 */
export async function millionRun(set, job, truth, options, say) {
  const path = `${job.scratch}.vic`;
  const { contenders } = contendersOf("hnsw", { ...options, contenders: [] });
  const wanted = options.contenders.length > 0 ? options.contenders : [QUANTIZED];
  const results = [];
  for (const contender of contenders.filter(({ name }) => wanted.includes(name))) {
    say(`million: building ${contender.name}`);
    const child = contender.start(job, options.core >= 0 ? [options.core] : undefined);
    try {
      const built = await child.ask("build");
      const sweep = [];
      for (const ef of EF_GRID) {
        const recall = await recallAt(child, ef, set, job, truth);
        const { queries, cpu } = await child.ask("time", ef, options.seconds);
        sweep.push({ ef, recall, qps: queries / cpu });
        if (recall >= Math.max(...options.targets)) break;
      }
      const saved = await child.ask("save", path);
      const opener = contender.start(job, options.core >= 0 ? [options.core] : undefined);
      const opened = contender.ours ? (await opener.ask("load", path)).seconds : undefined;
      await opener.stop();
      results.push({
        name: contender.name,
        ...built,
        sweep,
        save: saved.seconds,
        bytes: saved.bytes,
        open: opened,
      });
    } finally {
      await child.stop();
      rmSync(path, { force: true });
    }
  }
  return results;
}
