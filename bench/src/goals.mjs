/**
 * What this project has set itself to reach, and whether a run did. A goal is judged on the median
 * ratio of the interleaved rounds, over all sets it names; the worst set decides.
 */
import { denoisingVerdicts } from "./denoise/report.mjs";
import { learningVerdicts } from "./learn/report.mjs";
import { serverVerdicts } from "./server/report.mjs";

const QUANTIZED = ["HNSW16,SQ7,Refine", "HNSW16,SQ8,Refine"];
const F32 = ["HNSW16"];
const GOAL_SETS = ["fashion-mnist", "bsds-sift", "unit768"];

/**
 * @typedef {{ goal: string, want: string, got: string, met: boolean | undefined }} Verdict
 */

/** The best of `names` against the rival on a set, or undefined where either is absent. */
function ratioAt(result, recall, names, rival) {
  const target = result.graphs?.targets.find((one) => one.recall === recall);
  const ratios = names.flatMap((name) => target?.ratios[name]?.[rival]?.median ?? []);
  return ratios.length > 0 ? Math.max(...ratios) : undefined;
}

/** @param {number} value */
const times = (value) => `${value.toFixed(2)}×`;

/**
 * Judges one number a set against a bound.
 * @param {string} goal @param {{ set: string, value: number | undefined }[]} values
 * @param {number} bound @param {"at least" | "at most"} side @param {(value: number) => string} [show]
 * @returns {Verdict}
 */
export function judge(goal, values, bound, side, show = times) {
  const known = values.filter(({ value }) => value !== undefined);
  const passes = (/** @type {number} */ value) => (side === "at least" ? value >= bound : value <= bound);
  return {
    goal,
    want: `${side} ${show(bound)}`,
    got:
      known.map(({ set, value }) => `${set} ${show(value)}${passes(value) ? "" : " ✗"}`).join(", ") ||
      "not measured",
    met: known.length > 0 ? known.every(({ value }) => passes(value)) : undefined,
  };
}

/** How the families and the trees do. @param {any[]} sets @param {any[]} trees @returns {Verdict[]} */
function familyVerdicts(sets, trees) {
  const withFamilies = sets.filter(({ families }) => families);
  const at = (set, recall) => set.families.targets.find((one) => one.recall === recall)?.points ?? [];
  const fastest = (points) => (points.length > 0 ? Math.max(...points.map(({ qps }) => qps)) : undefined);
  const over = (/** @type {(set: any) => number | undefined} */ value) =>
    withFamilies.map((set) => ({ set: set.name, value: value(set) }));
  const ratio = (a, b) => (a !== undefined && b !== undefined ? a / b : undefined);
  /** @type {Verdict[]} */
  const list = [];
  for (const recall of [0.95, 0.99]) {
    const best = (set) => fastest(at(set, recall).filter(({ ours }) => ours));
    const faiss = (set) => fastest(at(set, recall).filter(({ name }) => name.startsWith("faiss")));
    const named = (set, name) => at(set, recall).find((one) => one.name === name)?.qps;
    list.push(
      judge(
        `Best of ours vs best of faiss at ${recall}`,
        over((set) => ratio(best(set), faiss(set))),
        1,
        "at least",
      ),
      judge(
        `Best of ours vs hnswlib-node at ${recall}`,
        over((set) => ratio(best(set), named(set, "hnswlib-node"))),
        5,
        "at least",
      ),
    );
  }
  const slowest = (set) => {
    const plain = at(set, 0.95).find(({ name }) => name === "Flat without codes")?.qps;
    const ours = at(set, 0.95).filter((one) => one.ours && !one.name.startsWith("Flat"));
    const missed = set.families.contenders.filter(
      (one) => one.ours && !at(set, 0.95).some(({ name }) => name === one.name),
    );
    return missed.length > 0 ? 0 : ratio(Math.min(...ours.map(({ qps }) => qps)), plain);
  };
  list.push(judge("Slowest approximate index of ours vs a plain scan at 0.95", over(slowest), 3, "at least"));
  for (const recall of [0.95]) {
    const value = (set) => {
      const points = at(set, recall);
      const annoy = points.find(({ name }) => name.startsWith("annoy"))?.qps;
      return ratio(points.find(({ name }) => name.startsWith("RPForest"))?.qps, annoy);
    };
    list.push(judge(`RPForest vs Annoy, same number of trees, at ${recall}`, over(value), 2, "at least"));
  }
  const race = (mine, rival) =>
    trees.map(({ name, modes }) => ({ set: name, value: modes[0].ratios[mine]?.[rival]?.median }));
  list.push(
    judge("KDTree in batches vs scikit-learn's", race("KDTree", "sklearn KDTree"), 2, "at least"),
    judge("KDTree in batches vs SciPy's", race("KDTree", "scipy cKDTree"), 1, "at least"),
    judge("BallTree in batches vs scikit-learn's", race("BallTree", "sklearn BallTree"), 2, "at least"),
    judge("BallTree in batches vs SciPy's cKDTree", race("BallTree", "scipy cKDTree"), 1, "at least"),
  );
  return list;
}

