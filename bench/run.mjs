/** The bench itself, under the Node it is to measure; scripts/bench.mjs installs, builds and starts it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { contendersOf, familiesOf, treesOf } from "./src/contenders/list.mjs";
import { raceDenoising } from "./src/denoise/race.mjs";
import { raceExact } from "./src/exact.mjs";
import { raceFamilies } from "./src/families.mjs";
import { verdicts } from "./src/goals.mjs";
import { raceGraphs } from "./src/graphs.mjs";
import { makeJob } from "./src/job.mjs";
import { raceLearning } from "./src/learn/race.mjs";
import { HELP, parseOptions } from "./src/options.mjs";
import { plotOf, plotPath } from "./src/plots.mjs";
import { allowedCores } from "./src/process.mjs";
import { markdown } from "./src/report.mjs";
import { raceServer } from "./src/server/race.mjs";
import { loadSet } from "./src/sets.mjs";
import { coreSize } from "./src/size.mjs";
import { fileTimes, millionRun, twoWorkers } from "./src/studies.mjs";
import { raceTrees } from "./src/trees.mjs";
import { groundTruth } from "./src/truth.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const say = (/** @type {string} */ text) => process.stderr.write(text + "\n");

/** The data folder, searched for as the library does. @param {string} given */
function dataFolder(given) {
  const places = given
    ? [given]
    : [process.env.VICINAL_DATA, join(root, "data"), join(root, "..", "shared", "data")];
  return places.find((place) => place && existsSync(place)) ?? "";
}

function commitName() {
  try {
    const git = (/** @type {string[]} */ ...args) =>
      execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
    return (
      git("rev-parse", "--short", "HEAD") +
      (git("status", "--porcelain", "--", "src", "wasm") ? " with changes" : "")
    );
  } catch {
    return "unknown";
  }
}

const installed = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(join(root, "bench", "node_modules", name, "package.json"), "utf8")).version;

/** Families and trees have a page of their own: their runs are as long as all others together. So have learning, denoising and the server. @param {string} only */
function recordName(only) {
  if (only === "learn") return "LEARN.md";
  if (only === "denoise") return "DENOISE.md";
  if (only === "server") return "SERVER.md";
  return only.split(",").every((part) => part === "families" || part === "trees")
    ? "FAMILIES.md"
    : "RESULTS.md";
}

async function main() {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) return void process.stdout.write(HELP);
  const given = parseOptions(argv);
  const cores = allowedCores();
  const options = {
    ...given,
    out: given.out || join(root, "bench", "out"),
    data: dataFolder(given.data),
    cores,
    core: given.core >= 0 ? given.core : (cores.at(-1) ?? -1),
  };
  mkdirSync(options.out, { recursive: true });
  const wants = (/** @type {string} */ part) =>
    !options.million && (options.only === "all" || options.only.split(",").includes(part));

  const report = {
    date: new Date().toISOString().slice(0, 10),
    commit: commitName(),
    command: [
      "npm run bench --",
      ...argv.filter((word, i) => word !== "--data" && argv[i - 1] !== "--data"),
    ].join(" "),
    node: process.version,
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memory: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
      pinned: options.core,
    },
    versions: { "hnswlib-node": installed("hnswlib-node"), usearch: installed("usearch") },
    M: options.M,
    efConstruction: options.efConstruction,
    k: options.k,
    /** Rows a set was cut to, 0 for whole sets; the goals are set for whole ones. */
    rows: options.rows,
    rounds: options.rounds,
    seconds: options.seconds,
    /** @type {any[]} */ sets: [],
    /** @type {any[]} */ trees: [],
    /** @type {any} */ learn: undefined,
    /** @type {any} */ denoise: undefined,
    /** @type {any} */ server: undefined,
    /** @type {any} */ million: undefined,
    /** @type {number | undefined} */ coreBytes: undefined,
    /** @type {string[]} */ skipped: [],
    /** @type {import("./src/goals.mjs").Verdict[]} */ goals: [],
  };

  const hnsw = wants("hnsw") ? contendersOf("hnsw", options) : { contenders: [], missing: [] };
  const exact = wants("exact") ? contendersOf("exact", options) : { contenders: [], missing: [] };
  report.skipped.push(...hnsw.missing, ...exact.missing);

  const withoutSets = ["learn", "denoise", "server"];
  const sets = options.only.split(",").every((part) => withoutSets.includes(part)) ? [] : options.sets;
  for (const name of options.million ? ["million"] : sets) {
    const set = loadSet(name, options);
    if (!set) {
      report.skipped.push(`${name}: its files are not in the data folder (--data or $VICINAL_DATA).`);
      continue;
    }
    const { metric, d } = set;
    say(`${name}: ground truth`);
    const truth = await groundTruth(set, options.k, join(options.out, "cache"));
    const job = makeJob(set, options);
    if (options.million) {
      report.million = await millionRun(set, job, truth, options, say);
      continue;
    }
    const families = wants("families") ? familiesOf(options, d, options.k) : undefined;
    report.skipped.push(...(families?.missing ?? []).filter((text) => !report.skipped.includes(text)));
    report.sets.push({
      name,
      n: job.n,
      d,
      metric,
      queries: job.nq,
      graphs:
        hnsw.contenders.length > 0
          ? await raceGraphs(set, job, hnsw.contenders, truth, options, say)
          : undefined,
      families:
        families === undefined
          ? undefined
          : await raceFamilies(set, job, families.contenders, truth, options, say),
      exact:
        exact.contenders.length > 0
          ? await raceExact(set, job, exact.contenders, truth, options, say)
          : undefined,
      workers:
        wants("build2") && !options.quick ? await twoWorkers(set, job, truth, options, say) : undefined,
      file: wants("file") && !options.quick ? await fileTimes(set, job, truth, options, say) : undefined,
    });
  }
  if (wants("trees")) {
    const { contenders, missing } = treesOf(options);
    report.skipped.push(...missing);
    report.trees = await raceTrees(contenders, options, say);
  }
  if (wants("learn")) {
    report.learn = await raceLearning(options, say);
    report.skipped.push(...report.learn.missing);
  }
  if (wants("server")) report.server = await raceServer(options, say);
  if (wants("denoise")) report.denoise = await raceDenoising(options, say);
  report.coreBytes = options.million ? undefined : await coreSize();
  // A run of some parts is judged by what it measured.
  const judged = options.million ? [] : verdicts(report);
  report.goals = options.only === "all" ? judged : judged.filter(({ met }) => met !== undefined);
  for (const text of report.skipped) say(text);

  const stamp = `${report.date}-${process.version}${options.million ? "-million" : ""}${options.quick ? "-quick" : ""}`;
  writeFileSync(join(options.out, `${stamp}.json`), JSON.stringify(report, null, 2) + "\n");
  const text = markdown(report);
  if (options.record) {
    for (const set of report.sets.filter(({ families }) => families))
      writeFileSync(plotPath(root, set), plotOf(set));
    const title = "# Bench results\n\nHow these numbers are made: [README.md](README.md).\n\n";
    writeFileSync(join(root, "bench", recordName(options.only)), title + markdown(report, true));
  }
  process.stdout.write(options.json ? JSON.stringify(report) + "\n" : text);
}

await main();
