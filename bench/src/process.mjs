import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const hasTaskset = process.platform === "linux" && spawnSync("taskset", ["--version"]).status === 0;

/** Cores this process may run on; empty where that cannot be told. */
export function allowedCores() {
  if (process.platform !== "linux") return [];
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [from, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/**
 * Starts a contender and gives its commands: `ask("time", 40, 0.5)` resolves to its reply.
 * @param {string} name for messages @param {string} program @param {string[]} args
 * @param {{ cores?: number[] | undefined, env?: Record<string, string> }} [options]
 */
export function startContender(name, program, args, { cores, env } = {}) {
  const pinned =
    hasTaskset && cores?.length ? ["taskset", "-c", cores.join(","), program, ...args] : [program, ...args];
  const child = spawn(pinned[0], pinned.slice(1), {
    stdio: ["pipe", "pipe", "inherit"],
    // Numeric libraries must not start threads of their own.
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", ...env },
  });
  /** @type {((line: string) => void)[]} */
  const waiting = [];
  /** @type {((error: Error) => void)[]} */
  const failing = [];
  let gone = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    failing.shift();
    waiting.shift()?.(line);
  });
  const end = (why) => {
    gone = why;
    for (const fail of failing.splice(0)) fail(new Error(`${name}: ${why}`));
  };
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(`ended early (${signal ?? `exit ${code}`})`));
  child.stdin.on("error", () => {});
  return {
    name,
    pid: child.pid,
    /** @param {string} command @param {...(string | number)} rest @returns {Promise<any>} */
    async ask(command, ...rest) {
      if (gone) throw new Error(`${name}: ${gone}`);
      const line = await new Promise((resolve, reject) => {
        waiting.push(resolve);
        failing.push(reject);
        child.stdin.write([command, ...rest].join(" ") + "\n");
      });
      const reply = JSON.parse(line);
      if (reply.error) throw new Error(`${name}: ${reply.error}`);
      return reply;
    },
    async stop() {
      if (gone) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end("quit\n");
      await ended;
    },
  };
}
