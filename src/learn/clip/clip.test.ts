import { describe, expect, test } from "vitest";
import { createTape, readSafetensors, writeSafetensors } from "../../autodiff/index.ts";
import { createRng, type Matrix, row } from "../../core/index.ts";
import { clip, clipLogScale } from "../losses/index.ts";
import { fitTwoTower } from "./fit.ts";
import { textFeatures, wordsOf } from "./textFeatures.ts";
import { createTextTower, type WordVectors } from "./textTower.ts";
import { createTwoTower, loadTwoTower, type TwoTower, type TwoTowerOptions } from "./twoTower.ts";

const COLOURS: Record<string, readonly number[]> = {
  red: [220, 30, 30],
  green: [30, 200, 40],
  blue: [40, 60, 220],
  yellow: [230, 220, 40],
};
const SHAPES: Record<string, (y: number, x: number) => boolean> = {
  square: (y, x) => y >= 2 && y <= 5 && x >= 2 && x <= 5,
  cross: (y, x) => y === 3 || x === 3,
  stripes: (y) => y % 2 === 0,
  frame: (y, x) => y === 0 || y === 7 || x === 0 || x === 7,
};

/** Small pictures of shapes in colours, each in `copies` shades, with what they show. */
function pictures(copies: number, seed: number): { images: Matrix; texts: string[] } {
  const rng = createRng(seed, "pictures");
  const texts: string[] = [];
  const rows: number[] = [];
  for (const [colour, rgb] of Object.entries(COLOURS)) {
    for (const [shape, inside] of Object.entries(SHAPES)) {
      for (let copy = 0; copy < copies; copy++) {
        texts.push(`${colour} ${shape}`);
        const shade = 0.8 + 0.4 * rng.next();
        for (let p = 0; p < 64; p++) {
          const on = inside(p >> 3, p & 7);
          for (const value of rgb) rows.push((on ? value * shade : 255) + 10 * rng.normal());
        }
      }
    }
  }
  return { images: { data: Float32Array.from(rows), rows: texts.length, cols: 192, stride: 192 }, texts };
}

const OPTIONS: TwoTowerOptions = {
  image: { kind: "cnn", image: [8, 8, 3], stages: [8, 16], width: 12, mean: 128, deviation: 64 },
  text: { buckets: 256, features: 16, hidden: 16 },
  seed: 2,
};

/** Share of texts whose nearest image is of that text. */
function recall(model: TwoTower, { images, texts }: { images: Matrix; texts: string[] }): number {
  const unique = [...new Set(texts)];
  const [queries, gallery] = [model.encodeTexts(unique), model.encodeImages(images)];
  const right = unique.filter((text, i) => {
    const scores = texts.map((_, j) => row(gallery, j).reduce((s, v, c) => s + v * row(queries, i)[c]!, 0));
    return texts[scores.indexOf(Math.max(...scores))] === text;
  });
  return right.length / unique.length;
}

