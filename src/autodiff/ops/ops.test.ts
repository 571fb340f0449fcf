import { describe, expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { checkGradients } from "../checkGradients.ts";
import { sizeOf } from "../shape.ts";
import { createTape, type Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import * as ops from "./index.ts";

/** An operation by name, as one of any number of operands. */
const named = (name: string): ((...x: Tensor[]) => Tensor) =>
  new Map<string, unknown>(Object.entries(ops)).get(name) as (...x: Tensor[]) => Tensor;

const rng = createRng(1, "ops");
const normals = (...shape: number[]) => ({
  shape,
  values: Float64Array.from({ length: sizeOf(shape) }, () => rng.normal()),
});
const positives = (...shape: number[]) => {
  const { values } = normals(...shape);
  return { shape, values: values.map((value) => Math.abs(value) + 0.3) };
};

/** A number that depends on every value of the result, each in its own way. */
function weigh(tape: Tape, y: Tensor): Tensor {
  const weights = tape.tensor(
    Float64Array.from({ length: y.size }, (_, i) => Math.cos(1 + 1.7 * i)),
    y.shape,
  );
  return ops.sum(ops.mul(y, weights));
}

const TOLERANCE = 1e-8;
type Inputs = Parameters<typeof checkGradients>[0];
function expectGradients(inputs: Inputs, f: (...x: Tensor[]) => Tensor): void {
  const check = checkGradients(inputs, (tape, ...x) => weigh(tape, f(...x)));
  expect(check.error, JSON.stringify(check)).toBeLessThan(TOLERANCE);
}

const UNARY = "relu leakyRelu sigmoid tanh exp square neg abs gelu softplus".split(" ");

describe("gradients agree with central differences", () => {
  test.each(UNARY)("%s", (name) => {
    const f = named(name);
    expectGradients([normals(3, 4)], f);
  });
  test.each(["log", "sqrt", "reciprocal"])("%s of positive values", (name) => {
    expectGradients([positives(3, 4)], named(name));
  });

  const BROADCASTS = [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], []],
    [[], [2, 3]],
    [[3, 4], [4]],
    [
      [3, 1],
      [3, 4],
    ],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [
      [2, 3, 4, 2],
      [3, 1, 2],
    ],
  ];
  describe.each(["add", "sub", "mul", "div", "maximum", "minimum", "pow"])("%s", (name) => {
    test.each(BROADCASTS)("of shapes %j and %j", (a, b) => {
      expectGradients([positives(...a), positives(...b)], named(name));
    });
  });
  test("a number as operand, on either side", () => {
    expectGradients([positives(3)], (x) => ops.sub(2, ops.div(x, 3)));
  });

  const AXES = [undefined, [0], [1], [-1], [0, 1], [0, 2], [0, 1, 2]];
  test.each(AXES)("sum and mean over axes %j", (axes) => {
    const options = axes === undefined ? {} : { axes };
    expectGradients([normals(2, 3, 4)], (x) => ops.sum(x, options));
    expectGradients([normals(2, 3, 4)], (x) => ops.mean(x, { ...options, keep: true }));
  });
  test.each([0, 1, 2])("max along axis %i", (axis) => {
    expectGradients([normals(2, 3, 4)], (x) => ops.max(x, axis));
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])(
    "matmul, transposed %s and %s, alone, in batches, and with one second operand for all",
    (transposeA, transposeB) => {
      const a = transposeA ? [4, 3] : [3, 4];
      const b = transposeB ? [5, 4] : [4, 5];
      const f = (x: Tensor, y: Tensor): Tensor => ops.matmul(x, y, { transposeA, transposeB });
      expectGradients([normals(...a), normals(...b)], f);
      expectGradients([normals(2, ...a), normals(2, ...b)], f);
      expectGradients([normals(2, ...a), normals(...b)], f);
    },
  );
  test("linear with bias", () => {
    expectGradients([normals(3, 4), normals(4, 2), normals(2)], (x, w, b) => ops.linear(x, w, b));
  });
  test("squared distances, to other rows and among the same", () => {
    expectGradients([normals(3, 4), normals(5, 4)], (a, b) => ops.squaredDistances(a, b));
    expectGradients([normals(4, 3)], (a) => ops.squaredDistances(a, a));
  });

  test.each(["softmax", "logSoftmax", "logSumExp"])("%s", (name) => {
    expectGradients([normals(2, 3, 4)], named(name));
  });
  test("top k", () => {
    expectGradients([normals(3, 6)], (x) => ops.topK(x, 2).values);
  });

  test("views, axes in another order, slices, joins", () => {
    expectGradients([normals(2, 6)], (x) => ops.mul(ops.reshape(x, [3, -1]), ops.reshape(x, [3, 4])));
    expectGradients([normals(2, 3, 4)], (x) => ops.permute(x, [2, 0, 1]));
    expectGradients([normals(2, 3, 4)], ops.transpose);
    expectGradients([normals(2, 5, 3)], (x) => ops.slice(x, 1, 1, 4));
    expectGradients([normals(2, 3), normals(2, 1)], (a, b) => ops.concat([a, b, a], 1));
  });
  test("gather, scatter-add and pick, with repeats", () => {
    expectGradients([normals(4, 3)], (x) => ops.gather(x, [2, 0, 2]));
    expectGradients([normals(3, 2)], (x) => ops.scatterAdd(x, [1, 1, 4], 5));
    expectGradients([normals(3, 4)], (x) => ops.pick(x, [1, 0, 3]));
  });

  const CONVOLUTIONS = [
    { kernel: 3, options: {} },
    { kernel: 1, options: {} },
    { kernel: 3, options: { stride: 2 } },
    { kernel: 2, options: { pad: 1 } },
    { kernel: 3, options: { pad: 0 } },
  ];
  test.each(CONVOLUTIONS)("convolution %j", ({ kernel, options }) => {
    const inputs = [normals(2, 5, 4, 2), normals(kernel, kernel, 2, 3), normals(3)];
    expectGradients(inputs, (x, w, bias) => ops.convolve(x, w, { bias, ...options }));
  });
  test.each([{}, { stride: 1 }, { stride: 2, pad: 1 }])("pooling and patches %j", (options) => {
    for (const f of [ops.maxPool, ops.meanPool, ops.patches]) {
      expectGradients([normals(2, 5, 6, 2)], (x) => f(x, 2, options));
    }
  });
  test("overlap-add", () => {
    expectGradients([normals(1, 4, 5, 8)], (x) =>
      ops.overlapAdd(x, { height: 5, width: 6 }, 2, { stride: 1 }),
    );
  });

  test.each([false, true])("batch normalisation while training, relu %s", (relu) => {
    const inputs = [normals(3, 2, 4), normals(4), normals(4)];
    const check = checkGradients(inputs, (tape, x, gain, shift) => {
      const running = { mean: tape.buffer([4]), variance: tape.buffer([4]) };
      return weigh(tape, ops.batchNorm(x!, running, { gain: gain!, shift: shift!, relu }));
    });
    expect(check.error, JSON.stringify(check)).toBeLessThan(1e-7);
  });

  test("an operation of one's own", () => {
    expectGradients([normals(5), normals(5)], (a, b) =>
      ops.custom({
        inputs: [a, b],
        shape: [5],
        forward: (y, x, w) => y.forEach((_, i) => void (y[i] = Math.sin(x![i]!) * w![i]!)),
        backward({ outputGradient, inputs: [x, w], gradients: [dx, dw] }) {
          outputGradient.forEach((g, i) => {
            if (dx) dx[i]! += g * Math.cos(x![i]!) * w![i]!;
            if (dw) dw[i]! += g * Math.sin(x![i]!);
          });
        },
      }),
    );
  });

  test("the check notices a wrong gradient", () => {
    const check = checkGradients([normals(3)], (_, x) =>
      ops.sum(
        ops.custom({
          inputs: [x!],
          shape: [3],
          forward: (y, [...values]) => y.set(values.map((value) => value ** 2)),
          backward: ({ gradients: [dx] }) => void dx!.fill(1),
        }),
      ),
    );
    expect(check.error).toBeGreaterThan(0.1);
  });
});

