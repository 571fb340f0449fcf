import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, runSync } from "../../src/core/index.ts";
import { type EmojiSet, loadEmoji } from "../../src/labs/emoji/dataset.ts";
import { EMOJI_STYLES } from "../../src/labs/emoji/styles.ts";
import { finishedRuns, shallow } from "../../src/labs/siamese/finished.ts";
import { runSiameseLab } from "../../src/labs/siamese/lab.ts";
import {
  AUGMENTATION,
  drawView,
  frameOf,
  inksOf,
  paint,
  SIDE,
  STRAIGHT,
  VALUES,
} from "../../src/labs/siamese/pictures.ts";
import { rank, scoresOf } from "../../src/labs/siamese/ranking.ts";
import { type EmojiTask, emojiTask, STYLES, splitOf } from "../../src/labs/siamese/task.ts";
import { embed, familyLoader, trainEncoder, trainingFamilies } from "../../src/labs/siamese/training.ts";

let set: EmojiSet;
let task: EmojiTask;
let folder = "";
beforeAll(async () => {
  set = await loadEmoji();
  task = emojiTask(set);
  folder = await mkdtemp(join(tmpdir(), "vicinal-siamese-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("what training sees", () => {
  test("is no drawing of an emoji never seen, in any style or variant, nor one of the style held out", () => {
    const split = splitOf(task, 3);
    const away = new Set(Array.from(split.unseen, (i) => task.identities[i]));
    expect(split.unseen).toHaveLength(Math.round(task.identities.length / 5));
    expect(split.seen.length + split.unseen.length).toBe(task.identities.length);
    for (const heldOut of [0, 2]) {
      const loader = familyLoader(trainingFamilies(task, split, heldOut), heldOut, 32, 3);
      for (let step = 0; step < loader.stepsPerEpoch; step++) {
        for (const row of loader.at(step).rows) {
          expect(away.has(set.drawings[row]!.identity)).toBe(false);
          expect(set.drawings[row]!.style).not.toBe(EMOJI_STYLES[heldOut]);
        }
      }
    }
  });
  test("is one drawing of each emoji of a batch for each of the four styles", () => {
    const loader = familyLoader(trainingFamilies(task, splitOf(task, 1), 1), 1, 16, 1);
    const { rows } = loader.at(5);
    expect(rows).toHaveLength(16 * (STYLES - 1));
    const identities = Array.from(rows, (row) => set.drawings[row]!.identity);
    for (let i = 0; i < rows.length; i += 4) expect(new Set(identities.slice(i, i + 4)).size).toBe(1);
    expect(new Set(identities).size).toBe(16);
  });
});

test("each identity to be found has one drawing of its own in each style", () => {
  for (const [i, identity] of task.identities.entries()) {
    for (let s = 0; s < STYLES; s++) {
      const drawing = set.drawings[task.drawings[i * STYLES + s]!]!;
      expect([drawing.identity, drawing.style]).toEqual([identity, EMOJI_STYLES[s]]);
    }
  }
});

describe("pictures", () => {
  test("are framed by what is drawn", () => {
    const pixels = new Uint8Array(32 * 32 * 3).fill(255);
    for (let y = 10; y < 14; y++)
      for (let x = 4; x < 12; x++) pixels.fill(0, (y * 32 + x) * 3, (y * 32 + x) * 3 + 3);
    const small = { ...set, drawings: set.drawings.slice(0, 1), pixels };
    expect(frameOf(small, 0)).toEqual({ x: 8, y: 12, half: 4 });
    const out = new Float32Array(VALUES);
    paint(inksOf(small), 0, STRAIGHT, out, 0);
    // Twice as wide as high: the upper and lower quarter stay white.
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) expect(out[(y * SIDE + x) * 3]).toBe(y >= 4 && y < 12 ? 1 : 0);
    }
  });
  test("in changed views stay within 0 and 1, and grey ones without colour", () => {
    const inks = inksOf({ ...set, drawings: set.drawings.slice(0, 20) });
    const out = new Float32Array(VALUES);
    const rng = createRng(1, "views");
    for (let row = 0; row < 20; row++) {
      const grey = row % 2 === 0;
      paint(inks, row, drawView(rng, { ...AUGMENTATION, grey: grey ? 1 : 0 }), out, 0);
      expect(out.every((value) => value >= 0 && value <= 1)).toBe(true);
      if (!grey) continue;
      for (let at = 0; at < VALUES; at += 3) expect(Math.abs(out[at]! - out[at + 1]!)).toBeLessThan(1e-6);
    }
  });
});

