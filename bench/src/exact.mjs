/** The exact part: one query a call and whole batches, against other exact searches. */
import { readFileSync, rmSync } from "node:fs";
import { interleave, median, ratiosOf } from "./rounds.mjs";
import { recallOf } from "./truth.mjs";

/** Queries of one pass of the single-query rounds; exact search is slow enough to need few. */
const SINGLES = 100;

/**
 * @param {import("./sets.mjs").Vectors} set @param {import("./contenders/list.mjs").Job} job
 * @param {import("./contenders/list.mjs").Contender[]} contenders @param {Float64Array} truth
 * @param {any} options @param {(text: string) => void} say @param {readonly string[]} [wanted] modes to run
 */
export async function raceExact(set, job, contenders, truth, options, say, wanted = ["single", "batch"]) {
  const cores = options.core >= 0 ? [options.core] : undefined;
  const runners = contenders.map((one) => ({ ...one, process: one.start(job, cores) }));
  const answers = `${job.scratch}-answers.i32`;
  try {
    const facts = [];
    for (const runner of runners) {
      say(`${set.name}: filling ${runner.name}`);
      const built = await runner.process.ask("build");
      await runner.process.ask("answers", 0, answers);
      const recall = recallOf(
        new Int32Array(new Uint8Array(readFileSync(answers)).buffer),
        truth,
        set,
        job.k,
      );
      facts.push({
        name: runner.name,
        recall,
        seconds: built.seconds,
        ...(await runner.process.ask("facts")),
      });
    }
    const batch = options.quick ? Math.min(200, job.nq) : job.nq;
    const modes = [];
    for (const [mode, command, count] of /** @type {const} */ ([
      ["single", "singles", Math.min(SINGLES, job.nq)],
      ["batch", "batch", batch],
    ])) {
      if (!wanted.includes(mode)) continue;
      const { qps, busy } = await interleave(
        runners,
        (runner) => runner.process.ask(command, count, options.seconds),
        options.rounds,
        (round) => say(`${set.name}: exact ${mode}, round ${round + 1} of ${options.rounds}`),
      );
      modes.push({
        mode,
        queries: count,
        points: runners.map(({ name }, i) => ({ name, qps: median(qps[i]) })),
        ratios: ratiosOf(runners, qps),
        busy,
      });
    }
    return { contenders: facts, modes };
  } finally {
    rmSync(answers, { force: true });
    for (const runner of runners) await runner.process.stop();
  }
}
