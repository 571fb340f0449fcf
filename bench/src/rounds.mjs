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
