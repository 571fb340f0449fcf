import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, matrix, runSync } from "../../src/core/index.ts";
import { comparisons, verdict } from "../../src/labs/books/compare.ts";
import { type BookSet, bookSet, loadArticles, parseArticles } from "../../src/labs/books/data.ts";
import { loadReading, parseReading, readSet } from "../../src/labs/books/goodbooks.ts";
import { runBooksLab } from "../../src/labs/books/lab.ts";
import { TRAINED } from "../../src/labs/books/layer.ts";
import { linkScores, neighbourAccuracy, type Scores } from "../../src/labs/books/measure.ts";
import { nearestRows, smoothed } from "../../src/labs/books/nearest.ts";
import { booksNamed } from "../../src/labs/books/shelves.ts";
import { holdOut } from "../../src/labs/books/split.ts";
import { type Part, study } from "../../src/labs/books/study.ts";
import { train } from "../../src/labs/books/train.ts";
import { keptParts } from "../../src/labs/keptParts.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-books-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const line = (title: string, box: object, links: string[]): string =>
  JSON.stringify([title, box, links, [], "2018-01-01T00:00:00Z", 100]);

/** Books of four kinds; links of the own kind are common, others rare. */
function shelf(books: number, links: number, seed: number): BookSet {
  const rng = createRng(seed, "shelf");
  const lines = Array.from({ length: books }, (_, b) => {
    const own = Array.from({ length: links }, (_, l) => l).filter((l) =>
      l % 4 === b % 4 ? rng.next() < 0.6 : rng.next() < 0.03,
    );
    const facts = { author: ` Kind  ${b % 4}`, genre: `G${b % 2}`, language: "" };
    return line(
      `Book ${b}`,
      facts,
      own.map((l) => `Page ${l}`),
    );
  });
  return bookSet(parseArticles(lines.join("\n")), "all");
}

test("links are counted in lower case; rare ones, boilerplate and, where asked, labels and categories go", () => {
  const links = ["Dune", "DUNE", "Hardcover", "Frank Herbert", "Category:Novels", "Dune"];
  const text = [
    line("One", { author: " Frank  HERBERT ", genre: 7 }, links),
    line("Two", { author: "Other" }, ["frank herbert", "category:novels", "Hardcover", "seldom"]),
    line("Three", {}, ["Frank Herbert", "Category:Novels", "Hardcover"]),
    line("Wikipedia:Help", {}, ["Dune"]),
    "",
  ].join("\n");
  const articles = parseArticles(text);
  const all = bookSet(articles, "all");
  expect(all.titles).toEqual(["One", "Two", "Three"]);
  expect([...all.links].sort()).toEqual(["category:novels", "dune", "frank herbert"]);
  expect(all.properties.author).toEqual(["frank herbert", "other", ""]);
  expect(all.properties.genre[0]).toBe("");
  const dune = all.links.indexOf("dune");
  expect(all.pairs.filter(({ link }) => link === dune)).toEqual([{ book: 0, link: dune, times: 3 }]);
  const unlabelled = bookSet(articles, "unlabelled");
  expect([unlabelled.titles, unlabelled.links]).toEqual([["One"], ["dune"]]);
});

test("lines that are no article are refused by their number", () => {
  for (const bad of ["{", "[1]", '["a", {}, [1]]']) {
    const run = (): unknown => parseArticles(`${line("One", {}, [])}\n${bad}`);
    expect(run).toThrow(
      expect.objectContaining({ code: "FORMAT", message: expect.stringContaining("line 2") }),
    );
  }
});

test("a tenth of the pairs is held out, and books and links keep 3 and 2 of theirs", () => {
  const set = shelf(60, 40, 3);
  const { train: kept, held } = holdOut(set.pairs, set, 5);
  expect(held.length).toBe(Math.round(set.pairs.length / 10));
  expect(new Set([...kept, ...held])).toEqual(new Set(set.pairs));
  for (const { book, link } of held) {
    expect(kept.filter((pair) => pair.book === book).length).toBeGreaterThanOrEqual(3);
    expect(kept.filter((pair) => pair.link === link).length).toBeGreaterThanOrEqual(2);
  }
  expect(holdOut(set.pairs, set, 5).held).toEqual(held);
});

