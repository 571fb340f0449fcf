import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  createTape,
  type Layer,
  layers,
  mul,
  neighborDistances,
  type Precision,
  pad,
  placeCandidates,
  sum,
  type Tape,
  type Tensor,
} from "../../autodiff/index.ts";
import { createRng } from "../../core/index.ts";
import { imageNeighborBlock, neighborBlock, neighborNetwork } from "./block.ts";
import { sideOf, windowCandidates } from "./candidates.ts";

interface Stored {
  readonly shape: number[];
  readonly data: number[];
}
interface Reference {
  readonly state: Record<string, Stored>;
  readonly x: Stored;
  readonly c: Stored;
  readonly eval_output: number[];
  readonly train_output: number[];
  readonly train_loss: number;
  readonly grad_x: number[];
  readonly grad_params: Record<string, number[]>;
  readonly running_after_one_train_forward: Record<string, number[]>;
}

const file = join(process.env.VICINAL_DATA ?? "", "n3", "block.json");
const present = process.env.VICINAL_DATA !== undefined && existsSync(file);
const reference: Reference | undefined = present ? JSON.parse(readFileSync(file, "utf8")) : undefined;
if (!present) console.warn("skipped: the block's reference values are not in $VICINAL_DATA/n3");

/** Axes in another order: entry of the result at i is that of the input at i[order]. */
function permuted(values: ArrayLike<number>, shape: readonly number[], order: readonly number[]): number[] {
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const out: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === order.length) out.push(values[at]!);
    else for (let i = 0; i < shape[order[axis]!]!; i++) walk(axis + 1, at + i * steps[order[axis]!]!);
  };
  walk(0, 0);
  return out;
}
const lastChannels = (values: ArrayLike<number>, [n, c, h, w]: readonly number[]): number[] =>
  permuted(values, [n!, c!, h!, w!], [0, 2, 3, 1]);
/** Weights (out, in, row, column) as [row, column, in, out], others as they are. */
const arranged = (values: readonly number[], shape: readonly number[]): number[] =>
  shape.length === 4 ? permuted(values, shape, [2, 3, 1, 0]) : [...values];

/** Our names of the reference's parameters. */
function ourName(theirs: string): string {
  const norm: Record<string, string> = {
    weight: "gain",
    bias: "shift",
    running_mean: "mean",
    running_var: "variance",
  };
  const last = theirs.split(".").at(-1)!;
  if (theirs.startsWith("n3aggregation")) return `distance.${norm[last]}`;
  const [net, place] = theirs.split(".");
  const part = { 0: "0", 1: "1", 3: "2", 4: "3", 6: "4" }[place!]!;
  const name = part === "1" || part === "3" ? norm[last]! : last;
  return `${net === "embedcnn" ? "embedding" : "temperature"}.${part}.${name}`;
}

/** The largest |got − want| ÷ max(1, |want|). */
const error = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  expect(got.length).toBe(want.length);
  return Array.from(want).reduce(
    (worst, x, i) => Math.max(worst, Math.abs(got[i]! - x) / Math.max(1, Math.abs(x))),
    0,
  );
};

function tinyBlock(tape: Tape, stored: Reference): Layer {
  const net = (outputs: number): Layer => neighborNetwork(tape, { inputs: 2, outputs, features: 4 });
  const block = imageNeighborBlock(tape, {
    ...{ embedding: net(3), temperature: net(1), k: 2, patch: 4, stride: 2, window: 3 },
  });
  const names = Object.keys(stored.state);
  expect(names.map(ourName).sort()).toEqual(Object.keys(block.parameters).sort());
  for (const [name, { shape, data }] of Object.entries(stored.state)) {
    block.parameters[ourName(name)]!.set(arranged(data, shape));
  }
  return block;
}

