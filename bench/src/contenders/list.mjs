/**
 * Who takes part. Ours are named by their index specification; a contender that cannot run here
 * says why in `missing` and is left out.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EF_GRID } from "../options.mjs";
import { startContender } from "../process.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const CHILD = here("../child.mjs");
const HNSW_SOURCE = here("../../native/hnsw.cpp");
const FAISS_SOURCE = here("../../native/faiss_flat.py");
/** The release of faiss-cpu measured against, and where it is installed. */
const FAISS_CPU = "1.15.1";

/**
 * @typedef {{ base: string, queries: string, n: number, nq: number, d: number, k: number, metric: string,
 *   M: number, efConstruction: number, seed: number, scratch: string }} Job
 * @typedef {{ name: string, ours: boolean, exact: boolean,
 *   start(job: Job, cores?: number[]): ReturnType<typeof startContender> }} Contender
 */

/**
 * A contender in JavaScript.
 * @param {string} name @param {string} file @param {Record<string, unknown>} [extra]
 */
function script(name, file, extra = {}) {
  const module = new URL(file, import.meta.url).href;
  return {
    name,
    ours: file === "./vicinal.mjs",
    exact: file === "./usearch-exact.mjs" || String(extra.spec ?? "").startsWith("Flat"),
    start: (/** @type {Job} */ job, /** @type {number[]} */ cores) =>
      startContender(
        name,
        process.execPath,
        ["--expose-gc", CHILD, JSON.stringify({ ...job, module, ...extra })],
        {
          cores,
        },
      ),
  };
}

/** @param {string} spec @param {number} [threads] */
export const ours = (spec, threads = 1) =>
  script(threads > 1 ? `${spec} (${threads} workers)` : spec, "./vicinal.mjs", { spec, threads });

/** Compiles the native program if a compiler and the header are there. @param {string} out */
function nativeHnsw(out) {
  const program = join(out, "hnsw");
  mkdirSync(out, { recursive: true });
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(HNSW_SOURCE).mtimeMs) {
    const args = ["-O3", "-march=native", "-std=c++17", HNSW_SOURCE, "-o", program, "-lpthread"];
    const built = spawnSync("g++", args, { encoding: "utf8" });
    if (built.error) return { missing: "hnswlib C++: no g++ here." };
    if (built.status !== 0) return { missing: "hnswlib C++: needs the header (Debian's libhnswlib-dev)." };
  }
  return {
    name: "hnswlib C++",
    ours: false,
    exact: false,
    start: (/** @type {Job} */ job, /** @type {number[]} */ cores) =>
      startContender(
        "hnswlib C++",
        program,
        [
          job.base,
          job.queries,
          job.n,
          job.nq,
          job.d,
          job.k,
          job.metric,
          job.M,
          job.efConstruction,
          job.seed,
        ].map(String),
        { cores },
      ),
  };
}

/** faiss-cpu from an environment of its own, else whatever FAISS the system's Python has. @param {string} out */
function faissPython(out) {
  const own = join(out, `faiss-${FAISS_CPU}`);
  const python = join(own, "bin", "python3");
  const has = (/** @type {string} */ program) => spawnSync(program, ["-c", "import faiss"]).status === 0;
  if (!existsSync(python) || !has(python)) {
    process.stderr.write(`Installing faiss-cpu ${FAISS_CPU} into ${own}\n`);
    spawnSync("python3", ["-m", "venv", own]);
    spawnSync(python, ["-m", "pip", "install", "-qqq", `faiss-cpu==${FAISS_CPU}`], {
      stdio: ["ignore", 2, 2],
    });
  }
  return [python, "/usr/bin/python3", "python3"].find(has);
}

/**
 * The widest kernels that every OpenBLAS of the last years has for this processor. The OpenBLAS within
 * faiss-cpu is of 2021: it takes newer processors for one of 2007 unless told otherwise.
 */
function blasCore() {
  const cpuinfo = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  if (/\bavx512vl\b/.test(cpuinfo)) return { OPENBLAS_CORETYPE: "SkylakeX" };
  return /\bavx2\b/.test(cpuinfo) ? { OPENBLAS_CORETYPE: "Haswell" } : {};
}