describe("a tape", () => {
  test("refuses tensors of a step that is over, and operations outside a step", () => {
    const tape = createTape({ precision: "f64" });
    const kept = tape.step(() => tape.tensor([1, 2]));
    expect(() => kept.values()).toThrowError(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => tape.step(() => ops.relu(kept))).toThrowError(
      expect.objectContaining({ code: "BAD_INPUT" }),
    );
    const w = tape.parameter([2], [1, 2]);
    expect(() => ops.relu(w)).toThrowError(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  test("adds gradients up over steps only when asked, and uses the same memory for every step", () => {
    const tape = createTape({ precision: "f64" });
    const w = tape.parameter([2], [3, -1]);
    const run = (accumulate: boolean) =>
      tape.step(() => tape.backward(ops.sum(ops.square(w))), { accumulate });
    run(false);
    const { bytes } = tape;
    expect([...w.gradient()]).toEqual([6, -2]);
    run(true);
    expect([...w.gradient()]).toEqual([12, -4]);
    run(false);
    expect([...w.gradient()]).toEqual([6, -2]);
    expect(tape.bytes).toBe(bytes);
  });

  test("in inference keeps only the result of a scope", () => {
    const tape = createTape({ precision: "f64" });
    const layers = (depth: number, scoped: boolean) =>
      tape.inference(() => {
        let x = tape.full([1 << 18], 1);
        for (let i = 0; i < depth; i++) {
          const from = x;
          const work = (): Tensor => ops.add(ops.square(from), 1);
          x = scoped ? tape.scope(work) : work();
        }
        return x.values()[7];
      });
    const plain = layers(3, false);
    const before = tape.bytes;
    expect(layers(3, true)).toBe(plain);
    expect(layers(4, true)).toBeGreaterThan(plain!);
    const scoped = tape.bytes;
    layers(5, true);
    expect(tape.bytes).toBe(scoped);
    expect(scoped).toBeGreaterThanOrEqual(before);
  });
});
