/** Time of one thread, of two threads against one, and memory, of every method of removing noise. */
import { fileURLToPath } from "node:url";
import { startContender } from "../process.mjs";
import { median, spread } from "../rounds.mjs";
import { CASES, LARGE } from "./cases.mjs";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));

/** @param {any} options @param {(text: string) => void} say */
export async function raceDenoising(options, say) {
  const one = { cores: options.core >= 0 ? [options.core] : [] };
  // Both may use both cores; the clock counts.
  const two = { cores: options.cores.slice(-2) };
  const start = (/** @type {string} */ name, /** @type {number} */ threads, /** @type {any} */ where) =>
    startContender(name, process.execPath, [CHILD, String(threads)], where);
  const pinned = start("pinned", 1, one);
  const alone = start("one thread", 1, two);
  const pair = start("two threads", 2, two);
  const everyone = [pinned, alone, pair];
  const results = [];
  for (const each of CASES) {
    for (const runner of everyone) {
      await runner.ask("prepare", each.name);
      await runner.ask("time", Math.min(0.5, options.seconds));
    }
    const clocks = /** @type {number[][]} */ ([[], []]);
    const cpu = [];
    let busy = 1;
    for (let round = 0; round < options.rounds; round++) {
      say(`${each.name}: round ${round + 1} of ${options.rounds}`);
      const own = await pinned.ask("time", options.seconds);
      cpu.push(own.cpu / own.queries);
      busy = Math.min(busy, own.cpu / own.seconds);
      for (const [i, runner] of [alone, pair].entries()) {
        const { queries, seconds } = await runner.ask("time", options.seconds);
        clocks[i].push(seconds / queries);
      }
    }
    const ratio = spread(clocks[0].map((seconds, round) => seconds / clocks[1][round]));
    results.push({ ...each, cpu: spread(cpu), clock: clocks.map(median), ratio, busy });
  }
  for (const runner of everyone) await runner.stop();
  say(`${LARGE.title}: memory`);
  const large = start("large", 1, one);
  await large.ask("prepare", LARGE.name);
  const { cpu } = await large.ask("time", 0);
  const { bytes } = await large.ask("memory");
  await large.stop();
  return { results, large: { ...LARGE, cpu, held: bytes } };
}
