/**
 * What this project has set itself to reach, and whether a run did. A goal is judged on the median
 * ratio of the interleaved rounds, over all sets it names; the worst set decides.
 */

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
function judge(goal, values, bound, side, show = times) {
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
  return list;
}
