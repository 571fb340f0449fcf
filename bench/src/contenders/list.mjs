/**
 * Who takes part. Ours are named by their index specification; a contender that cannot run here
 * says why in `missing` and is left out.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
  const missing = all.flatMap((one) => ("missing" in one ? [one.missing] : []));
  const present = all.flatMap((one) => ("missing" in one ? [] : [one]));
  return { contenders: present.filter((one) => wanted.length === 0 || wanted.includes(one.name)), missing };
}
