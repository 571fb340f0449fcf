/**
 * Every family of indexes: each is built once, swept along its own settings, and raced at equal recall. Settings of two
 * parameters come as several ladders, each of rising effort.
 */
import { readFileSync, rmSync } from "node:fs";
import { raceAtRecalls } from "./rounds.mjs";
import { recallOf } from "./truth.mjs";

/**
 * @typedef {{ setting: string, recall: number, qps: number }} Point
 */

/** Recall at a setting. */
async function recallAt(runner, setting, set, job, truth) {
  const answers = `${job.scratch}-answers.i32`;
  await runner.process.ask("answers", setting, answers);
  const recall = recallOf(new Int32Array(new Uint8Array(readFileSync(answers)).buffer), truth, set, job.k);
  rmSync(answers, { force: true });
  return recall;
}

/**
 * Walks each ladder up to the highest recall asked for.
 * @returns {Promise<Point[]>}
 */
async function sweep(runner, set, job, truth, options) {
  const points = [];
  const enough = Math.max(...options.targets);
  for (const ladder of runner.ladders) {
    for (const step of ladder) {
      const setting = typeof step === "object" ? JSON.stringify(step) : String(step);
      const recall = await recallAt(runner, setting, set, job, truth);
      // Settings far from any target are not worth timing.
      if (recall < Math.min(...options.targets) - 0.15) continue;
      const { queries, cpu } = await runner.process.ask("time", setting, options.seconds / 3);
      points.push({ setting, recall, qps: queries / cpu });
      if (recall >= enough) break;
    }
  }
  return points;
}

/** The fastest point that reaches the recall. @param {Point[]} points @param {number} target */
export function fastestAt(points, target) {
  const good = points.filter(({ recall }) => recall >= target);
  return good.length === 0 ? undefined : good.reduce((a, b) => (b.qps > a.qps ? b : a));
}

/**
 * @param {import("./sets.mjs").Vectors} set @param {import("./contenders/list.mjs").Job} job
 * @param {any[]} contenders @param {Float64Array} truth @param {any} options @param {(text: string) => void} say
 */
export async function raceFamilies(set, job, contenders, truth, options, say) {
  const cores = options.core >= 0 ? [options.core] : undefined;
  const runners = [];
  try {
    for (const one of contenders) {
      const runner = { ...one, process: one.start(job, cores), points: [], built: undefined, facts: {} };
      runners.push(runner);
      say(`${set.name}: building ${one.name}`);
      runner.built = await runner.process.ask("build");
      runner.points = await sweep(runner, set, job, truth, options);
      runner.facts = await runner.process.ask("facts");
      const best = runner.points.at(-1);
      say(
        `${set.name}: ${one.name} built in ${runner.built.cpu.toFixed(1)} s, ${best ? `recall ${best.recall.toFixed(3)} at ${Math.round(best.qps)} QPS` : "no point near the targets"}`,
      );
    }
    const targets = await raceAtRecalls(
      runners,
      fastestAt,
      (point) => point.setting,
      options,
      (text) => say(`${set.name}: families at ${text}`),
    );
    return {
      contenders: runners.map(({ name, ours, built, points, facts }) => ({
        name,
        ours,
        buildSeconds: built.cpu,
        bytes: facts.memory?.total ?? facts.bytes,
        sweep: points,
      })),
      targets,
    };
  } finally {
    for (const runner of runners) await runner.process.stop();
  }
}
