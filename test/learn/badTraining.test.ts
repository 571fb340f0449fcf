import { describe, expect, test } from "vitest";
import * as autodiff from "../../src/autodiff/index.ts";
import { VicinalError } from "../../src/core/index.ts";
import * as learn from "../../src/learn/index.ts";
import type { Anything } from "../contract/badValues.ts";

const rows = Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i % 5, i % 3]);
const classes = rows.map((_, i) => i % 3);
const HOSTILE: Readonly<Record<string, Anything>> = {
  ...{ NaN: Number.NaN, text: "x", "a number as text": "3", object: {}, bigint: 3n },
};

function refused(what: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (error instanceof VicinalError) return;
    expect.fail(`${what} threw ${String(error)}, which has no code`);
  }
  expect.fail(`${what} threw nothing`);
}

const encoder = (more: object = {}): learn.Encoder =>
  learn.createEncoder({ kind: "mlp", inputs: 4, hidden: [8], width: 3, ...more });

describe("tapes", () => {
  test("refuse options, shapes and values that are none", () => {
    const create = autodiff.createTape as (o?: Anything) => autodiff.Tape;
    for (const o of [null, 5, { precision: "f16" }, { threads: 0 }, { threads: 1.5 }, { thread: 2 }]) {
      refused(JSON.stringify(o), () => create(o));
    }
    const tape = create();
    for (const shape of [null, 5, ["2"], [1.5], [-1], [Number.NaN], [2 ** 40], [3], [[2]]] as Anything[]) {
      refused(`parameter of ${shape}`, () => tape.parameter(shape, [1, 2]));
      refused(`tensor of ${shape}`, () => tape.inference(() => tape.tensor([1, 2], shape)));
    }
    const kept = tape.parameter([2], [1, 2]);
    const none = [null, 5, "ab", ["a", "b"], [1n, 2n], [undefined, 1], {}, [{}, {}], new BigInt64Array(2)];
    for (const values of none as Anything[]) {
      refused("parameter", () => tape.parameter([2], values));
      refused("tensor", () => tape.inference(() => tape.tensor(values)));
      refused("set", () => kept.set(values));
    }
    expect([...kept.values()]).toEqual([1, 2]);
    tape.dispose();
    refused("a tape disposed of", () => tape.inference(() => 1));
  });

  test("files that are none are refused", () => {
    const detached = new Uint8Array(100);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const bytes of [
      null,
      undefined,
      5,
      "",
      [1],
      new Uint8Array(0),
      new Uint8Array(100),
      detached,
    ] as Anything[]) {
      refused("safetensors", () => autodiff.readSafetensors(bytes));
      refused("encoder", () => learn.loadEncoder(bytes));
      refused("two towers", () => learn.loadTwoTower(bytes));
      refused("PyTorch", () => autodiff.readTorch(bytes));
    }
  });
});