describe.skipIf(!present)("the reference block", () => {
  const cases: [Precision, number][] = [
    ["f64", 1e-9],
    ["f32", 1e-4],
  ];
  test.each(cases)("in %s: outputs, gradients and running statistics within %s", (precision, tolerance) => {
    const stored = reference!;
    const tape = createTape({ precision });
    const block = tinyBlock(tape, stored);
    const [n, , h, w] = stored.x.shape as [number, number, number, number];
    const x = tape.parameter([n, h, w, 2], lastChannels(stored.x.data, stored.x.shape));
    const run = (): Tensor => block.forward(x);
    const inUse = tape.inference(() => run().values());
    expect(error(inUse, lastChannels(stored.eval_output, stored.c.shape))).toBeLessThan(tolerance);
    const [inTraining, loss] = tape.step(() => {
      const y = run();
      const c = tape.tensor(lastChannels(stored.c.data, stored.c.shape), y.shape);
      const total = sum(mul(y, c));
      tape.backward(total);
      return [y.values(), total.item()] as const;
    });
    expect(error(inTraining, lastChannels(stored.train_output, stored.c.shape))).toBeLessThan(tolerance);
    expect(error([loss], [stored.train_loss])).toBeLessThan(tolerance);
    expect(error(x.gradient(), lastChannels(stored.grad_x, stored.x.shape))).toBeLessThan(tolerance);
    for (const [name, values] of Object.entries(stored.grad_params)) {
      const got = block.parameters[ourName(name)]!.gradient();
      expect([name, error(got, arranged(values, stored.state[name]!.shape)) < tolerance]).toEqual([
        name,
        true,
      ]);
    }
    for (const [name, values] of Object.entries(stored.running_after_one_train_forward)) {
      expect([name, error(block.parameters[ourName(name)]!.values(), values) < tolerance]).toEqual([
        name,
        true,
      ]);
    }
    tape.dispose();
  });
});

const crop = join(process.env.VICINAL_DATA ?? "", "denoise", "n3net", "reference");
const cropPresent = process.env.VICINAL_DATA !== undefined && existsSync(crop);
if (!cropPresent)
  console.warn("skipped: the denoiser's crop is not in $VICINAL_DATA/denoise/n3net/reference");

/** The numbers of a .npy file of version 1.0. */
function npy(name: string): Float32Array | Int32Array {
  const bytes = Uint8Array.from(readFileSync(join(crop, `${name}.npy`)));
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  const whole = new TextDecoder().decode(bytes.subarray(0, start)).includes("'<i4'");
  return new (whole ? Int32Array : Float32Array)(bytes.slice(start).buffer);
}

describe.skipIf(!cropPresent)("the first block of the released denoiser on a crop", () => {
  const image = (name: string, channels: number): number[] => lastChannels(npy(name), [1, channels, 96, 96]);

  test("candidates are the same, distances within 1e-5, in the same order", () => {
    const candidates = windowCandidates(19, 19, 15);
    expect([...(candidates.index as Int32Array)]).toEqual([...npy("cand0")]);
    const tape = createTape();
    const distances = tape.inference(() => {
      // 96 pixels lack 4 of a grid of tens that lie five apart.
      const padded = pad(tape.tensor(image("embed0", 8), [1, 96, 96, 8]), {
        top: 2,
        bottom: 2,
        left: 2,
        right: 2,
      });
      return neighborDistances(padded, placeCandidates(tape, candidates), { size: 10, stride: 5 }).values();
    });
    const apart = Array.from(npy("dist0"), (d, i) => Math.abs(distances[i]! - d));
    const worst = apart.reduce((most, d) => Math.max(most, d));
    expect(worst).toBeLessThan(1e-5);
    tape.dispose();
  });

  test("its output is the same as far as four digits of the distances' batch norm say", () => {
    const tape = createTape();
    const fixed = (name: string, channels: number): Layer => ({
      forward: () => tape.tensor(image(name, channels), [1, 96, 96, channels]),
      parameters: {},
    });
    const block = imageNeighborBlock(tape, {
      embedding: fixed("embed0", 8),
      temperature: fixed("logtemp0", 1),
    });
    const norm = { gain: 0.3909, shift: 0.0161, mean: -0.022, variance: 6.509e-5 };
    for (const [name, value] of Object.entries(norm)) block.parameters[`distance.${name}`]!.set([value]);
    const y = tape.inference(() => block.forward(tape.tensor(image("block0", 8), [1, 96, 96, 8])).values());
    const want = image("nl0", 64);
    expect(error(y, want)).toBeLessThan(3e-4);
    tape.dispose();
  });
});

