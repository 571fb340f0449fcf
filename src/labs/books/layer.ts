import {
  appendNeighbors,
  type Candidates,
  exp,
  matmul,
  type NamedParameters,
  neg,
  neighborDistances,
  neighborMeans,
  placeCandidates,
  relaxNeighbors,
  reshape,
  type Tape,
  type Tensor,
  topK,
} from "../../autodiff/index.ts";
import { createRng } from "../../core/index.ts";

/** Models that are trained. F is A, smoothed afterwards. */
export const TRAINED = ["A", "B", "C", "D", "E"] as const;
export type TrainedArm = (typeof TRAINED)[number];

/** Those with something between the table and the cosine. */
export const LAYERED = ["B", "C", "D", "E"] as const;
export type LayeredArm = (typeof LAYERED)[number];

export const DIMENSION = 50;
/** Neighbours that a layer takes. */
export const NEIGHBOURS = 3;
/** Nearest rows under the current table, among which neighbours are taken. */
export const CANDIDATES = 64;
const EMBEDDED = 16;
export const FIRST_TEMPERATURE = 0.1;

/** What stands between the table of books and the cosine. */
export interface RefiningLayer {
  /** Unit rows [n, d] to refined rows [n, d]. */
  refine(rows: Tensor, candidates: Candidates): Tensor;
  readonly parameters: NamedParameters;
}

/**
 * The layer of an arm; all start as the identity. B maps rows alone, with as many parameters as E; C, D and E put
 * the differences to neighbours beside each row and map both: random ones, the nearest, and those of the relaxation.
 */
export function refiningLayer(arm: TrainedArm, tape: Tape, seed: number): RefiningLayer {
  if (arm === "A") return { refine: (rows) => rows, parameters: {} };
  const rng = createRng(seed, "books layer");
  const d = DIMENSION;
  if (arm === "B") return widened(tape, rng);
  const map = tape.parameter([(NEIGHBOURS + 1) * d, d], identity((NEIGHBOURS + 1) * d, d));
  const joined = (rows: Tensor, weights: Tensor, candidates: Candidates): Tensor => {
    const n = rows.shape[0]!;
    const image = reshape(rows, [1, 1, n, d]);
    const near = neighborMeans(image, weights, placeCandidates(tape, candidates));
    const both = appendNeighbors(image, near, { difference: true });
    return matmul(reshape(both, [n, (NEIGHBOURS + 1) * d]), map);
  };
  if (arm === "C" || arm === "D") {
    const pick = arm === "C" ? first : nearest;
    return {
      refine: (rows, candidates) => {
        const chosen = pick(rows, candidates);
        return joined(rows, oneEach(tape, chosen.windows), chosen);
      },
      parameters: { map },
    };
  }
  const embed = tape.parameter(
    [d, EMBEDDED],
    Float64Array.from({ length: d * EMBEDDED }, () => rng.normal() / Math.sqrt(EMBEDDED)),
  );
  const logTemperature = tape.parameter([1], [Math.log(FIRST_TEMPERATURE)]);
  return {
    refine: (rows, candidates) => {
      const n = rows.shape[0]!;
      const embedded = reshape(matmul(rows, embed), [1, 1, n, EMBEDDED]);
      const distances = neighborDistances(embedded, placeCandidates(tape, candidates));
      const weights = relaxNeighbors(distances, exp(logTemperature), { k: NEIGHBOURS });
      return joined(rows, weights, candidates);
    },
    parameters: { map, embed, logTemperature },
  };
}

/** Two maps one after another, wide enough for the parameters of E. */
function widened(tape: Tape, rng: ReturnType<typeof createRng>): RefiningLayer {
  const d = DIMENSION;
  const wide = Math.round(((NEIGHBOURS + 1) * d * d + d * EMBEDDED + 1) / (2 * d));
  const start = identity(d, wide);
  // Columns beyond the identity may start anywhere: what follows takes nothing from them yet.
  for (let i = 0; i < d; i++) {
    for (let j = d; j < wide; j++) start[i * wide + j] = rng.normal() / Math.sqrt(d);
  }
  const inner = tape.parameter([d, wide], start);
  const outer = tape.parameter([wide, d], identity(wide, d));
  return { refine: (rows) => matmul(matmul(rows, inner), outer), parameters: { inner, outer } };
}

function identity(rows: number, cols: number): Float64Array {
  const out = new Float64Array(rows * cols);
  for (let i = 0; i < Math.min(rows, cols); i++) out[i * cols + i] = 1;
  return out;
}

/** Neighbour r is candidate r: [1, n, k, k]. */
function oneEach(tape: Tape, n: number): Tensor {
  const out = new Float32Array(n * NEIGHBOURS * NEIGHBOURS);
  for (let at = 0; at < out.length; at += NEIGHBOURS * NEIGHBOURS) {
    out.set(identity(NEIGHBOURS, NEIGHBOURS), at);
  }
  return tape.tensor(out, [1, n, NEIGHBOURS, NEIGHBOURS]);
}

function first(_rows: Tensor, { windows, candidates, index }: Candidates): Candidates {
  const taken = new Int32Array(windows * NEIGHBOURS);
  for (let q = 0; q < windows; q++) {
    for (let r = 0; r < NEIGHBOURS; r++) taken[q * NEIGHBOURS + r] = index[q * candidates + r]!;
  }
  return { windows, candidates: NEIGHBOURS, index: taken };
}

/** The nearest candidates by the rows as they are now; no gradient goes through the choice. */
function nearest(rows: Tensor, given: Candidates): Candidates {
  const { windows, candidates, index } = given;
  const image = reshape(rows, [1, 1, windows, DIMENSION]);
  const distances = neighborDistances(image, placeCandidates(rows.tape, given));
  const { columns } = topK(neg(distances), NEIGHBOURS);
  const taken = Int32Array.from(
    columns,
    (column, i) => index[Math.floor(i / NEIGHBOURS) * candidates + column]!,
  );
  return { windows, candidates: NEIGHBOURS, index: taken };
}