describe("losses", () => {
  const LOSSES: Readonly<Record<string, object>> = {
    ...{ contrastive: learn.CONTRASTIVE_DEFAULTS, triplet: learn.TRIPLET_DEFAULTS },
    ...{ marginLoss: learn.MARGIN_DEFAULTS, multiSimilarity: learn.MULTI_SIMILARITY_DEFAULTS },
    ...{ ncaLoss: learn.NCA_LOSS_DEFAULTS, circle: learn.CIRCLE_DEFAULTS },
    ...{ liftedStructure: learn.LIFTED_STRUCTURE_DEFAULTS },
    ...{ supervisedContrastive: learn.SUPERVISED_CONTRASTIVE_DEFAULTS },
    ...{ infoNce: learn.INFO_NCE_DEFAULTS, ntXent: learn.NT_XENT_DEFAULTS, nPair: learn.N_PAIR_DEFAULTS },
    ...{ proxyNca: learn.PROXY_DEFAULTS, proxySoftmax: learn.PROXY_DEFAULTS },
    ...{ proxyAnchor: learn.PROXY_ANCHOR_DEFAULTS, centre: learn.CENTRE_DEFAULTS },
    ...{ arcFace: learn.ARC_FACE_DEFAULTS, cosFace: learn.COS_FACE_DEFAULTS },
    ...{ normalisedSoftmax: learn.NORMALISED_SOFTMAX_DEFAULTS, crossEntropy: learn.CROSS_ENTROPY_DEFAULTS },
    ...{ binaryCrossEntropy: learn.BINARY_CROSS_ENTROPY_DEFAULTS, huber: learn.HUBER_DEFAULTS },
  };
  const labels = [0, 0, 1, 1, 2, 2];
  const PAIRED = ["infoNce", "ntXent", "nPair"];
  const VALUED = ["binaryCrossEntropy", "huber"];

  function value(name: string, options: Anything): number {
    const tape = autodiff.createTape({ precision: "f64" });
    const matrix = (n: number): autodiff.Tensor =>
      tape.tensor(
        Array.from({ length: n * 3 }, (_, i) => Math.sin(i)),
        [n, 3],
      );
    return tape.inference(() => {
      const z = matrix(6);
      const second = PAIRED.includes(name)
        ? matrix(6)
        : VALUED.includes(name)
          ? new Float64Array(18)
          : labels;
      const more = name in LABELLED ? [matrix(3), options] : [options];
      return (learn as Anything)[name](z, second, ...more).item();
    });
  }
  const LABELLED = Object.fromEntries(
    ["proxyNca", "proxySoftmax", "proxyAnchor", "centre", "arcFace", "cosFace", "normalisedSoftmax"].map(
      (n) => [n, 1],
    ),
  );

  test.each(Object.entries(LOSSES))("%s refuses options that are none", (name, defaults) => {
    expect(value(name, {})).toBeTypeOf("number");
    expect(value(name, {})).not.toBeNaN();
    refused("unknown", () => value(name, { nope: 1 }));
    // What PyTorch calls so would silently have been another reduction.
    if ("reduction" in defaults) refused("reduction none", () => value(name, { reduction: "none" }));
    for (const [option, usual] of Object.entries(defaults)) {
      if (option === "labels") continue;
      for (const [what, got] of Object.entries(HOSTILE))
        refused(`${option}: ${what}`, () => value(name, { [option]: got }));
      if (typeof usual === "number")
        refused(`${option}: Infinity`, () => value(name, { [option]: Infinity }));
      if (option === "temperature") refused("temperature 0", () => value(name, { temperature: 0 }));
    }
    refused("what is no tensor", () => (learn as Anything)[name]([[1, 2]], labels, [[1]]));
  });
});