test("nearest rows leave out the row itself, also where rows are equal; smoothing is the unit mean with them", () => {
  const rows = matrix(Float32Array.of(1, 0, 1, 0, 0.8, 0.6, 0, 1), 2);
  expect([...nearestRows(rows, 2)]).toEqual([1, 2, 0, 2, 0, 1, 2, 0]);
  const { data } = smoothed(rows, 2);
  const length = Math.hypot(2.8, 0.6);
  expect(data[0]).toBeCloseTo(2.8 / length, 6);
  expect(data[1]).toBeCloseTo(0.6 / length, 6);
});

test("5-NN accuracy averages over values; books whose value is rare neither ask nor vote", () => {
  const angle = [0, 1, 2, 3, 4, 5, 90, 91, 92, 93, 94, 6, 89];
  const rows = matrix(
    Float32Array.from(angle.flatMap((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)])),
    2,
  );
  // Six at one end of value a and five at the other of value b but for one of them, which sits among a.
  const values = ["a", "a", "a", "a", "a", "a", "b", "b", "b", "b", "b", "b", "rare"];
  expect(neighbourAccuracy(rows, values)).toBeCloseTo((1 + 5 / 6) / 2, 12);
});

test("held-out links of perfect rows score first, those of reversed rows last", () => {
  const set = shelf(40, 40, 2);
  const split = holdOut(set.pairs, set, 1);
  const d = set.links.length;
  const own = new Float32Array(set.titles.length * d);
  for (const { book, link } of set.pairs) own[book * d + link] = 1;
  const axes = new Float32Array(d * d);
  for (let l = 0; l < d; l++) axes[l * d + l] = 1;
  const score = (rows: Float32Array): unknown => linkScores(matrix(rows, d), matrix(axes, d), set, split, 1);
  expect(score(own)).toEqual({ auc: 1, hitRate: 1 });
  expect(score(own.map((x) => -x))).toMatchObject({ auc: 0 });
  expect(score(own.map(() => 0.5))).toMatchObject({ auc: 0.5 });
});

describe("training", () => {
  test("every layer starts as the identity", () => {
    const set = shelf(40, 30, 4);
    for (const arm of TRAINED) {
      const model = runSync(train(arm, set, set.pairs, { seed: 1, epochs: 0, learningRate: 0.01 }));
      const gap = model.books.data.map((x, i) => Math.abs(x - model.raw.data[i]!));
      expect(Math.max(...gap)).toBeLessThan(1e-6);
    }
  });

  test("every arm learns which pairs occur, has its parameters, and repeats itself by the seed", () => {
    const set = shelf(80, 60, 4);
    const split = holdOut(set.pairs, set, 1);
    const plain = 50 * (set.titles.length + set.links.length);
    const own = { A: 0, B: 10_800, C: 10_000, D: 10_000, E: 10_801 };
    for (const arm of TRAINED) {
      const run = () => runSync(train(arm, set, split.train, { seed: 2, epochs: 12, learningRate: 0.03 }));
      const model = run();
      expect(model.parameters - plain).toBe(own[arm]);
      expect(model.loss.at(-1)!).toBeLessThan(0.8 * model.loss[0]!);
      expect(linkScores(model.books, model.links, set, split, 1).auc).toBeGreaterThan(0.75);
      if (arm === "E") expect(run().books.data).toEqual(model.books.data);
    }
  });
});

const tsv = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => row.join("\t")).join("\n");

/** 30 readers and 12 books: those of even number are read by even readers, those of odd number by odd ones. */
function readingTexts(): Parameters<typeof parseReading>[0] {
  const csv = (rows: readonly (readonly (string | number)[])[]): string => tsv(rows).replaceAll("\t", ",");
  const books = Array.from({ length: 12 }, (_, b) => [
    ...[b + 1, 100 + b, `"Title, ${b}"`, `"Writer ${b % 2}, Other"`, ["eng", "en-US", "fre", ""][b % 4]!],
  ]);
  const shelves = books.flatMap(([, goodreads], b) => [
    [goodreads!, 1, 900],
    [goodreads!, b % 2 === 0 ? 2 : 4, 50],
    [goodreads!, 3, b === 2 ? 30 : 20],
    [goodreads!, 4, 25],
  ]);
  const read = Array.from({ length: 30 }, (_, r) =>
    books.flatMap(([id], b) => (b % 2 === r % 2 ? [[r, id!]] : [])),
  );
  return {
    books: csv([["book_id", "goodreads_book_id", "title", "authors", "language_code"], ...books]),
    tags: csv([
      ["tag_id", "tag_name"],
      [1, "to-read"],
      [2, "fantasy"],
      [3, "sf"],
      [4, "sci-fi"],
    ]),
    bookTags: csv([["goodreads_book_id", "tag_id", "count"], ...shelves]),
    pairs: tsv([["user_id", "book_id"], ...read.flat(), [0, 1], [0, 999]]),
  };
}

