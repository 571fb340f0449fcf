/** Interleaved rounds and what is made of them: only ratios of the same round are ever compared. */

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and spread. @param {number[]} values */
export const spread = (values) => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/**
 * Runs A B C, A B C, ... and gives the queries per second of each in each round.
 * @template T
 * @param {T[]} runners
 * @param {(runner: T) => Promise<{ queries: number, seconds: number, cpu: number }>} measure
 * @param {number} rounds
 * @param {(round: number) => void} progress
 * @returns {Promise<{ qps: number[][], busy: number }>} qps[runner][round]; `busy` is the least share
 *   of its time that a round had the core to itself
 *
 * Seconds are those in which the pinned process had its core (processor time over all its threads): on
 * an idle machine the clock's own, on a busy one what they would have been but for the neighbours.
 */
export async function interleave(runners, measure, rounds, progress) {
  const qps = runners.map(() => /** @type {number[]} */ ([]));
  let busy = 1;
  for (let round = 0; round < rounds; round++) {
    progress(round);
    for (const [i, runner] of runners.entries()) {
      const { queries, seconds, cpu } = await measure(runner);
      qps[i].push(queries / cpu);
      busy = Math.min(busy, cpu / seconds);
    }
  }
  return { qps, busy };
}

/**
 * Ratios of each of our contenders to each rival, round by round.
 * @param {{ name: string, ours: boolean }[]} runners @param {number[][]} qps
 */
export function ratiosOf(runners, qps) {
  /** @type {Record<string, Record<string, { median: number, min: number, max: number }>>} */
  const ratios = {};
  for (const [i, mine] of runners.entries()) {
    if (!mine.ours) continue;
    ratios[mine.name] = {};
    for (const [j, rival] of runners.entries()) {
      if (i === j) continue;
      ratios[mine.name][rival.name] = spread(qps[i].map((value, round) => value / qps[j][round]));
    }
  }
  return ratios;
}

/**
 * Races everyone at each recall asked for, at the setting chosen of its points.
 * @template {{ recall: number }} P
 * @param {any[]} runners with `points` @param {(points: P[], recall: number) => P | undefined} choose
 * @param {(point: P) => string | number} wordOf what the contender is told @param {any} options
 * @param {(text: string) => void} say gets what is going on, without the set's name
 */
export async function raceAtRecalls(runners, choose, wordOf, options, say) {
  const targets = [];
  for (const recall of options.targets) {
    const racing = runners.flatMap((runner) => {
      const point = choose(runner.points, recall);
      return point ? [{ name: runner.name, ours: runner.ours, process: runner.process, point }] : [];
    });
    const { qps, busy } = await interleave(
      racing,
      (runner) => runner.process.ask("time", wordOf(runner.point), options.seconds),
      options.rounds,
      (round) => say(`recall ${recall}, round ${round + 1} of ${options.rounds}`),
    );
    targets.push({
      recall,
      points: racing.map(({ name, ours, point }, i) => ({ name, ours, ...point, qps: median(qps[i]) })),
      missed: runners
        .filter((runner) => !racing.some(({ name }) => name === runner.name))
        .map(({ name }) => name),
      ratios: ratiosOf(racing, qps),
      busy,
    });
  }
  return targets;
}