/**
 * FAISS as it comes, and with its matrix product made to fit the processor.
 * @param {string} out
 */
function faissFlat(out) {
  const program = faissPython(out);
  if (!program) return [{ missing: "FAISS: no Python with faiss-cpu, and it could not be installed." }];
  const contender = (
    /** @type {string} */ name,
    /** @type {string[]} */ extra,
    /** @type {Record<string, string>} */ env,
  ) => ({
    name,
    ours: false,
    exact: true,
    start: (/** @type {Job} */ job, /** @type {number[]} */ cores) =>
      startContender(
        name,
        program,
        [FAISS_SOURCE, job.base, job.queries, String(job.d), String(job.k), job.metric, ...extra],
        { cores, env },
      ),
  });
  return [contender("faiss flat", [], {}), contender("faiss flat, tuned BLAS", ["blas"], blasCore())];
}

/**
 * Those that can run and are wanted, and why others cannot.
 * @param {any[]} all @param {string[]} wanted names; none means all
 */
function present(all, wanted) {
  const missing = all.flatMap((one) => ("missing" in one ? [one.missing] : []));
  const here = all.filter((one) => !("missing" in one));
  return { contenders: here.filter((one) => wanted.length === 0 || wanted.includes(one.name)), missing };
}

/**
 * A contender that is a program of its own.
 * @param {string} name @param {string} program @param {(job: Job) => unknown[]} argumentsOf
 * @param {{ exact?: boolean, env?: Record<string, string> }} [options]
 */
function program(name, program, argumentsOf, { exact = false, env } = {}) {
  return {
    name,
    ours: false,
    exact,
    start: (/** @type {Job} */ job, /** @type {number[]} */ cores) =>
      startContender(name, program, argumentsOf(job).map(String), { cores, env }),
  };
}

/** Steps of lists to look into, of candidates to collect, and of candidates compared again. */
const NPROBE = [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128];
const SEARCH_K = [250, 500, 1000, 1500, 2000, 3000, 4000, 6000, 8000, 12_000, 16_000, 24_000, 32_000];
const RERANK = [20, 40, 80, 160];
const TREES = 50;

const efLadder = () => [EF_GRID.map((efSearch) => ({ efSearch }))];
const probeLadder = () => [NPROBE.map((nprobe) => ({ nprobe }))];
const rerankLadders = () => RERANK.map((rerank) => NPROBE.map((nprobe) => ({ nprobe, rerank })));

/**
 * Every family for sets of d components, with the settings to walk along.
 * @param {{ out: string, contenders: string[] }} options @param {number} d @param {number} k
 * @returns {{ contenders: any[], missing: string[] }}
 */
export function familiesOf({ out, contenders: wanted }, d, k) {
  const m = d / 2;
  const mine = [
    [ours("Flat without codes"), [[{}]]],
    [ours("HNSW16,SQ7,Refine"), efLadder()],
    [ours("QG32"), efLadder()],
    [ours("NNDescent30,SQ7,Refine"), efLadder()],
    [ours("Vamana32"), efLadder()],
    [ours("ANNG"), efLadder()],
    [ours("ONNG,SQ7,Refine"), efLadder()],
    [ours("IVF1024,Flat"), probeLadder()],
    [ours(`IVF1024,PQ${m}x4fs,Refine`), rerankLadders()],
    [ours("ScaNN"), rerankLadders()],
    [ours(`RPForest${TREES}`), [SEARCH_K.map((searchK) => ({ searchK }))]],
  ];
  const factors = RERANK.map((rerank) => rerank / k);
  const rivals = [
    [script("hnswlib-node", "./hnswlib-node.mjs"), [EF_GRID]],
    [nativeHnsw(out), [EF_GRID]],
    [nativeAnnoy(out, TREES), [SEARCH_K]],
    [faissIndex(out, "HNSW16,Flat"), efLadder()],
    [faissIndex(out, "HNSW16,SQ8"), efLadder()],
    [faissIndex(out, "IVF1024,Flat"), probeLadder()],
    [
      faissIndex(out, `IVF1024,PQ${m}x4fs,RFlat`),
      factors.map((k_factor) => NPROBE.map((nprobe) => ({ nprobe, k_factor }))),
    ],
  ];
  const all = [...mine, ...rivals].map(([one, ladders]) => ({ ...one, ladders }));
  return present(all, wanted);
}