test("scores count as loops over all distances do", async () => {
  const few = emojiTask(set, 30);
  const rng = createRng(2, "scores");
  // Two numbers that hint at the identity, so that some are found.
  const data = Float32Array.from({ length: 30 * STYLES * 2 }, (_, at) => {
    const i = Math.floor(at / 2 / STYLES);
    return (at % 2 === 0 ? i : (i * 7) % 30) + 2 * rng.normal();
  });
  const ranking = await rank(few, { data, rows: 150, cols: 2, stride: 2 }, 3, "l2");
  const identities = [2, 5, 11, 17, 29];
  let [first, precision, reciprocal] = [0, 0, 0];
  for (const i of identities) {
    const q = (i * STYLES + 3) * 2;
    const order = Array.from({ length: 150 }, (_, place) => place)
      .filter((place) => place % STYLES !== 3)
      .map((place) => ({
        i: Math.floor(place / STYLES),
        d: Math.hypot(data[place * 2]! - data[q]!, data[place * 2 + 1]! - data[q + 1]!),
      }))
      .sort((a, b) => a.d - b.d)
      .map((found) => found.i === i);
    first += order[0] ? 1 : 0;
    precision += order.slice(0, 4).filter(Boolean).length / 4;
    const at = order.indexOf(true);
    reciprocal += at < 100 ? 1 / (at + 1) : 0;
  }
  const scores = scoresOf(ranking, identities);
  expect(scores.recallAt1).toBeCloseTo(first / 5, 12);
  expect(scores.rPrecision).toBeCloseTo(precision / 5, 12);
  expect(scores.mrr).toBeCloseTo(reciprocal / 5, 12);
  expect(scores.rPrecision).toBeGreaterThan(0);
});

test("the same seed trains the same network, bit for bit; another seed does not", () => {
  const few = emojiTask(set, 60);
  const inks = inksOf(set);
  const vectors = [1, 1, 2].map((seed) => {
    const options = {
      method: "N-pair",
      heldOut: 0,
      seed,
      epochs: 2,
      identities: 16,
      learningRate: 0.01,
    } as const;
    const trained = runSync(trainEncoder(few, inks, splitOf(few, 1), options));
    const { data } = runSync(embed(inks, trained, few.drawings.subarray(0, 20)));
    trained.tape.dispose();
    return data;
  });
  expect(vectors[1]).toEqual(vectors[0]);
  expect(vectors[2]).not.toEqual(vectors[0]);
});

test("finished runs are found again, but not those of other settings", () => {
  const path = join(folder, "kept.run");
  const scores = { queries: 1, recallAt1: 1 / 3, recallAt5: 1, rPrecision: 0.25, mapAtR: 0.25, mrr: 0.1 };
  const run = { space: "N-pair", style: "noto", seed: 1, seen: scores, unseen: scores } as const;
  const ranking = shallow(
    {
      heldOut: 1,
      depth: 3,
      places: Int32Array.of(1, 2, 3, 4, 5, 6),
      distances: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    },
    2,
  );
  expect(ranking.places).toEqual(Int32Array.of(1, 2, 4, 5));
  finishedRuns(path, "a").put("one", { run, ranking });
  const again = finishedRuns(path, "a");
  expect(again.get("one")).toEqual({ run, ranking });
  expect(again.get("two")).toBeUndefined();
  expect(finishedRuns(path, "b").get("one")).toBeUndefined();
  again.remove();
  expect(finishedRuns(path, "a").get("one")).toBeUndefined();
});

test("a quick run beats raw pixels on emoji seen and never seen, and reports it", async () => {
  const { results, report, resultsFile } = await runSiameseLab({ quick: true, out: folder });
  const of = (space: string) => results.summaries.find((summary) => summary.space === space)!;
  const [raw, learned] = [of("raw pixels"), of("N-pair")];
  expect(learned.seen.recallAt1).toBeGreaterThan(raw.seen.recallAt1 + 0.1);
  expect(learned.unseen.recallAt1).toBeGreaterThan(raw.unseen.recallAt1 + 0.05);
  expect(results.errorRatio).toBeLessThan(0.9);
  for (const { seen, unseen } of results.summaries) {
    for (const scores of [seen, unseen]) {
      expect(scores.mapAtR).toBeLessThanOrEqual(scores.rPrecision + 1e-12);
      expect(scores.recallAt1).toBeLessThanOrEqual(scores.recallAt5);
      expect(scores.nmi).toBeGreaterThan(0);
    }
  }
  const html = await readFile(report, "utf8");
  for (const word of ["OpenMoji", "contrastive", "triplet", "N-pair", "Worst mistakes"])
    expect(html).toContain(word);
  expect(JSON.parse(await readFile(resultsFile, "utf8")).errorRatio).toBe(results.errorRatio);
});