const normals = (n: number, seed: number): Float64Array => {
  const rng = createRng(seed, "values");
  return Float64Array.from({ length: n }, () => rng.normal());
};

/** The largest |gradient − central difference| ÷ max(1, |difference|) over the input and all that is trained. */
function gradientError(shape: readonly number[], make: (tape: Tape) => Layer): number {
  const tape = createTape({ precision: "f64" });
  const layer = make(tape);
  const x = tape.parameter(
    shape,
    normals(
      shape.reduce((a, b) => a * b),
      1,
    ),
  );
  const loss = (): Tensor => {
    const y = layer.forward(x);
    return sum(mul(y, tape.tensor(normals(y.size, 2), y.shape)));
  };
  tape.step(() => tape.backward(loss()));
  const inputs = [x, ...Object.values(layer.parameters).filter(({ trained }) => trained)];
  const gradients = inputs.map((input) => input.gradient());
  let worst = 0;
  inputs.forEach((input, which) => {
    const values = input.values();
    for (let i = 0; i < values.length; i++) {
      const [low, high] = [-1e-5, 1e-5].map((move) => {
        input.set(values.map((value, j) => (i === j ? value + move : value)));
        return tape.step(() => loss().item());
      });
      const quotient = (high! - low!) / 2e-5;
      worst = Math.max(worst, Math.abs(gradients[which]![i]! - quotient) / Math.max(1, Math.abs(quotient)));
    }
    input.set(values);
  });
  return worst;
}

describe("gradients are those of central differences", () => {
  test.each(["alpha", "logit"] as const)(
    "of an image block, %s form, temperature and distances learned",
    (form) => {
      const make = (tape: Tape): Layer => {
        const net = (outputs: number, seed: number): Layer =>
          neighborNetwork(tape, { inputs: 1, outputs, features: 2, depth: 1, seed });
        return imageNeighborBlock(tape, {
          ...{ embedding: net(2, 1), temperature: net(1, 2), k: 2, patch: 3, stride: 2, window: 2, form },
          temperatureScale: 0.8,
        });
      };
      expect(gradientError([2, 5, 6, 1], make)).toBeLessThan(1e-6);
    },
  );

  test("of a block of sets with one temperature, and of the features alone where selection is hard", () => {
    const soft = (tape: Tape): Layer => neighborBlock(tape, { k: 3, temperatureScale: 2 });
    expect(gradientError([5, 3], soft)).toBeLessThan(1e-6);
    const hard = (tape: Tape): Layer => imageNeighborBlock(tape, { k: 2, patch: 2, stride: 2, form: "hard" });
    expect(gradientError([1, 4, 4, 1], hard)).toBeLessThan(1e-6);
  });
});