/** Exact trees of few dimensions. @param {{ out: string, contenders: string[] }} options */
export function treesOf({ out, contenders: wanted }) {
  const all = [
    ours("KDTree"),
    ours("BallTree"),
    pythonTree(out, "sklearn KDTree", "sklearn-kd"),
    pythonTree(out, "sklearn BallTree", "sklearn-ball"),
    pythonTree(out, "scipy cKDTree", "scipy-kd"),
  ];
  return present(all, wanted);
}

/** An index of FAISS's factory. @param {string} out @param {string} spec */
function faissIndex(out, spec) {
  const python = faissPython(out);
  const name = `faiss ${spec}`;
  if (!python) return { missing: `${name}: no Python with faiss-cpu, and it could not be installed.` };
  const source = here("../../native/faiss_index.py");
  const argumentsOf = (/** @type {Job} */ { base, queries, d, k, metric }) => [
    source,
    base,
    queries,
    d,
    k,
    metric,
    spec,
  ];
  return program(name, python, argumentsOf, { env: blasCore() });
}

/** Annoy from the headers that Debian packs for R. @param {string} out @param {number} trees */
function nativeAnnoy(out, trees) {
  const source = here("../../native/annoy.cpp");
  const binary = join(out, "annoy");
  const headers = "/usr/lib/R/site-library/RcppAnnoy/include";
  mkdirSync(out, { recursive: true });
  if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(source).mtimeMs) {
    const args = ["-O3", "-march=native", "-std=c++17", `-I${headers}`, source, "-o", binary];
    const built = spawnSync("g++", args, { encoding: "utf8" });
    if (built.error) return { missing: "annoy: no g++ here." };
    if (built.status !== 0) return { missing: "annoy: needs its headers (Debian's r-cran-rcppannoy)." };
  }
  return program(`annoy ${trees}`, binary, ({ base, queries, n, nq, d, k, metric }) => [
    ...[base, queries, n, nq, d, k, metric],
    trees,
  ]);
}

/** A Python with scikit-learn and SciPy: one at hand, else an environment of its own. @param {string} out */
function treePython(out) {
  const own = join(out, "trees-python");
  const python = join(own, "bin", "python3");
  const has = (/** @type {string} */ program) =>
    spawnSync(program, ["-c", "import sklearn, scipy"]).status === 0;
  const found = [python, "/usr/bin/python3", "python3"].find(has);
  if (found !== undefined || existsSync(own)) return found;
  process.stderr.write(`Installing scikit-learn and SciPy into ${own}\n`);
  spawnSync("python3", ["-m", "venv", own]);
  spawnSync(python, ["-m", "pip", "install", "-qqq", "scikit-learn", "scipy"], { stdio: ["ignore", 2, 2] });
  return has(python) ? python : undefined;
}

/** @param {string} out @param {string} name @param {string} which */
function pythonTree(out, name, which) {
  const python = treePython(out);
  if (!python) return { missing: `${name}: no Python with scikit-learn and SciPy.` };
  const source = here("../../native/trees.py");
  return program(name, python, ({ base, queries, d, k }) => [source, base, queries, d, k, which], {
    exact: true,
  });
}

/**
 * Contenders of one part of the bench, ours first.
 * @param {"hnsw" | "exact"} part @param {{ out: string, contenders: string[] }} options
 * @returns {{ contenders: Contender[], missing: string[] }}
 */
export function contendersOf(part, { out, contenders: wanted }) {
  const all =
    part === "hnsw"
      ? [
          ours("HNSW16"),
          ours("HNSW16,SQ8,Refine"),
          ours("HNSW16,SQ7,Refine"),
          script("hnswlib-node", "./hnswlib-node.mjs"),
          script("usearch", "./usearch.mjs"),
          nativeHnsw(out),
        ]
      : [
          ours("Flat"),
          ours("Flat without codes"),
          script("usearch exact", "./usearch-exact.mjs"),
          ...faissFlat(out),
        ];
  return present(all, wanted);
}
