import { describe, expect, test } from "vitest";
import { createRng, isVicinalError } from "../../core/index.ts";
import * as layers from "../layers/index.ts";
import { custom, logSoftmax, mean, mul, neg, pick } from "../ops/index.ts";
import { adam, adamW, cosine, type Optimiser, sgd } from "../optim/index.ts";
import { createTape, type Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { createLoader } from "./loader.ts";
import { type TrainOptions, train, trainAsync } from "./train.ts";

const ROWS = 60;
/** Three noisy spirals in the plane. */
function spirals(): { x: Float32Array; y: Uint8Array } {
  const rng = createRng(3, "spirals");
  const x = new Float32Array(ROWS * 2);
  const y = new Uint8Array(ROWS);
  for (let i = 0; i < ROWS; i++) {
    y[i] = i % 3;
    const r = Math.floor(i / 3) / (ROWS / 3);
    const angle = r * 3 + y[i]! * 2.1 + 0.1 * rng.normal();
    x.set([r * Math.cos(angle), r * Math.sin(angle)], i * 2);
  }
  return { x, y };
}

interface Setup {
  tape: Tape;
  model: layers.Layer;
  options: TrainOptions;
}

function setup(
  extra: Partial<TrainOptions> = {},
  make: (p: layers.NamedParameters) => Optimiser = (p) => adam(p, { learningRate: 0.02 }),
  precision: "f32" | "f64" = "f32",
): Setup {
  const { x, y } = spirals();
  const tape = createTape({ precision });
  const seed = createRng(7, "model");
  const model = layers.sequential([
    layers.dense(tape, { inputs: 2, outputs: 16, bias: false, seed }),
    layers.batchNorm(tape, { channels: 16, relu: true }),
    layers.dropout(tape, { rate: 0.1, seed }),
    layers.dense(tape, { inputs: 16, outputs: 3, seed }),
  ]);
  const loss = ({ rows, rng }: { rows: Uint32Array; rng: { normal(): number } }): Tensor => {
    const values = Float32Array.from({ length: rows.length * 2 }, (_, i) => {
      return x[rows[i >> 1]! * 2 + (i & 1)]! + 0.01 * rng.normal();
    });
    const logits = model.forward(tape.tensor(values, [rows.length, 2]));
    return neg(
      mean(
        pick(
          logSoftmax(logits),
          Array.from(rows, (row) => y[row]!),
        ),
      ),
    );
  };
  const loader = createLoader({ rows: ROWS, batch: 16, seed: 5 });
  const options = { tape, model, loader, loss, optimiser: make(model.parameters), epochs: 6, ...extra };
  return { tape, model, options };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isVicinalError(error)) return error.code;
    throw error;
  }
  return "nothing thrown";
}

const bits = ({ parameters }: layers.Layer): number[] =>
  Object.values(parameters).flatMap((parameter) => [...parameter.values()]);

