/** The approximate part: build every contender, sweep it, then race at equal recall. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { EF_GRID } from "./options.mjs";
import { median, raceAtRecalls, spread } from "./rounds.mjs";
import { recallOf } from "./truth.mjs";

/**
 * The best swept point that reaches the recall: the least efSearch, since each larger one does all of
 * its work and more. (The speeds of the sweep itself are too noisy to choose by.)
 * @param {{ ef: number, recall: number, qps: number }[]} points ascending @param {number} target
 */
export const bestPoint = (points, target) => points.find((point) => point.recall >= target);

/**
 * Builds a contender, or takes the graph of an earlier run where that is asked for.
 * @param {any} runner
 */
async function buildOne(runner, job, options) {
  const saved = `${job.scratch}-${runner.name.replaceAll(/\W+/g, "-")}`;
  const facts = `${saved}.json`;
  if (options.reuse && !runner.ours && existsSync(facts)) {
    await runner.process.ask("load", `${saved}.index`);
    return { ...JSON.parse(readFileSync(facts, "utf8")), reused: true };
  }
  const built = await runner.process.ask("build");
  if (options.reuse && !runner.ours) {
    await runner.process.ask("save", `${saved}.index`);
    writeFileSync(facts, JSON.stringify(built));
  }
  return built;
}

/**
 * Recall and speed along the grid, up to the recall where nothing more is asked.
 * @param {any} runner
 */
async function sweep(runner, job, set, truth, options) {
  const points = [];
  const answers = `${job.scratch}-answers.i32`;
  const enough = Math.max(...options.targets);
  for (const ef of EF_GRID) {
    await runner.process.ask("answers", ef, answers);
    const recall = recallOf(new Int32Array(new Uint8Array(readFileSync(answers)).buffer), truth, set, job.k);
    const { queries, cpu } = await runner.process.ask("time", ef, options.seconds / 2);
    points.push({ ef, recall, qps: queries / cpu });
    if (recall >= enough) break;
  }
  rmSync(answers, { force: true });
  return points;
}

/**
 * @param {import("./sets.mjs").Vectors} set @param {import("./contenders/list.mjs").Job} job
 * @param {import("./contenders/list.mjs").Contender[]} contenders @param {Float64Array} truth
 * @param {any} options @param {(text: string) => void} say
 */
export async function raceGraphs(set, job, contenders, truth, options, say) {
  const cores = options.core >= 0 ? [options.core] : undefined;
  const runners = contenders.map((one) => ({
    ...one,
    process: one.start(job, cores),
    builds: [],
    points: [],
  }));
  try {
    for (let round = 0; round < options.builds; round++) {
      for (const runner of runners) {
        if (round > 0) {
          // Built again in a fresh process, which then takes over.
          await runner.process.stop();
          runner.process = contenders.find((one) => one.name === runner.name).start(job, cores);
        }
        say(`${set.name}: building ${runner.name}`);
        const built = await buildOne(runner, job, options);
        runner.builds.push(built.cpu);
        runner.built = built;
        say(
          `${set.name}: ${runner.name} built in ${built.cpu.toFixed(1)} s${built.reused ? " (earlier run)" : ""}`,
        );
      }
    }
    for (const runner of runners) {
      say(`${set.name}: sweeping ${runner.name}`);
      runner.points = await sweep(runner, job, set, truth, options);
    }
    const targets = await raceAtRecalls(
      runners,
      bestPoint,
      (point) => point.ef,
      options,
      (text) => say(`${set.name}: ${text}`),
    );
    return {
      contenders: runners.map(({ name, builds, built, points }) => ({
        name,
        buildSeconds: median(builds),
        reused: built.reused,
        rssGrowth: built.rss,
        memory: built.memory,
        sweep: points,
      })),
      buildRatios: buildRatios(runners),
      targets,
    };
  } finally {
    for (const runner of runners) await runner.process.stop();
  }
}

/** How many times as fast as each rival ours builds. */
function buildRatios(runners) {
  /** @type {Record<string, Record<string, ReturnType<typeof spread>>>} */
  const ratios = {};
  for (const mine of runners.filter((runner) => runner.ours)) {
    ratios[mine.name] = Object.fromEntries(
      runners
        .filter((rival) => !rival.ours)
        .map((rival) => [rival.name, spread(mine.builds.map((seconds, i) => rival.builds[i] / seconds))]),
    );
  }
  return ratios;
}
