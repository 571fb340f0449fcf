import { type Job, type Matrix, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { FlatIndex } from "../../indexes/flat.ts";
import type { Dense } from "../linalg/dense.ts";
import { lbfgs } from "../linalg/lbfgs.ts";
import { type Classes, readRows } from "../rows.ts";
import { openSaved } from "../saved.ts";
import { applyMap } from "./linearModel.ts";
import { type LmnnPairs, lmnnObjective } from "./lmnnObjective.ts";
import { type LearnedMetric, MetricLearner, readLearned, sampled } from "./metricLearner.ts";
import { checkTolerance } from "./nca.ts";
import { checkStart, type MetricStart, plainStart, startOf } from "./start.ts";

export interface LmnnOptions {
  /** Target neighbours of a row: the nearest of its class in the data as given. */
  k?: number;
  /** Dimensions of the learned space; default those of the data. */
  nComponents?: number;
  init?: MetricStart;
  /** Weight of pulling targets near, 0 … 1; pushing impostors away has the rest. */
  regularization?: number;
  /** How much farther than targets impostors should be, in squared distance. */
  margin?: number;
  /** Nearest rows of other classes that are looked at for each row; found anew every so many iterations. */
  impostors?: number;
  maxIterations?: number;
  /** Ends where a round of iterations gains less than so much of the objective. */
  tolerance?: number;
  /** More rows than these are sampled, classes in proportion. */
  maxRows?: number;
  seed?: number;
}

export const LMNN_DEFAULTS: Required<Omit<LmnnOptions, "nComponents">> & Pick<LmnnOptions, "nComponents"> = {
  k: 3,
  nComponents: undefined,
  init: "auto",
  regularization: 0.5,
  margin: 1,
  impostors: 50,
  maxIterations: 200,
  tolerance: 1e-3,
  maxRows: 10_000,
  seed: 42,
};

/** Iterations before impostors are looked for anew. */
const ROUND = 20;
/** Queries of one call of an index. */
const QUERIES = 512;

/**
 * Large margin nearest neighbours (Weinberger & Saul 2009, JMLR 10:207–244), by metric-learn's conventions: L pulls each row's
 * k target neighbours near and pushes rows of other classes out of a margin around them. Targets are fixed; impostors are
 * the nearest rows of other classes, found through an index of mapped rows every 20 iterations. Minimised by L-BFGS.
 *
 * Margins are in units of the data's squared distances: bring data to a spread of about one first.
 *
 * @remarks an evaluation costs n (k + impostors) m, a search for impostors n² m
 */
export class LMNN extends MetricLearner {
  readonly options: Readonly<typeof LMNN_DEFAULTS>;

  /** @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN */
  constructor(options: LmnnOptions = {}) {
    super();
    this.options = resolveOptions<typeof LMNN_DEFAULTS>(LMNN_DEFAULTS, options);
    const { init, nComponents, regularization, margin } = this.options;
    checkStart(init, nComponents);
    wholeNumber("k", this.options.k, 1, 1000);
    wholeNumber("impostors", this.options.impostors, 1, 100_000);
    wholeNumber("maxIterations", this.options.maxIterations, 1, 1_000_000);
    wholeNumber("maxRows", this.options.maxRows, 2, 1_000_000);
    wholeNumber("seed", this.options.seed, 0, Number.MAX_SAFE_INTEGER);
    checkTolerance(this.options.tolerance);
    if (typeof regularization !== "number" || !(regularization >= 0 && regularization <= 1)) {
      const rule = "from 0 to 1";
      throw new VicinalError("OPTION_RANGE", { option: "regularization", got: regularization, rule });
    }
    if (typeof margin !== "number" || !(margin > 0 && margin < Number.POSITIVE_INFINITY)) {
      throw new VicinalError("OPTION_RANGE", { option: "margin", got: margin, rule: "above 0" });
    }
  }

  protected override get name(): string {
    return "LMNN";
  }

  protected override get saved(): object {
    return { ...this.options, init: plainStart(this.options.init) };
  }

  /** Reads what `toJSON` gave, or its text. Throws FORMAT, FORMAT_VERSION, OPTION_RANGE, OPTION_UNKNOWN. */
  static fromJSON(json: unknown): LMNN {
    const saved = openSaved(json, "LMNN");
    const model = new LMNN(saved.options<LmnnOptions>("options"));
    model.learned = readLearned(saved);
    return model;
  }

  protected override *job(input: VectorsInput, labels: ArrayLike<number | string>): Job<LearnedMetric> {
    const { k, maxRows, seed, maxIterations, tolerance } = this.options;
    const { x, classes } = sampled(readRows(input, "rows", 2), labels, maxRows, k + 1, seed);
    const small = classes.counts.findIndex((count) => count <= k);
    if (small >= 0) {
      const got = `${classes.counts[small]} of class ${classes.classes[small]}`;
      const rule = `more than k = ${k} of each class`;
      throw new VicinalError("BAD_INPUT", { what: "rows", got, rule });
    }
    const components = yield* startOf(x, classes, this.options);
    const targets = yield* targetsOf(x, classes, k);
    let best: LearnedMetric = {
      components,
      value: Number.POSITIVE_INFINITY,
      iterations: 0,
      reason: "iterations",
    };
    let active: LmnnPairs | undefined;
    for (let iterations = 0; iterations < maxIterations; ) {
      const pairs = yield* withImpostors(
        x,
        classes,
        targets,
        best.components,
        this.options.impostors,
        active,
      );
      const objective = lmnnObjective(x, pairs, this.options, components.rows);
      const found = yield* lbfgs((l, gradient) => objective.evaluate(l, gradient), best.components.data, {
        maxIterations: Math.min(ROUND, maxIterations - iterations),
        valueTolerance: tolerance / ROUND,
        phase: "LMNN",
      });
      iterations += Math.max(1, found.iterations);
      const isDone = Math.abs(best.value - found.value) <= tolerance * Math.abs(found.value);
      const reason = isDone ? "value" : "iterations";
      best = { components: { ...components, data: found.x }, value: found.value, iterations, reason };
      if (isDone) break;
      active = pairs;
    }
    return best;
  }
}

/** The k nearest rows of its class for each row. */
export function* targetsOf(x: Dense, { codes, counts }: Classes, k: number): Job<LmnnPairs> {
  const targets = new Uint32Array(x.rows * k);
  for (let c = 0; c < counts.length; c++) {
    const members = Uint32Array.from(codes.keys()).filter((i) => codes[i] === c);
    const rows = Array.from(members, (i) => x.data.subarray(i * x.cols, (i + 1) * x.cols));
    const index = new FlatIndex({ dimension: x.cols });
    try {
      index.add(rows);
      for (let from = 0; from < rows.length; from += QUERIES) {
        const found = index.search(rows.slice(from, from + QUERIES), { k: k + 1 });
        for (let q = 0; q < found.queries; q++) {
          const others = [...found.row(q).ids].filter((id) => id !== from + q).slice(0, k);
          others.forEach((id, t) => {
            targets[members[from + q]! * k + t] = members[id]!;
          });
        }
        yield { phase: "targets", done: members[Math.min(rows.length, from + QUERIES) - 1]!, total: x.rows };
      }
    } finally {
      index.close();
    }
  }
  return { targets, k, impostors: new Uint32Array(0), starts: new Uint32Array(x.rows + 1) };
}

/** The nearest rows of other classes under L for each row, and those that were looked at before. */
export function* withImpostors(
  x: Dense,
  { codes, counts }: Classes,
  pairs: LmnnPairs,
  components: Dense,
  count: number,
  former: LmnnPairs | undefined,
): Job<LmnnPairs> {
  const n = x.rows;
  const mapped = applyMap({ components, origin: undefined }, x);
  const index = new FlatIndex({ dimension: mapped.cols });
  const lists: Set<number>[] = Array.from({ length: n }, (_, i) =>
    former === undefined
      ? new Set()
      : new Set(former.impostors.subarray(former.starts[i], former.starts[i + 1])),
  );
  try {
    index.add(mapped);
    for (let c = 0; c < counts.length; c++) {
      const members = Uint32Array.from(codes.keys()).filter((i) => codes[i] === c);
      const filter = new Uint8Array(Math.ceil(n / 8));
      codes.forEach((code, i) => {
        if (code !== c) filter[i >> 3]! |= 1 << (i & 7);
      });
      for (let from = 0; from < members.length; from += QUERIES) {
        const block = members.subarray(from, from + QUERIES);
        const found = index.search(rowsAt(mapped, block), { k: count, filter });
        for (let q = 0; q < found.queries; q++) for (const id of found.row(q).ids) lists[block[q]!]!.add(id);
        yield { phase: "impostors", done: from, total: n };
      }
    }
  } finally {
    index.close();
  }
  const starts = new Uint32Array(n + 1);
  lists.forEach((list, i) => {
    starts[i + 1] = starts[i]! + list.size;
  });
  const impostors = new Uint32Array(starts[n]!);
  lists.forEach((list, i) => {
    impostors.set(Uint32Array.from(list).sort(), starts[i]);
  });
  return { ...pairs, impostors, starts };
}

function rowsAt({ data, cols }: Matrix, ids: Uint32Array): Matrix {
  const out = new Float32Array(ids.length * cols);
  ids.forEach((id, i) => {
    out.set(data.subarray(id * cols, (id + 1) * cols), i * cols);
  });
  return { data: out, rows: ids.length, cols, stride: cols };
}