describe("training", () => {
  const FITS: Readonly<
    Record<string, [(e: Anything, x: Anything, y: Anything, o?: Anything) => unknown, object]>
  > = {
    fitClassifier: [learn.fitClassifier, learn.FIT_CLASSIFIER_DEFAULTS],
    fitMetric: [learn.fitMetric, learn.FIT_METRIC_DEFAULTS],
  };

  test.each(Object.entries(FITS))(
    "%s refuses options before it trains, and encoders, rows and labels",
    (_, [train, defaults]) => {
      const one = encoder();
      const before = one.encode(rows).data;
      for (const option of Object.keys(defaults)) {
        for (const [what, got] of Object.entries(HOSTILE)) {
          refused(`${option}: ${what}`, () => train(one, rows, classes, { epochs: 1, [option]: got }));
        }
      }
      refused("null", () => train(one, rows, classes, null));
      refused("unknown", () => train(one, rows, classes, { epoch: 1 }));
      for (const y of [
        null,
        5,
        classes.slice(1),
        classes.map(() => 1),
        classes.map(() => ({})),
        [...classes.slice(1), NaN],
      ]) {
        refused("labels", () => train(one, rows, y, { epochs: 1 }));
      }
      for (const bad of [null, {}, "encoder"]) refused("encoder", () => train(bad, rows, classes));
      expect(one.encode(rows).data).toEqual(before);
      one.tape.dispose();
      refused("a disposed encoder", () => train(one, rows, classes));
    },
  );

  test.each(Object.entries(FITS))(
    "%s that meets NaN on its way stops, and leaves finite weights",
    (_, [train]) => {
      const one = encoder();
      let calls = 0;
      const augment = (row: Float32Array): void => {
        if (calls++ > 40) row.fill(Number.NaN);
      };
      expect(() => train(one, rows, classes, { epochs: 9, augment })).toThrow(/not finite/);
      expect(one.encode(rows).data.every(Number.isFinite)).toBe(true);
      one.tape.dispose();
    },
  );

  test("architectures that are none are refused; features too large for float32 are an error, not NaN", () => {
    const bad = [
      null,
      5,
      {},
      { kind: "x" },
      { kind: "mlp" },
      { kind: "mlp", inputs: 0 },
      { kind: "cnn", image: [8, 8] },
    ];
    for (const architecture of bad as Anything[])
      refused("architecture", () => learn.createEncoder(architecture));
    for (const more of [
      { unit: "x" },
      { normalise: 1 },
      { dropout: Number.NaN },
      { mean: Number.NaN },
      { hidden: [0] },
    ]) {
      refused(JSON.stringify(more), () => encoder(more));
    }
    for (const seed of [Number.NaN, -1, "x", 1.5] as Anything[]) {
      refused(`seed ${seed}`, () => learn.createEncoder({ kind: "mlp", inputs: 4 }, { seed }));
    }
    expect(() => encoder().encode([[3e38, 3e38, -3e38, 3e38]])).toThrow(/features of row 0/);
  });

  test("two towers refuse pairs, options and texts that are none", () => {
    const model = learn.createTwoTower({ image: { kind: "mlp", inputs: 4, hidden: [8], width: 4 } });
    const images = rows;
    const texts = rows.map((_, i) => `thing ${i}`);
    const bad = [
      null,
      5,
      {},
      { images },
      { images, texts: 5 },
      { images, texts: texts.slice(1) },
      { images, texts: classes },
    ];
    for (const pairs of [...bad, { images, texts, subjects: [1] }, { images: [], texts: [] }] as Anything[]) {
      refused("pairs", () => learn.fitTwoTower(model, pairs, { epochs: 1 }));
    }
    const options = [
      "epochs",
      "batch",
      "learningRate",
      "weightDecay",
      "augment",
      "rephrase",
      "others",
      "blend",
    ];
    for (const option of [...options, "clip", "seed", "onEpoch"]) {
      for (const [what, got] of Object.entries(HOSTILE)) {
        refused(`${option}: ${what}`, () =>
          learn.fitTwoTower(model, { images, texts }, { epochs: 1, [option]: got }),
        );
      }
    }
    for (const of of [null, 5, "one", [5], [null]] as Anything[])
      refused(`texts ${of}`, () => model.encodeTexts(of));
    expect(model.encodeTexts(["", "!"]).data.every(Number.isFinite)).toBe(true);
    model.tape.dispose();
  });

  test("samplers refuse labels, options, steps and states that are none", () => {
    const kinds = { ClassBalancedSampler: { classes: 2, perClass: 2 }, PairSampler: {}, TripletSampler: {} };
    for (const [name, options] of Object.entries(kinds)) {
      const make = (labels: unknown, more: object = {}): Anything =>
        new (learn as Anything)[name](labels, { ...options, ...more });
      for (const labels of [null, undefined, 5, [], [0], [Number.NaN, 1], [{}, 1]])
        refused(name, () => make(labels).next());
      for (const value of Object.values(HOSTILE)) {
        refused(`${name} seed`, () => make(classes, { seed: value }));
        refused(`${name} batches`, () => make(classes, { batches: value }));
        refused(`${name} at`, () => make(classes).at(value));
        refused(`${name} restore`, () => make(classes).restore(value));
      }
    }
  });
});

test("two threads learn the same layout and the same classes as one, bit for bit", async () => {
  const many = Array.from({ length: 90 }, (_, i) => [Math.sin(i), Math.cos(i * 3), i % 7, Math.sin(i * i)]);
  const layouts = [1, 2].map(async (threads) => {
    const umap = new learn.UMAP({ nEpochs: 20, nNeighbors: 6, seed: 3 });
    return (await umap.fitAsync(many, { threads })).embedding_.data;
  });
  expect(await layouts[1]).toEqual(await layouts[0]);
  const features = [1, 2].map((threads) => {
    const tape = autodiff.createTape({ threads });
    const one = learn.createEncoder(
      { kind: "mlp", inputs: 4, hidden: [32], width: 8, dropout: 0.2 },
      { tape, seed: 5 },
    );
    learn.fitClassifier(one, rows, classes, { epochs: 3, batch: 8, seed: 2 });
    const { data } = one.encode(rows);
    tape.dispose();
    return data;
  });
  expect(features[1]).toEqual(features[0]);
});