describe("two towers", () => {
  const known = pictures(4, 1);
  const held = new Set(["red cross", "blue square"]);
  const mask = known.texts.map((text) => !held.has(text));
  const taught = {
    images: known.texts.flatMap((_, i) => (mask[i] ? [row(known.images, i)] : [])),
    texts: known.texts.filter((_, i) => mask[i]),
  };
  const teach = (model: TwoTower): void => {
    fitTwoTower(
      model,
      { ...taught, subjects: taught.texts },
      { epochs: 120, batch: 14, learningRate: 1e-2, seed: 3 },
    );
  };

  test("find pictures by texts, also by words never seen together; the file alone finds the same", () => {
    const model = createTwoTower(OPTIONS);
    teach(model);
    const unseen = pictures(1, 9);
    expect(recall(model, unseen)).toBeGreaterThanOrEqual(14 / 16);
    const [red] = [model.encodeTexts(["red cross"])];
    const gallery = model.encodeImages(unseen.images);
    const scores = unseen.texts.map((_, j) => row(gallery, j).reduce((s, v, c) => s + v * red!.data[c]!, 0));
    const best = scores
      .map((score, j) => ({ score, text: unseen.texts[j] }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 4);
    expect(best.map(({ text }) => text)).toContain("red cross");
    expect(model.temperature).toBeLessThan(0.5);
    const again = loadTwoTower(model.save());
    expect(again.encodeTexts(known.texts).data).toEqual(model.encodeTexts(known.texts).data);
    expect(again.encodeImages(known.images).data).toEqual(model.encodeImages(known.images).data);
    const lengths = [...model.encodeTexts(["frame"]).data].reduce((s, v) => s + v * v, 0);
    expect(lengths).toBeCloseTo(1, 5);
  });

  test("one seed gives the same bits", () => {
    const bits = [1, 1, 2].map((seed) => {
      const model = createTwoTower({ ...OPTIONS, seed });
      fitTwoTower(model, taught, { epochs: 1, batch: 20, seed });
      return [...model.encodeTexts(["red square"]).data];
    });
    expect(bits[1]).toEqual(bits[0]);
    expect(bits[2]).not.toEqual(bits[0]);
  });

  test("others and blending change what is learned, reproducibly", () => {
    const learn = (extra: object): number[] => {
      const model = createTwoTower(OPTIONS);
      const pairs = { ...known, subjects: known.texts };
      fitTwoTower(model, pairs, { epochs: 3, batch: 8, seed: 3, ...extra });
      return [...model.encodeTexts(["red square"]).data];
    };
    const plain = learn({});
    for (const extra of [{ others: 5 }, { blend: 1 }]) {
      expect(learn(extra)).toEqual(learn(extra));
      expect(learn(extra)).not.toEqual(plain);
    }
  });

  test("texts without known words give rows, and lists that do not match images are refused", () => {
    const model = createTwoTower(OPTIONS);
    expect(model.encodeTexts(["", "…"]).data.every(Number.isFinite)).toBe(true);
    expect(model.encodeTexts([]).rows).toBe(0);
    expect(() => fitTwoTower(model, { images: known.images, texts: ["one"] })).toThrow(/texts is 1 of them/);
    expect(() => loadTwoTower(model.save().slice(0, -1))).toThrow(/not valid/);
    const { tensors, metadata } = readSafetensors(model.save());
    const data = Object.fromEntries(
      [...tensors].map(([name, t]) => [name, { shape: t.shape, data: t.values() }]),
    );
    const larger = JSON.stringify({ ...model.text.options, buckets: 1 << 24 });
    expect(() => loadTwoTower(writeSafetensors(data, { ...metadata, text: larger }))).toThrow(
      /weights of its/,
    );
    expect(() => loadTwoTower(model.image.save())).toThrow(/vicinal\/two-tower/);
  });
});

test("other texts take part in the softmax of images, not in that of texts", () => {
  const tape = createTape({ precision: "f64" });
  const rng = createRng(5);
  const draw = (n: number): number[] => Array.from({ length: n * 3 }, () => rng.normal());
  const [a, b, c] = [draw(2), draw(2), draw(4)];
  const [images, texts, others] = [
    tape.parameter([2, 3], a),
    tape.parameter([2, 3], b),
    tape.parameter([4, 3], c),
  ];
  const scale = clipLogScale(tape, 0.2);
  const value = tape.step(() => clip(images, texts, scale, { others }).item());
  const cosine = (p: number[], i: number, q: number[], j: number): number => {
    const [u, v] = [p.slice(i * 3, i * 3 + 3), q.slice(j * 3, j * 3 + 3)];
    return u.reduce((s, x, k) => s + x * v[k]!, 0) / Math.hypot(...u) / Math.hypot(...v);
  };
  let want = 0;
  for (const i of [0, 1]) {
    const own = Math.exp(5 * cosine(a, i, b, i));
    const across = [0, 1].map((j) => Math.exp(5 * cosine(a, i, b, j)));
    const away = [0, 1, 2, 3].map((j) => Math.exp(5 * cosine(a, i, c, j)));
    const down = [0, 1].map((j) => Math.exp(5 * cosine(a, j, b, i)));
    const sum = (list: number[]): number => list.reduce((s, x) => s + x, 0);
    want -= (Math.log(own / sum([...across, ...away])) + Math.log(own / sum(down))) / 4;
  }
  expect(value).toBeCloseTo(want, 10);
});

describe("texts", () => {
  test("words are letters and digits, without case and accents", () => {
    expect(wordsOf("Face-with CAFÉ, 2nd（部首）  o’clock")).toEqual([
      "face",
      "with",
      "cafe",
      "2nd",
      "部首",
      "o",
      "clock",
    ]);
  });

  test("features are words and runs of three to five letters within them", () => {
    const options = { buckets: 1 << 30, parts: true };
    // <cat>: <ca cat at> <cat cat> <cat>, and the word.
    expect(new Set(textFeatures("cat", options)).size).toBe(7);
    expect(textFeatures("cat", { ...options, parts: false })).toHaveLength(1);
    const shared = textFeatures("apples", options).filter((f) => textFeatures("apple", options).includes(f));
    expect(shared.length).toBeGreaterThanOrEqual(9);
    expect(textFeatures("red cat", options).toSorted()).toEqual(textFeatures("cat red", options).toSorted());
  });

  test("vectors of words from elsewhere bring words that were never trained near their like", () => {
    const vectors: Record<string, number[]> = { crimson: [1, 0.1], red: [1, 0], sea: [0, 1] };
    const words: WordVectors = { dimension: 2, get: (word) => vectors[word] };
    const tape = createTape({ precision: "f64" });
    const options = { buckets: 1, features: 8, hidden: 0, width: 4, parts: false, vectors: 2 };
    const tower = createTextTower(tape, options, { words, seed: 4 });
    const rows = tape.inference(() => tower.forward(["red", "crimson", "sea"]).values());
    const gap = (a: number, b: number): number =>
      [0, 1, 2, 3].reduce((s, c) => s + (rows[a * 4 + c]! - rows[b * 4 + c]!) ** 2, 0);
    expect(gap(0, 1)).toBeLessThan(gap(0, 2) / 20);
    expect(() => createTwoTower({ ...OPTIONS, text: { vectors: 3 }, words })).toThrow(
      /words is vectors of 2/,
    );
  });
});