test("read books have the first author, the genre of most shelves, English as one language, and each reader once", () => {
  const reading = parseReading(readingTexts());
  expect(reading.books[0]).toEqual({
    title: "Title, 0",
    author: "writer 0",
    genre: "fantasy",
    language: "eng",
  });
  expect(reading.books.map(({ language }) => language).slice(1, 4)).toEqual(["eng", "fre", ""]);
  // 20 + 25 on two shelves of science fiction are fewer than 50 of fantasy, 30 + 25 are more.
  expect(reading.books.map(({ genre }) => genre).slice(0, 3)).toEqual([
    "fantasy",
    "science fiction",
    "science fiction",
  ]);
  const all = readSet(reading, { readers: 30, seed: 1 });
  expect([all.titles.length, all.links.length, all.pairs.length]).toEqual([12, 30, 30 * 6]);
  // Of 8 readers drawn, 5 of one kind are needed for its books to stay.
  const few = readSet(reading, { readers: 8, seed: 1 });
  const even = few.links.filter((link) => Number(link.split(" ")[1]) % 2 === 0).length;
  const kinds = [even, 8 - even].filter((readers) => readers >= 5).length;
  expect(few.titles.length).toBe(6 * kinds);
  const none = (): unknown => readSet(reading, { readers: 4, seed: 1 });
  expect(none).toThrow(expect.objectContaining({ code: "FORMAT" }));
});

test("tables without a column that is needed, or with a line too short, are refused by their name", () => {
  const texts = readingTexts();
  const bad = (change: Partial<typeof texts>, message: string): void =>
    expect(() => parseReading({ ...texts, ...change })).toThrow(
      expect.objectContaining({ code: "FORMAT", message: expect.stringContaining(message) }),
    );
  bad({ tags: texts.tags.replace("tag_name", "name") }, "tags.csv");
  bad({ pairs: `${texts.pairs}\n7` }, "interactions_3k.tsv line 184");
});

test("a study that was stopped goes on from what it had finished, and ends with the same findings", async () => {
  const set = shelf(60, 40, 6);
  const plan = { seeds: 2, epochs: 3, rates: [0.01, 0.03], permutations: 20, bootstrap: 20, seed: 1 };
  const whole = await study(set, { ...plan, kept: keptParts<Part>(join(folder, "whole.run"), "k") });
  const path = join(folder, "stopped.run");
  const begun: string[][] = [];
  for (const stopAfter of [4, 14, Number.POSITIVE_INFINITY]) {
    const phases = new Set<string>();
    const abort = new AbortController();
    const onProgress = ({ phase }: { phase: string }): void => {
      phases.add(phase.replace(/.*: /, ""));
      if (phases.size > stopAfter) abort.abort(new Error("stopped"));
    };
    const options = { ...plan, kept: keptParts<Part>(path, "k"), signal: abort.signal, onProgress };
    const run = study(set, options);
    if (Number.isFinite(stopAfter)) await expect(run).rejects.toThrow("stopped");
    else expect(await run).toEqual(whole);
    begun.push([...phases]);
  }
  // Rates and trainings are each done once, apart from the two that were stopped.
  const { tuning, rates } = whole.findings;
  expect(begun.flat().length).toBe(tuning.length + 10 + 2);
  for (const arm of TRAINED) {
    const tried = tuning.filter((one) => one.arm === arm).sort((a, b) => a.rate - b.rate);
    const best = tried.reduce((a, b) => (b.auc > a.auc ? b : a));
    expect(rates[arm]).toBe(best.rate);
    // Two rates are given; the best of more is between others, unless three more were tried in vain.
    expect(tried.length === 5 || ![tried[0], tried.at(-1)].includes(best)).toBe(true);
  }
  expect(begun[1]![0]).toBe(begun[0]!.at(-1));
});

