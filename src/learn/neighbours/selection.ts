import {
  batchNorm,
  type Candidates,
  exp,
  type Layer,
  layers,
  mul,
  type NamedParameters,
  type NeighborWindows,
  neg,
  neighborDistances,
  neighborMeans,
  placeCandidates,
  type RelaxationForm,
  relaxNeighbors,
  reshape,
  type Tape,
  type Tensor,
  topK,
} from "../../autodiff/index.ts";

/** How a block takes neighbours. */
export interface SelectionOptions {
  readonly k: number;
  readonly form: RelaxationForm | "hard";
  /** Whether distances are batch-normalised before they meet the temperature. */
  readonly distanceNorm: boolean;
  /** Temperature = this times e to the predicted (or shared) log temperature. */
  readonly temperatureScale: number;
  /** Whether one log temperature is learned for all queries. */
  readonly shared: boolean;
}

/** Neighbours taken softly or hard by the distances of embedded windows. */
export interface Selection {
  /**
   * @param features [n, h, w, c], of which neighbours are made
   * @param embedding [n, h, w, e], whose windows are compared
   * @param logTemperature one for each window, [n, windows]; left out where it is shared
   * @returns neighbours laid where their windows are, [n, h, w, k, c]
   */
  apply(
    features: Tensor,
    embedding: Tensor,
    logTemperature: Tensor | undefined,
    candidates: Candidates,
    windows: NeighborWindows,
  ): Tensor;
  readonly parameters: NamedParameters;
}

export function selection(tape: Tape, options: SelectionOptions): Selection {
  const norm = options.distanceNorm && options.form !== "hard" ? distanceNorm(tape) : undefined;
  const log = options.shared && options.form !== "hard" ? tape.parameter([1]) : undefined;
  return {
    apply(features, embedding, logTemperature, candidates, windows) {
      if (options.form === "hard") return hardMeans(features, embedding, candidates, windows, options.k);
      const { form, k, temperatureScale } = options;
      const placed = placeCandidates(tape, candidates);
      const weigh = (): Tensor => {
        const squared = neighborDistances(embedding, placed, windows);
        const distances = norm === undefined ? squared : norm.forward(squared);
        const heat = mul(exp((logTemperature ?? log)!), temperatureScale);
        return relaxNeighbors(distances, heat, { k, form });
      };
      return neighborMeans(features, tape.scope(weigh), placed, windows);
    },
    parameters: {
      ...(norm === undefined ? {} : layers.namedParameters({ distance: norm })),
      ...(log === undefined ? {} : { logTemperature: log }),
    },
  };
}

/** One-channel batch norm of negative distances, turned round again so that smaller stays nearer. */
function distanceNorm(tape: Tape): Layer {
  const parameters = {
    gain: tape.parameter([1], [1]),
    shift: tape.parameter([1]),
    mean: tape.buffer([1]),
    variance: tape.buffer([1], [1]),
  };
  const { gain, shift, mean, variance } = parameters;
  return {
    forward(distances) {
      const column = reshape(neg(distances), [distances.size, 1]);
      const normal = batchNorm(column, { mean, variance, momentum: 0.1 }, { gain, shift, epsilon: 1e-5 });
      return reshape(neg(normal), distances.shape);
    },
    parameters,
  };
}

/** The k nearest candidates as they are; fewer candidates repeat the last. No gradient reaches the embedding. */
function hardMeans(
  features: Tensor,
  embedding: Tensor,
  candidates: Candidates,
  windows: NeighborWindows,
  k: number,
): Tensor {
  const { tape } = features;
  const n = features.shape[0]!;
  const count = candidates.candidates;
  const placed = placeCandidates(tape, candidates);
  const nearness = neg(neighborDistances(embedding, placed, windows));
  const taken = Math.min(k, count);
  const { columns } = topK(nearness, taken);
  const rows = n * candidates.windows;
  const index = new Int32Array(rows * taken);
  const weights = new Float32Array(rows * k * taken);
  const own = candidates.index.length === rows * count;
  for (let q = 0; q < rows; q++) {
    const from = (own ? q : q % candidates.windows) * count;
    for (let j = 0; j < taken; j++) index[q * taken + j] = candidates.index[from + columns[q * taken + j]!]!;
    for (let r = 0; r < k; r++) weights[(q * k + r) * taken + Math.min(r, taken - 1)] = 1;
  }
  const chosen = placeCandidates(tape, { windows: candidates.windows, candidates: taken, index });
  const fixed = tape.tensor(weights, [n, candidates.windows, k, taken]);
  return neighborMeans(features, fixed, chosen, windows);
}
