import { describe, expect, test } from "vitest";
import { createTape, readSafetensors, writeSafetensors } from "../../autodiff/index.ts";
import { createRng, isVicinalError, type Matrix } from "../../core/index.ts";
import { type Architecture, weightsOf } from "./architecture.ts";
import { fitClassifier } from "./classifier.ts";
import { createEncoder, loadEncoder } from "./encoder.ts";

/** Grey images of 8 × 8 with a bar: across, down or along the diagonal, somewhere, with noise. */
function bars(n: number, seed: number): { rows: Matrix; labels: string[] } {
  const rng = createRng(seed, "bars");
  const data = new Float32Array(n * 64);
  const names = ["across", "down", "slanted"];
  const labels = Array.from({ length: n }, (_, i) => names[i % 3]!);
  for (let i = 0; i < n; i++) {
    const at = 1 + rng.below(6);
    for (let p = 0; p < 64; p++) {
      const [y, x] = [p >> 3, p & 7];
      const on = [y === at, x === at, y === (x + at) % 8][i % 3];
      data[i * 64 + p] = (on ? 200 : 20) + 20 * rng.normal();
    }
  }
  return { rows: { data, rows: n, cols: 64, stride: 64 }, labels };
}

const scaled = { mean: 40, deviation: 60 };
const kinds: Record<string, Architecture> = {
  mlp: { kind: "mlp", inputs: 64, hidden: [32], width: 8, ...scaled },
  "normalised mlp": { kind: "mlp", inputs: 64, normalise: true, activation: "relu", width: 8, ...scaled },
  cnn: { kind: "cnn", image: [8, 8, 1], stages: [4, 8], width: 8, unit: true, ...scaled },
  "residual cnn": {
    kind: "cnn",
    image: [8, 8, 1],
    stages: [4, 8],
    depth: 2,
    residual: true,
    head: "mean",
    pool: "mean",
    activation: "relu",
    dropout: 0.1,
    width: 8,
    ...scaled,
  },
};

describe.each(Object.entries(kinds))("encoder: %s", (_, architecture) => {
  test("learns classes that unseen images show, and its file alone gives the same features", () => {
    const encoder = createEncoder(architecture, { seed: 1 });
    const { rows, labels } = bars(240, 1);
    const { head } = fitClassifier(encoder, rows, labels, { epochs: 12, batch: 24, learningRate: 1e-2 });
    const unseen = bars(90, 2);
    const right = head.predict(unseen.rows).filter((label, i) => label === unseen.labels[i]).length;
    expect(right / 90).toBeGreaterThanOrEqual(0.85);
    const features = encoder.encode(unseen.rows);
    expect([features.rows, features.cols]).toEqual([90, 8]);
    expect(encoder.encode(unseen.rows, { batch: 7 }).data).toEqual(features.data);
    const again = loadEncoder(encoder.save());
    expect(again.encode(unseen.rows).data).toEqual(features.data);
    expect(again.architecture).toEqual(encoder.architecture);
  });

  test("one seed gives the same bits, another others", () => {
    const { rows, labels } = bars(30, 3);
    const features = [4, 4, 5].map((seed) => {
      const encoder = createEncoder(architecture, { tape: createTape(), seed });
      fitClassifier(encoder, rows, labels, { epochs: 2, batch: 10, seed });
      return [...encoder.encode(rows).data];
    });
    expect(features[1]).toEqual(features[0]);
    expect(features[2]).not.toEqual(features[0]);
  });
});

test("rows of another width and files of another kind are refused by their codes", () => {
  const encoder = createEncoder(kinds["mlp"]!);
  const codeOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      if (isVicinalError(error)) return error.code;
    }
    return "";
  };
  expect(codeOf(() => encoder.encode([new Float32Array(63)]))).toBe("DIM_MISMATCH");
  expect(codeOf(() => encoder.encode([new Float32Array(64).fill(Number.NaN)]))).toBe("NOT_FINITE");
  expect(codeOf(() => loadEncoder(new Uint8Array(20)))).toBe("FORMAT");
  expect(codeOf(() => loadEncoder(encoder.save().slice(0, -4)))).toBe("FORMAT");
  expect(codeOf(() => createEncoder({ kind: "cnn", image: [3, 3, 1] }))).toBe("OPTION_RANGE");
  expect(encoder.encode([]).rows).toBe(0);
});

test("a file that names a larger network than it holds is refused before room is made for it", () => {
  for (const [architecture, larger] of [
    [kinds["mlp"]!, { hidden: [60_000, 60_000, 60_000] }],
    [kinds["cnn"]!, { stages: [60_000, 60_000] }],
  ] as const) {
    const encoder = createEncoder(architecture);
    const { tensors, metadata } = readSafetensors(encoder.save());
    const data = Object.fromEntries(
      [...tensors].map(([name, t]) => [name, { shape: t.shape, data: t.values() }]),
    );
    const wanted = JSON.stringify({ ...encoder.architecture, ...larger });
    const file = writeSafetensors(data, { ...metadata, architecture: wanted });
    expect(() => loadEncoder(file)).toThrow(/it holds the \d+ weights of its architecture/);
  }
});

test("weights are counted as they are made", () => {
  for (const architecture of Object.values(kinds)) {
    const { parameters, architecture: whole } = createEncoder(architecture);
    const made = Object.entries(parameters).filter(([name]) => name.endsWith("weight"));
    expect(weightsOf(whole)).toBe(made.reduce((sum, [, { size }]) => sum + size, 0));
  }
});