test("the claim holds only where the ratio is lower than of D and of F and nothing else is worse", () => {
  const of = (ratio: number, auc: number): Scores[] =>
    [0, 0.001, 0.002].map((noise) => ({
      ...{ ratio: ratio + noise, auc, hitRate: 0.5, accuracy: 0.5, ratios: {}, accuracies: {} },
      ...{ different: 1, effectiveDimension: 9 },
    }));
  const others = { A: of(0.9, 0.8), B: of(0.9, 0.8), C: of(0.9, 0.8), D: of(0.8, 0.8) };
  const judge = (e: Scores[], f: Scores[]): string => verdict(comparisons({ ...others, E: e, F: f })).outcome;
  expect(judge(of(0.6, 0.8), of(0.7, 0.8))).toBe("holds");
  expect(judge(of(0.6, 0.7), of(0.7, 0.8))).toBe("fails");
  expect(judge(of(0.75, 0.8), of(0.7, 0.8))).toBe("fails");
  expect(judge(of(0.7, 0.8), of(0.7, 0.8))).toBe("undecided");
  expect(judge(of(0.6, 0.8).slice(0, 1), of(0.7, 0.8))).toBe("undecided");
});

test("titles are found whole, without what is in brackets, or in part", () => {
  const titles = ["Game Wars", "Peeps (novel)", "The Warriors"];
  expect(booksNamed(titles, " peeps ")).toEqual([1]);
  expect(booksNamed(titles, "war")).toEqual([0, 2]);
  expect(booksNamed(titles, "War and Peace")).toEqual([]);
});

test("without the books the lab says what is missing", async () => {
  const data = process.env["VICINAL_DATA"];
  delete process.env["VICINAL_DATA"];
  try {
    const run = runBooksLab({ dataDir: folder, out: join(folder, "none"), quick: true });
    await expect(run).rejects.toMatchObject({ code: "DATASET_MISSING" });
  } finally {
    if (data !== undefined) process.env["VICINAL_DATA"] = data;
  }
});

const published = process.env["VICINAL_DATA"];
describe.skipIf(published === undefined)("on the published books (skipped without VICINAL_DATA)", () => {
  test("the clean-up keeps the books and links that were counted", async () => {
    const articles = await loadArticles();
    const all = bookSet(articles, "all");
    expect([articles.length, all.titles.length, all.links.length, all.pairs.length]).toEqual([
      1129, 1125, 2024, 10_478,
    ]);
    const unlabelled = bookSet(articles, "unlabelled");
    expect(unlabelled.links.some((link) => link.startsWith("category:"))).toBe(false);
    expect(unlabelled.titles.length).toBeGreaterThan(1000);
  });

  test("goodbooks has the readers, books, genres and languages that were counted", async () => {
    const reading = await loadReading();
    expect([reading.books.length, reading.readers.length]).toEqual([10_000, 3000]);
    const set = readSet(reading, { readers: 1000, seed: 1 });
    expect([set.titles.length, set.links.length, set.pairs.length]).toEqual([2391, 1000, 85_948]);
    const languages = set.properties.language.filter((code) => code !== "");
    expect([languages.length, languages.filter((code) => code === "eng").length]).toEqual([2264, 2247]);
    expect(set.properties.genre.filter((genre) => genre === "").length).toBeLessThan(24);
  });

  test("a quick run writes its report, has books near a few others, and claims nothing from one seed", async () => {
    const out = join(folder, "out");
    const { results, report } = await runBooksLab({ out, set: "wikipedia", quick: true });
    expect(results.findings.map(({ set, condition }) => [set, condition])).toEqual([
      ["wikipedia", "all"],
      ["wikipedia", "unlabelled"],
    ]);
    const [{ scores, verdict: said }] = results.findings as [(typeof results.findings)[0]];
    expect(said.outcome).toBe("undecided");
    // Smoothing lowers the ratio by itself: why arm F is there.
    expect(scores.F[0]!.ratio).toBeLessThan(scores.A[0]!.ratio);
    for (const arm of ["A", "E"] as const) expect(scores[arm][0]!.auc).toBeGreaterThan(0.65);
    expect(results.answers).toHaveLength(5);
    for (const { title, nearest } of results.answers) {
      for (const near of Object.values(nearest)) expect(near.map((one) => one.title)).not.toContain(title);
    }
    expect(await readFile(report, "utf8")).toContain("Books with and without their neighbours");
  }, 60_000);
});