/** @param {any} report @returns {Verdict[]} */
export function verdicts(report) {
  const sets = report.sets.filter(({ name }) => GOAL_SETS.includes(name));
  const over = (/** @type {(set: any) => number | undefined} */ value) =>
    sets.map((set) => ({ set: set.name, value: value(set) }));
  const race = (names, rival, recall) => over((set) => ratioAt(set, recall, names, rival));
  const quantized = "Quantized + rerank";

  if (report.node.startsWith("v20.")) {
    return [
      judge(
        `${quantized} vs hnswlib-node at 0.95, Node 20`,
        race(QUANTIZED, "hnswlib-node", 0.95),
        2,
        "at least",
      ),
    ];
  }
  const list = [
    judge(`${quantized} vs hnswlib-node at 0.95`, race(QUANTIZED, "hnswlib-node", 0.95), 3, "at least"),
    judge(`${quantized} vs usearch f32 at 0.95`, race(QUANTIZED, "usearch", 0.95), 3, "at least"),
    judge(`${quantized} vs hnswlib-node at 0.99`, race(QUANTIZED, "hnswlib-node", 0.99), 2, "at least"),
    judge(`${quantized} vs usearch f32 at 0.99`, race(QUANTIZED, "usearch", 0.99), 2, "at least"),
    judge("f32 vs hnswlib-node at 0.95", race(F32, "hnswlib-node", 0.95), 1.7, "at least"),
    judge("f32 vs usearch f32 at 0.95", race(F32, "usearch", 0.95), 2, "at least"),
    judge(`${quantized} vs native hnswlib at 0.95`, race(QUANTIZED, "hnswlib C++", 0.95), 1.7, "at least"),
    judge(`${quantized} vs native hnswlib at 0.99`, race(QUANTIZED, "hnswlib C++", 0.99), 1.7, "at least"),
    judge(
      "Build speed, one thread, 7-bit codes vs hnswlib-node",
      over((set) => set.graphs?.buildRatios[QUANTIZED[0]]?.["hnswlib-node"]?.median),
      1,
      "at least",
    ),
    judge(
      "Build speed, two workers vs one",
      over((set) => set.workers?.ratio?.median),
      1.7,
      "at least",
    ),
    judge(
      "Recall lost by the second worker",
      over((set) => set.workers?.recall && set.workers.recall[0] - set.workers.recall[1]),
      0.005,
      "at most",
      (value) => value.toFixed(4),
    ),
  ];
  for (const [mode, name, rival, bound] of /** @type {const} */ ([
    ["single", "Flat", "faiss flat", 3],
    ["batch", "Flat", "faiss flat", 1.3],
    ["batch", "Flat", "faiss flat, tuned BLAS", 1.3],
    ["single", "Flat without codes", "faiss flat", 1],
  ])) {
    const found = over(
      (set) => set.exact?.modes.find((one) => one.mode === mode)?.ratios[name]?.[rival]?.median,
    );
    list.push(judge(`Exact ${mode}, ${name} vs ${rival}`, found, bound, "at least"));
  }
  list.push(...familyVerdicts(sets, report.trees ?? []));
  const file = (field) =>
    over((set) => (set.name === "fashion-mnist" ? set.file?.[field]?.median : undefined));
  const seconds = (/** @type {number} */ value) => `${value.toFixed(2)} s`;
  list.push(
    judge(
      "Memory of a quantized index over vectors + codes + links",
      over((set) => {
        const memory = set.graphs?.contenders.find(({ name }) => name === QUANTIZED[0])?.memory;
        return memory && memory.total / (memory.vectors + memory.codes + memory.links);
      }),
      1.15,
      "at most",
    ),
    judge("Save 60k × 784", file("save"), 1, "at most", seconds),
    judge("Open 60k × 784, warm", file("open"), 0.5, "at most", seconds),
    judge(
      "Core entry with WebAssembly, gzipped",
      [{ set: "", value: report.coreBytes && report.coreBytes / 1024 }],
      150,
      "at most",
      (value) => `${value.toFixed(0)} KB`,
    ),
  );
  if (report.learn) list.push(...learningVerdicts(report.learn, judge));
  if (report.denoise) list.push(...denoisingVerdicts(report.denoise, judge));
  if (report.server) list.push(...serverVerdicts(report.server, judge));
  return list;
}