describe("training", () => {
  test("brings the loss of spirals down to half, the same bits for the same seed", () => {
    const losses: number[] = [];
    const a = setup({ epochs: 40, onEpoch: ({ loss }) => losses.push(loss) });
    const report = train(a.options);
    expect(report.steps).toBe(160);
    expect(losses).toHaveLength(40);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const b = setup({ epochs: 40 });
    train(b.options);
    expect(bits(b.model)).toEqual(bits(a.model));
  });

  const optimisers: Record<string, (p: layers.NamedParameters) => Optimiser> = {
    adam: (p) => adam(p, { learningRate: 0.02 }),
    adamW: (p) => adamW(p, { learningRate: 0.02, weightDecay: 0.1 }),
    sgd: (p) => sgd(p, { learningRate: 0.1, momentum: 0.9, nesterov: true }),
  };
  for (const [name, make] of Object.entries(optimisers)) {
    for (const precision of ["f32", "f64"] as const) {
      test(`a run of ${name} in ${precision} taken up at any checkpoint ends with the bits of one never stopped`, () => {
        const saved: Uint8Array[] = [];
        const extra = { schedule: cosine({ rate: 0.02, steps: 24 }), clip: { norm: 1 } };
        const whole = setup(
          { ...extra, checkpoint: { every: 5, save: (bytes) => saved.push(bytes) } },
          make,
          precision,
        );
        const report = train(whole.options);
        expect(saved).toHaveLength(5);
        for (const resume of saved) {
          const again = setup({ ...extra, resume }, make, precision);
          expect(train(again.options).steps).toBe(report.steps);
          expect(bits(again.model)).toEqual(bits(whole.model));
        }
      });
    }
  }

  test("an aborted run saves what it did, and goes on to the bits of one never stopped", async () => {
    const whole = setup();
    train(whole.options);
    let saved: Uint8Array | undefined;
    const stop = new AbortController();
    const cut = setup({
      checkpoint: { every: 1000, save: (bytes) => (saved = bytes) },
      onStep: ({ step }) => step === 9 && stop.abort(new Error("enough")),
    });
    await expect(trainAsync(cut.options, { signal: stop.signal })).rejects.toThrow("enough");
    const again = setup({ resume: saved! });
    const steps: number[] = [];
    train({ ...again.options, onStep: ({ step }) => steps.push(step) });
    expect(steps[0]).toBe(10);
    expect(bits(again.model)).toEqual(bits(whole.model));
  });

  test("early stopping ends with the best weights, also when it was taken up in between", () => {
    const measures = [1, 3, 2, 2, 2.5, 9];
    const watched = (): {
      at: layers.Layer;
      options: TrainOptions;
      saved: Uint8Array[];
      best: number[][];
    } => {
      const saved: Uint8Array[] = [];
      const best: number[][] = [];
      const made = setup({ checkpoint: { every: 3, save: (bytes) => saved.push(bytes) } });
      const measure = (): number => {
        best.push(bits(made.model));
        return measures[best.length - 1]!;
      };
      return {
        at: made.model,
        options: { ...made.options, earlyStop: { measure, patience: 3 } },
        saved,
        best,
      };
    };
    const run = watched();
    const report = train(run.options);
    expect(report.epochs).toBe(5);
    expect(report.best).toEqual({ epoch: 1, measure: 3 });
    expect(bits(run.at)).toEqual(run.best[1]);
    // Taken up after 12 of 20 steps: three epochs have been measured.
    const again = watched();
    again.best.push([], [], []);
    expect(train({ ...again.options, resume: run.saved[3]! })).toMatchObject({
      epochs: 5,
      best: report.best,
    });
    expect(bits(again.at)).toEqual(bits(run.at));
  });

  for (const [name, make] of Object.entries(optimisers)) {
    for (const what of ["loss", "gradient"]) {
      test(`a ${what} that is not finite leaves ${name} and the model as they were a step before`, () => {
        const good = setup({}, make);
        good.tape.step(() => good.tape.backward(good.options.loss(good.options.loader.at(0))));
        good.options.optimiser.step();
        const bad = setup({}, make);
        const spoil = (loss: Tensor): Tensor =>
          what === "loss"
            ? mul(loss, Number.NaN)
            : custom({
                inputs: [loss],
                shape: [],
                forward: (output, input) => output.set(input!),
                backward: ({ gradients }) => gradients[0]!.fill(Number.POSITIVE_INFINITY),
              });
        const loss: TrainOptions["loss"] = (batch) =>
          batch.step < 1 ? bad.options.loss(batch) : spoil(bad.options.loss(batch));
        expect(codeOf(() => train({ ...bad.options, loss }))).toBe("DIVERGED");
        expect(bits(bad.model)).toEqual(bits(good.model));
        expect(bits({ ...bad.model, parameters: bad.options.optimiser.state })).toEqual(
          bits({ ...good.model, parameters: good.options.optimiser.state }),
        );
        expect(bad.options.optimiser.steps).toBe(1);
      });
    }
  }

  test("a checkpoint of another run is refused and changes nothing", () => {
    let saved = new Uint8Array();
    const run = setup({ epochs: 1, checkpoint: { every: 2, save: (bytes) => (saved = bytes.slice()) } });
    train(run.options);
    const other = setup({ resume: saved }, (p) => sgd(p));
    const before = bits(other.model);
    expect(() => train(other.options)).toThrow(/checkpoint is of a run with optimiser adam/);
    expect(() =>
      train(setup({ resume: saved, loader: createLoader({ rows: ROWS, batch: 16, seed: 6 }) }).options),
    ).toThrow(/seed 5/);
    for (const length of [0, 7, 100, saved.length - 1]) {
      const cut = setup({ resume: saved.slice(0, length) });
      expect(() => train(cut.options)).toThrow(/not valid/);
    }
    expect(bits(other.model)).toEqual(before);
  });
});