describe("blocks", () => {
  test("of a set: soft neighbours by definition, in the cold alpha form the nearest rows themselves", () => {
    const tape = createTape({ precision: "f64" });
    const x = normals(7 * 2, 5);
    const at = (i: number): [number, number] => [x[2 * i]!, x[2 * i + 1]!];
    const block = neighborBlock(tape, { k: 3, form: "alpha", temperatureScale: 1e-9 });
    const hard = neighborBlock(tape, { k: 3, form: "hard" });
    const [soft, taken] = [block, hard].map((each) =>
      tape.inference(() => each.forward(tape.tensor(x, [7, 2])).values()),
    );
    const apart = (i: number, j: number): number => (at(i)[0] - at(j)[0]) ** 2 + (at(i)[1] - at(j)[1]) ** 2;
    const want = Array.from({ length: 7 }, (_, q) => {
      const others = [0, 1, 2, 3, 4, 5, 6].filter((i) => i !== q).sort((i, j) => apart(q, i) - apart(q, j));
      return [...at(q), ...others.slice(0, 3).flatMap(at)];
    }).flat();
    expect(error(soft!, want)).toBeLessThan(1e-12);
    expect(error(taken!, want)).toBeLessThan(1e-12);
  });

  test("of images take any size from 1 × 1; a single patch has no neighbours", () => {
    const tape = createTape();
    const block = imageNeighborBlock(tape, { k: 2 });
    for (const [h, w] of [
      [1, 1],
      [3, 40],
      [10, 10],
      [17, 12],
    ] as const) {
      const values = Float32Array.from(normals(h * w, h));
      const y = tape.inference(() => block.forward(tape.tensor(values, [1, h, w, 1])).values());
      expect(y.length).toBe(3 * h * w);
      expect(y.every(Number.isFinite)).toBe(true);
      values.forEach((value, i) => {
        expect(y[3 * i]).toBe(value);
        if (h <= 10 && w <= 10) expect([y[3 * i + 1], y[3 * i + 2]]).toEqual([0, 0]);
      });
    }
    tape.dispose();
  });

  test("of images: float32 and float64 give the same, to rounding, in soft and hard selection, which differ", () => {
    const size = [2, 33, 28, 3];
    const values = normals(2 * 33 * 28 * 3, 3);
    const outputs = (["soft", "hard"] as const).map((kind) => {
      const all = (["f64", "f32"] as const).map((precision) => {
        const tape = createTape({ precision });
        const embedding = neighborNetwork(tape, { inputs: 3, outputs: 2, features: 4, seed: 1 });
        const options = { patch: 6, stride: 3, window: 5, k: 3, embedding };
        const block = imageNeighborBlock(tape, { ...options, form: kind === "hard" ? "hard" : "logit" });
        const y = tape.inference(() => block.forward(tape.tensor(values, size)).values());
        tape.dispose();
        return y;
      });
      expect(error(all[1]!, all[0]!)).toBeLessThan(2e-5);
      return all[0]!;
    });
    expect(error(outputs[0]!, outputs[1]!)).toBeGreaterThan(1e-3);
  });

  test("the denoiser's block has 88,651 parameters", () => {
    const tape = createTape({ precision: "f64" });
    const net = (outputs: number): Layer => neighborNetwork(tape, { inputs: 8, outputs });
    const block = imageNeighborBlock(tape, { embedding: net(8), temperature: net(1) });
    expect(layers.parameterCount(block)).toBe(88_651);
  });
});

describe("grids", () => {
  test("sides are padded to whole patches, half before", () => {
    expect([256, 512, 481, 321, 80, 7].map((size) => sideOf(size, 10, 5))).toEqual([
      { before: 2, after: 2, windows: 51 },
      { before: 1, after: 2, windows: 102 },
      { before: 2, after: 2, windows: 96 },
      { before: 2, after: 2, windows: 64 },
      { before: 0, after: 0, windows: 15 },
      { before: 1, after: 2, windows: 1 },
    ]);
  });

  test("windows of candidates are shifted inward at borders and leave out the place itself", () => {
    const [down, across, window] = [6, 5, 3];
    const { index, candidates } = windowCandidates(down, across, window);
    expect(candidates).toBe(8);
    for (let q = 0; q < down * across; q++) {
      const top = Math.min(Math.max(Math.floor(q / across) - 1, 0), down - window);
      const left = Math.min(Math.max((q % across) - 1, 0), across - window);
      const want = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => (top + i) * across + left + j));
      const got = Array.from(index as Int32Array).slice(q * 8, q * 8 + 8);
      expect(got).toEqual(want.filter((other) => other !== q));
    }
    expect(windowCandidates(2, 2, 15).candidates).toBe(3);
  });
});
