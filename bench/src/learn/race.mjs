/** Steps of training and inference: ours against PyTorch on the CPU, one thread each, and two of ours against one. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startContender } from "../process.mjs";
import { interleave, median, spread } from "../rounds.mjs";
import { CASES, numbersOf } from "./cases.mjs";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
const PYTORCH = fileURLToPath(new URL("../../native/learn.py", import.meta.url));
const PYTHON = "/usr/bin/python3";

const WIDE = /\bavx512f\b/.test(existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "");

/**
 * PyTorch as it is installed, with images in either layout; and where the processor has AVX-512 and OpenBLAS
 * takes it for an older one, told so.
 */
const RIVALS = [
  { name: "torch", layout: "nchw" },
  { name: "torch, channels last", layout: "nhwc" },
  ...(WIDE
    ? [{ name: "torch, BLAS told AVX-512", layout: "nchw", env: { OPENBLAS_CORETYPE: "SKYLAKEX" } }]
    : []),
];

/** The largest difference, tensor by tensor, over the tensor's largest value. @param {Float64Array} got @param {Float64Array} want @param {number[]} sizes */
function errorOf(got, want, sizes) {
  let worst = 0;
  let at = 0;
  for (const size of sizes) {
    let [error, scale] = [0, 0];
    for (let i = at; i < at + size; i++) {
      error = Math.max(error, Math.abs(got[i] - want[i]));
      scale = Math.max(scale, Math.abs(want[i]));
    }
    worst = Math.max(worst, error / scale);
    at += size;
  }
  if (at !== want.length || got.length !== want.length) throw new Error("outputs differ in length");
  return worst;
}

const read = (/** @type {string} */ path) => {
  const bytes = readFileSync(path);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** Sizes of the tensors whose values a case's outputs are. @param {import("./cases.mjs").Case} one @param {number} all */
function sizesOf({ name, arrays }, all) {
  if (name === "dncnn17") return [all];
  const inputs = name === "distances" ? ["target"] : ["x", "target"];
  const trained = Object.entries(arrays).filter(([array]) => !inputs.includes(array));
  return [1, ...trained.map(([, { shape }]) => shape.reduce((product, extent) => product * extent, 1))];
}

function writeArrays(/** @type {string} */ folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cases.json"), JSON.stringify(CASES));
  for (const { name, arrays } of CASES) {
    Object.entries(arrays).forEach(([array, spec], i) => {
      writeFileSync(join(folder, `${name}.${array}`), numbersOf(spec, i + 1));
    });
  }
}

/** @param {any} options @param {(text: string) => void} say */
export async function raceLearning(options, say) {
  const folder = join(options.out, "learn");
  writeArrays(folder);
  const one = { cores: options.core >= 0 ? [options.core] : [] };
  const two = { cores: options.cores.slice(-2) };
  const ours = (/** @type {string} */ name, /** @type {number} */ threads, /** @type {any} */ where) =>
    startContender(name, process.execPath, [CHILD, folder, String(threads)], where);
  const hasTorch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;
  const rivals = hasTorch
    ? RIVALS.map(({ name, layout, env }) => ({
        ...startContender(name, PYTHON, [PYTORCH, folder, layout], { ...one, env }),
        tuned: env !== undefined,
      }))
    : [];
  const mine = ours("Vicinal", 1, one);
  // Both may use both cores; the clock counts.
  const alone = ours("one thread", 1, two);
  const pair = ours("two threads", 2, two);
  const everyone = [mine, ...rivals, alone, pair];
  const results = [];
  for (const each of CASES) {
    if (options.cases.length > 0 && !options.cases.includes(each.name)) continue;
    say(`${each.name}: outputs`);
    const racing = [mine, ...rivals];
    for (const runner of everyone) await runner.ask("prepare", each.name);
    /** @type {Record<string, number>} */
    const errors = {};
    if (rivals.length > 0) {
      const truthPath = join(folder, "truth");
      await rivals[0].ask("truth", truthPath);
      const truth = read(truthPath);
      for (const runner of racing) {
        const path = join(folder, "outputs");
        await runner.ask("outputs", path);
        errors[runner.name] = errorOf(read(path), truth, sizesOf(each, truth.length));
      }
    }
    for (const runner of everyone) await runner.ask("time", Math.min(1, options.seconds));
    const { qps, busy } = await interleave(
      racing,
      (runner) => runner.ask("time", options.seconds),
      options.rounds,
      (round) => say(`${each.name}: round ${round + 1} of ${options.rounds}`),
    );
    const times = racing.map(({ name }, i) => ({ name, ms: 1000 / median(qps[i]), error: errors[name] }));
    // Ours over the rival's time in each round: against each as installed the faster layout, and against the tuned.
    const fastest = (/** @type {boolean} */ tuned) => {
      const list = racing.flatMap((runner, i) => (i > 0 && runner.tuned === tuned ? [i] : []));
      const best = list.toSorted((a, b) => median(qps[b]) - median(qps[a]))[0];
      if (best === undefined) return undefined;
      return {
        name: racing[best].name,
        ratio: spread(qps[best].map((value, round) => value / qps[0][round])),
      };
    };
    let workers;
    if (each.conv) {
      const clock = [[], []];
      for (let round = 0; round < options.rounds; round++) {
        say(`${each.name}: threads, round ${round + 1} of ${options.rounds}`);
        for (const [i, runner] of [alone, pair].entries()) {
          const { queries, seconds } = await runner.ask("time", options.seconds);
          clock[i].push(seconds / queries);
        }
      }
      workers = {
        ms: clock.map((list) => 1000 * median(list)),
        ratio: spread(clock[0].map((value, round) => value / clock[1][round])),
      };
    }
    results.push({
      ...each,
      arrays: undefined,
      times,
      rival: fastest(false),
      tuned: fastest(true),
      busy,
      workers,
    });
  }
  const facts = [];
  for (const { name, ask } of [rivals[0], rivals.find(({ tuned }) => tuned)].filter(
    (each) => each !== undefined,
  )) {
    facts.push({ name, ...(await ask("facts")) });
  }
  for (const runner of everyone) await runner.stop();
  return { results, facts, missing: hasTorch ? [] : ["PyTorch: no `import torch` in /usr/bin/python3."] };
}
