import { describe, expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { mul, square, sum } from "../ops/index.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { createTape, type Tape } from "../tape.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import * as layers from "./index.ts";

const normals = (n: number, seed: number): Float64Array => {
  const rng = createRng(seed, "values");
  return Float64Array.from({ length: n }, () => rng.normal());
};

/** The largest |gradient − central difference| ÷ max(1, |difference|) over the input and all that is trained. */
function gradientError(shape: Shape, make: (tape: Tape) => layers.Layer): number {
  const tape = createTape({ precision: "f64" });
  const layer = make(tape);
  const x = tape.parameter(shape, normals(sizeOf(shape), 1));
  const kept = Object.values(layer.parameters).filter(({ trained }) => !trained);
  const before = kept.map((buffer) => buffer.values());
  let weights: Float64Array | undefined;
  const loss = (): Tensor => {
    kept.forEach((buffer, i) => {
      buffer.set(before[i]!);
    });
    const y = layer.forward(x);
    weights ??= normals(y.size, 2);
    return sum(mul(square(y), tape.tensor(weights, y.shape)));
  };
  tape.step(() => tape.backward(loss()));
  const inputs: Parameter[] = [x, ...Object.values(layer.parameters).filter(({ trained }) => trained)];
  const gradients = inputs.map((input) => input.gradient());
  let worst = 0;
  inputs.forEach((input, index) => {
    const values = input.values();
    for (let i = 0; i < values.length; i++) {
      const [low, high] = [-1e-5, 1e-5].map((h) => {
        input.set(values.map((value, j) => (i === j ? value + h : value)));
        return tape.step(() => loss().item());
      });
      const quotient = (high! - low!) / 2e-5;
      worst = Math.max(worst, Math.abs(gradients[index]![i]! - quotient) / Math.max(1, Math.abs(quotient)));
    }
    input.set(values);
  });
  tape.dispose();
  return worst;
}

const cases: Record<string, readonly [Shape, (tape: Tape) => layers.Layer]> = {
  dense: [[3, 4], (tape) => layers.dense(tape, { inputs: 4, outputs: 5, seed: 3 })],
  "dense without bias": [
    [2, 3, 4],
    (tape) => layers.dense(tape, { inputs: 4, outputs: 2, bias: false, seed: 3 }),
  ],
  convolution: [[2, 5, 4, 2], (tape) => layers.convolution(tape, { inputs: 2, outputs: 3, seed: 3 })],
  "convolution of stride 2 without padding": [
    [1, 6, 6, 2],
    (tape) => layers.convolution(tape, { inputs: 2, outputs: 2, size: 2, stride: 2, pad: 0, seed: 3 }),
  ],
  batchNorm: [[6, 3], (tape) => layers.batchNorm(tape, { channels: 3 })],
  "batchNorm with relu": [[2, 3, 2, 3], (tape) => layers.batchNorm(tape, { channels: 3, relu: true })],
  layerNorm: [[4, 5], (tape) => layers.layerNorm(tape, { channels: 5 })],
  dropout: [[4, 5], (tape) => layers.dropout(tape, { rate: 0.4, seed: 2 })],
  unitRows: [[4, 5], () => layers.unitRows()],
  maxPool: [[2, 4, 4, 2], () => layers.maxPool(2)],
  meanPool: [[2, 4, 4, 2], () => layers.meanPool(2)],
  globalMeanPool: [[2, 3, 4, 2], () => layers.globalMeanPool()],
  "sequential with a residual": [
    [4, 6],
    (tape) => {
      const rng = createRng(4);
      const wide = layers.dense(tape, { inputs: 6, outputs: 5, seed: rng });
      const body = layers.dense(tape, { inputs: 5, outputs: 3, seed: rng });
      const shortcut = layers.dense(tape, { inputs: 5, outputs: 3, bias: false, seed: rng });
      return layers.sequential([wide, layers.activation("gelu"), layers.residual(body, { shortcut })]);
    },
  ],
};

describe("gradients of layers are those of central differences", () => {
  test.each(Object.entries(cases))("%s", (_, [shape, make]) => {
    expect(gradientError(shape, make)).toBeLessThan(1e-7);
  });

  test("embedding: rows that were looked up twice take both gradients, others none", () => {
    const tape = createTape({ precision: "f64" });
    const table = layers.embedding(tape, { count: 4, width: 2, seed: 1 });
    tape.step(() => tape.backward(sum(table.lookup([1, 3, 1]))));
    expect([...table.table.gradient()]).toEqual([0, 0, 2, 2, 0, 0, 1, 1]);
    expect(tape.inference(() => [...table.forward(tape.tensor([2, 0])).values()])).toEqual(
      [4, 5, 0, 1].map((i) => table.table.values()[i]),
    );
  });
});

describe("layers", () => {
  const run = (tape: Tape, layer: layers.Layer, values: ArrayLike<number>, shape: Shape): number[] =>
    tape.inference(() => [...layer.forward(tape.tensor(values, shape)).values()]);

  test("names of nested parameters say where they are, buffers among them", () => {
    const tape = createTape({ precision: "f64" });
    const inner = layers.sequential([
      layers.dense(tape, { inputs: 2, outputs: 2 }),
      layers.batchNorm(tape, { channels: 2 }),
    ]);
    const model = layers.sequential([layers.residual(inner), layers.dropout(tape)]);
    expect(Object.keys(model.parameters)).toEqual([
      ...["weight", "bias"].map((name) => `0.body.0.${name}`),
      ...["gain", "shift", "mean", "variance"].map((name) => `0.body.1.${name}`),
      "1.runs",
    ]);
    const trained = Object.entries(model.parameters).filter(([, parameter]) => parameter.trained);
    expect(trained.map(([name]) => name.split(".").at(-1))).toEqual(["weight", "bias", "gain", "shift"]);
    expect(layers.parameterCount(model)).toBe(4 + 2 + 2 + 2);
  });

  test("layer norm gives rows of mean 0 and variance 1", () => {
    const tape = createTape({ precision: "f64" });
    const y = run(tape, layers.layerNorm(tape, { channels: 50, epsilon: 0 }), normals(150, 3), [3, 50]);
    for (let r = 0; r < 3; r++) {
      const row = y.slice(r * 50, (r + 1) * 50);
      const mean = row.reduce((a, b) => a + b) / 50;
      expect(mean).toBeCloseTo(0, 12);
      expect(row.reduce((a, b) => a + (b - mean) ** 2, 0) / 50).toBeCloseTo(1, 12);
    }
  });

  test("batch norm in use follows the running statistics, PyTorch's in their momentum and unbiased variance", () => {
    const tape = createTape({ precision: "f64" });
    const layer = layers.batchNorm(tape, { channels: 1, momentum: 0.25, epsilon: 0 });
    tape.step(() => layer.forward(tape.tensor([1, 2, 6], [3, 1])));
    // Mean 3, unbiased variance 7.
    expect(layer.parameters["mean"]!.item()).toBeCloseTo(0.75, 12);
    expect(layer.parameters["variance"]!.item()).toBeCloseTo(0.75 + 7 / 4, 12);
    expect(run(tape, layer, [0.75 + Math.sqrt(2.5)], [1, 1])[0]).toBeCloseTo(1, 12);
  });

  test("dropout keeps the mean, changes from run to run, repeats from its count, and rests in use", () => {
    const tape = createTape({ precision: "f64" });
    const layer = layers.dropout(tape, { rate: 0.3, seed: 9 });
    const ones = new Float64Array(20_000).fill(1);
    const train = (): number[] => tape.step(() => [...layer.forward(tape.tensor(ones)).values()]);
    const [first, second] = [train(), train()];
    expect(first.filter((value) => value === 0).length / 20_000).toBeCloseTo(0.3, 1.5);
    expect(new Set(first)).toEqual(new Set([0, 1 / 0.7]));
    expect(second).not.toEqual(first);
    layer.parameters["runs"]!.set([1]);
    expect(train()).toEqual(second);
    expect(run(tape, layer, [1, 2, 3], [3])).toEqual([1, 2, 3]);
  });

  test("layers that share one stream of random numbers start apart; equal seeds start alike", () => {
    const tape = createTape({ precision: "f64" });
    const weights = (seed: layers.Seed): number[] => [
      ...layers.dense(tape, { inputs: 3, outputs: 3, seed }).parameters["weight"]!.values(),
    ];
    expect(weights(5)).toEqual(weights(5));
    const shared = createRng(5);
    expect(weights(shared)).not.toEqual(weights(shared));
  });

  test("options out of range are refused", () => {
    const tape = createTape({ precision: "f64" });
    expect(() => layers.dense(tape, { inputs: 0, outputs: 1 })).toThrow(/inputs is 0/);
    expect(() => layers.dropout(tape, { rate: 1 })).toThrow(/rate is 1/);
    expect(() => layers.dense(tape, { inputs: 1, outputs: 1, depth: 2 } as never)).toThrow(/Unknown option/);
    expect(() => layers.activation("swish" as never)).toThrow(/activation is swish/);
  });
});

describe("initialisers", () => {
  const shape = [5, 5, 20, 40];
  const deviationOf = (values: Float64Array): number =>
    Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);

  test("he, xavier, uniform and normal have the spread that they are named for", () => {
    const spread = (initialise: layers.Initialiser): number =>
      deviationOf(initialise(shape, createRng(1, "spread")));
    const [fanIn, fanOut] = [25 * 20, 25 * 40];
    expect(spread(layers.he()) / Math.sqrt(2 / fanIn)).toBeCloseTo(1, 1.5);
    expect(spread(layers.xavier()) / Math.sqrt(2 / (fanIn + fanOut))).toBeCloseTo(1, 1.5);
    expect(spread(layers.uniform()) / (1 / Math.sqrt(3 * fanIn))).toBeCloseTo(1, 1.5);
    expect(spread(layers.normal(0.2)) / 0.2).toBeCloseTo(1, 1.5);
    expect(spread(layers.zeros())).toBe(0);
    const bound = Math.max(...layers.uniform(0.5)([1000, 1], createRng(2)).map(Math.abs));
    expect(bound).toBeLessThanOrEqual(0.5);
    expect(bound).toBeGreaterThan(0.49);
  });

  test.each([[[6, 4]], [[4, 6]], [[2, 2, 3, 5]], [[5, 5]]])(
    "orthogonal: of a weight %j, the fewer of rows and columns are orthonormal",
    (of) => {
      const out = of.at(-1)!;
      const fanIn = sizeOf(of) / out;
      const w = layers.orthogonal(2)(of, createRng(3));
      const at = (i: number, j: number): number => (out <= fanIn ? w[j * out + i]! : w[i * out + j]!);
      const [count, length] = out <= fanIn ? [out, fanIn] : [fanIn, out];
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          let dot = 0;
          for (let j = 0; j < length; j++) dot += at(a, j) * at(b, j);
          expect(dot).toBeCloseTo(a === b ? 4 : 0, 10);
        }
      }
    },
  );
});
