import { createInterface } from "node:readline";

// The half of process.mjs that runs in a contender's own process.

/**
 * Runs commands, a line each, by name, and writes a JSON line for each reply, until the line "quit" or the end of input.
 * @param {Record<string, (...words: string[]) => unknown>} commands
 */
export async function answerCommands(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...words] = line.split(" ");
    if (name === "quit") break;
    let reply;
    try {
      reply = await commands[name](...words);
    } catch (error) {
      reply = { error: String(error?.stack ?? error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

let consumed = 0;

/**
 * Whole steps until `seconds` have gone by. What steps give is summed, so that none can be left out.
 * @param {() => number} step @param {number} seconds
 */
export function timeSteps(step, seconds) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let steps = 0;
  let elapsed = 0;
  do {
    consumed += step();
    steps++;
    elapsed = (performance.now() - start) / 1000;
  } while (elapsed < seconds);
  const { user, system } = process.cpuUsage(cpu);
  return {
    queries: steps,
    seconds: elapsed,
    cpu: (user + system) / 1e6,
    consumed: Number.isFinite(consumed),
  };
}
