import { expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { aliasTable, drawAlias } from "./alias.ts";
import { sgnsStep } from "./sgnsStep.ts";
import { SkipGram } from "./skipGram.ts";
import { readCorpus } from "./vocabulary.ts";

test("an alias table draws by weight: the shares it holds add up to them", () => {
  const weights = [5, 0, 1, 3, 0.25, 7, 2];
  const total = weights.reduce((a, b) => a + b, 0);
  const { own, alias } = aliasTable(weights);
  const shares = new Float64Array(weights.length);
  own.forEach((share, i) => {
    shares[i]! += share / weights.length;
    shares[alias[i]!]! += (1 - share) / weights.length;
  });
  shares.forEach((share, i) => {
    expect(share).toBeCloseTo(weights[i]! / total, 12);
  });
  const rng = createRng(1, "alias");
  const met = new Float64Array(weights.length);
  for (let n = 0; n < 20_000; n++) met[drawAlias({ own, alias }, rng)]! += 1 / 20_000;
  met.forEach((share, i) => {
    expect(Math.abs(share - weights[i]! / total)).toBeLessThan(0.015);
  });
});

test("a step goes down the gradient of the loss, by central differences in float64", () => {
  const d = 5;
  const rng = createRng(4, "tables");
  const draw = (): Float64Array => Float64Array.from({ length: 4 * d }, () => rng.normal());
  const [inputs, outputs] = [draw(), draw()];
  const targets = Uint32Array.of(2, 0, 3);
  const loss = (): number => {
    let sum = 0;
    for (const [t, target] of targets.entries()) {
      let dot = 0;
      for (let j = 0; j < d; j++) dot += inputs[1 * d + j]! * outputs[target * d + j]!;
      sum += Math.log1p(Math.exp(t === 0 ? -dot : dot));
    }
    return sum;
  };
  const [moved, movedOut] = [inputs.slice(), outputs.slice()];
  const rate = 1e-3;
  const tables = { inputs: moved, outputs: movedOut, change: new Float64Array(d), d };
  expect(sgnsStep(tables, 1, targets, 3, rate)).toBeCloseTo(loss(), 12);
  for (const [at, after] of [
    [inputs, moved],
    [outputs, movedOut],
  ] as const) {
    for (let i = 0; i < at.length; i++) {
      const kept = at[i]!;
      at[i] = kept + 1e-5;
      const up = loss();
      at[i] = kept - 1e-5;
      const down = loss();
      at[i] = kept;
      expect((after[i]! - kept) / rate).toBeCloseTo(-(up - down) / 2e-5, 6);
    }
  }
});

/** Sentences that stay with one of four topics of ten words, with common words everywhere. */
function sentences(count: number, seed = 3): string[][] {
  const rng = createRng(seed, "sentences");
  return Array.from({ length: count }, () => {
    const topic = rng.below(4);
    return Array.from({ length: 10 }, () => (rng.next() < 0.3 ? "the" : `t${topic}w${rng.below(10)}`));
  });
}

/** Share of tokens of a topic whose nearest other by cosine is of the same. */
function purity(model: SkipGram<string>): number {
  const tokens = model.tokens_.filter((token) => token !== "the");
  const unit = tokens.map((token) => {
    const v = model.vector(token);
    const length = Math.hypot(...v);
    return v.map((x) => x / length);
  });
  let right = 0;
  for (const [i, a] of unit.entries()) {
    const near = unit
      .map((b, j) => (i === j ? Number.NEGATIVE_INFINITY : a.reduce((s, x, q) => s + x * b[q]!, 0)))
      .reduce((best, s, j, all) => (s > all[best]! ? j : best), 0);
    if (tokens[near]!.slice(0, 2) === tokens[i]!.slice(0, 2)) right++;
  }
  return right / tokens.length;
}

const SMALL = { dimension: 12, window: 3, minCount: 2, epochs: 12, learningRate: 0.05, subsample: 0.05 };

test("words of one topic come to lie next to each other, and the loss falls", () => {
  const model = new SkipGram<string>(SMALL).fit(sentences(300));
  expect(model.tokens_[0]).toBe("the");
  expect(purity(model)).toBeGreaterThan(0.9);
  expect(model.loss_.at(-1)).toBeLessThan(0.85 * model.loss_[0]!);
});

test("items of baskets do so whatever their order", () => {
  const rng = createRng(8, "baskets");
  const baskets = sentences(250, 5).map((basket) => basket.filter((token) => token !== "the"));
  for (const basket of baskets) basket.sort(() => rng.next() - 0.5);
  const model = new SkipGram<string>({ ...SMALL, window: Number.POSITIVE_INFINITY, subsample: 0 }).fit(
    baskets,
  );
  expect(purity(model)).toBeGreaterThan(0.9);
  const back = SkipGram.fromJSON<string>(JSON.stringify(model));
  expect(back.options).toEqual(model.options);
  expect(back.vectors_).toEqual(model.vectors_);
  expect(back.vector("t1w3")).toEqual(model.vector("t1w3"));
});

test("the same seed gives the same bytes, in turns too, and another seed others", async () => {
  const text = sentences(30);
  const make = (seed: number): SkipGram<string> => new SkipGram({ ...SMALL, epochs: 2, seed });
  const one = make(1).fit(text).vectors_.data;
  expect((await make(1).fitAsync(text)).vectors_.data).toEqual(one);
  expect(make(2).fit(text).vectors_.data).not.toEqual(one);
});

test("an aborted fit rejects with the reason and leaves what was fitted", async () => {
  const model = new SkipGram<string>({ ...SMALL, epochs: 1 }).fit(sentences(20));
  const before = model.vectors_;
  const stop = new AbortController();
  const fit = model.fitAsync(sentences(200), { signal: stop.signal, onProgress: () => stop.abort("enough") });
  await expect(fit).rejects.toBe("enough");
  expect(model.vectors_).toBe(before);
});

test("a corpus numbers tokens by frequency and drops rare ones", () => {
  const corpus = readCorpus([["b", "a", "x"], [], ["a", "b", "a"], ["y"]], 2);
  expect(corpus.tokens).toEqual(["a", "b"]);
  expect([...corpus.counts]).toEqual([3, 2]);
  expect([...corpus.words]).toEqual([1, 0, 0, 1, 0]);
  expect([...corpus.starts]).toEqual([0, 2, 2, 5, 5]);
});

test.each([
  ["sentences that are text", () => new SkipGram().fit(["a b c"] as never), "BAD_INPUT"],
  ["no sentences", () => new SkipGram().fit([]), "EMPTY_INDEX"],
  ["only rare words", () => new SkipGram().fit([["a", "b", "c"]]), "EMPTY_INDEX"],
  ["tokens that are objects", () => new SkipGram().fit([[{}]] as never), "BAD_INPUT"],
  ["a window of 0", () => new SkipGram({ window: 0 }), "OPTION_RANGE"],
  ["an unknown option", () => new SkipGram({ size: 3 } as never), "OPTION_UNKNOWN"],
  ["a model not fitted", () => new SkipGram().vectors_, "NOT_FITTED"],
  [
    "an unknown token",
    () => new SkipGram({ minCount: 1, epochs: 1 }).fit([["a", "b"]]).vector("c"),
    "KEY_UNKNOWN",
  ],
  ["another model's JSON", () => SkipGram.fromJSON({ format: "vicinal/PCA", version: 1 }), "FORMAT"],
])("%s is refused", (_, run, code) => {
  expect(run).toThrow(expect.objectContaining({ code }));
});
