import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scorePlaces } from "../../src/evaluate/index.ts";
import { delimited } from "../../src/labs/delimited.ts";
import { runMusicLab } from "../../src/labs/music/lab.ts";
import { bootstrap, holdOut, placesOf } from "../../src/labs/music/protocol.ts";
import { loadMusicSet } from "../../src/labs/music/sets.ts";
import { textOf } from "../../src/labs/textFiles.ts";
import { ImplicitALS, ItemKnn, type ItemScorer, Popularity, rowOf } from "../../src/learn/index.ts";
import { tastes } from "../helpers/tastes.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-music-"));
  const lastfm = join(folder, "lastfm");
  const films = join(folder, "movielens");
  await mkdir(lastfm);
  await mkdir(films);
  const x = tastes(120, 60, 3, 18);
  const plays: string[] = [];
  const ratings: string[] = ["userId,movieId,rating,timestamp"];
  for (let u = 0; u < x.users; u++) {
    const { items, values } = rowOf(x, u);
    items.forEach((item, e) => {
      plays.push(`${u}\t${100 + item}\t${values[e]}`);
      ratings.push(`${u},${item},${item % 7 === 0 ? 3.5 : 4.5},0`);
    });
  }
  const artists = Array.from({ length: 60 }, (_, i) => `${100 + i}\tArtíst ${i}\thttp://x\t`);
  const names = Array.from({ length: 60 }, (_, i) => `${i},"Film ${i}, The (2000)",Drama`);
  await writeFile(join(lastfm, "user_artists.dat"), `${plays.join("\r\n")}\r\n`);
  // As older copies have it: not UTF-8.
  await writeFile(
    join(lastfm, "artists.dat"),
    Buffer.from(`id\tname\turl\tpictureURL\n${artists.join("\n")}\n`, "latin1"),
  );
  await writeFile(join(films, "ratings.csv"), `${ratings.join("\n")}\n`);
  await writeFile(join(films, "movies.csv"), `movieId,title,genres\r\n${names.join("\r\n")}\r\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs without the data folder of the environment. */
async function alone<T>(run: () => Promise<T>): Promise<T> {
  const data = process.env["VICINAL_DATA"];
  delete process.env["VICINAL_DATA"];
  try {
    return await run();
  } finally {
    if (data !== undefined) process.env["VICINAL_DATA"] = data;
  }
}

test("names are read as UTF-8 or as ISO-8859-1, fields in quotes whole", () => {
  expect(textOf(Buffer.from("Sigur Rós", "utf8"))).toBe("Sigur Rós");
  expect(textOf(Buffer.from("Sigur Rós", "latin1"))).toBe("Sigur Rós");
  expect(delimited('a,"b, ""c""",\r\n"x\ny",2,3\n', ",")).toEqual([
    ["a", 'b, "c"', ""],
    ["x\ny", "2", "3"],
  ]);
  for (const quoted of ['"a"', "a"]) {
    expect(delimited(`${quoted},b\n\n2,`, ",")).toEqual([
      ["a", "b"],
      ["2", ""],
    ]);
  }
  expect(delimited("a\tb \r\nc\t\n", "\t")).toEqual([
    ["a", "b "],
    ["c", ""],
  ]);
});

test("held-out items are the user's own, each once, and are gone from what is learned from", () => {
  const x = tastes(30, 40, 3, 14);
  const { validations, tests } = holdOut(x, 2, 3, 5);
  for (let u = 0; u < 30; u++) {
    const own = [...rowOf(x, u).items];
    const held = [...validations, ...tests].map(({ items }) => items[u]!);
    expect(new Set(held).size).toBe(5);
    for (const item of held) expect(own).toContain(item);
    for (const { train } of validations) {
      expect([...rowOf(train, u).items]).toEqual(own.filter((item) => !held.includes(item)));
    }
    for (const { train, items } of tests) {
      expect([...rowOf(train, u).items]).toEqual(own.filter((item) => item !== items[u]));
    }
  }
  expect(holdOut(x, 2, 3, 5).tests[2]!.items).toEqual(tests[2]!.items);
});

test("the interval of a mean is that of the normal approximation", () => {
  const hits = Float64Array.from({ length: 2000 }, (_, i) => (i % 5 === 0 ? 1 : 0));
  const { mean, low, high } = bootstrap(hits, 1);
  const half = 1.96 * Math.sqrt((0.2 * 0.8) / 2000);
  expect(mean).toBeCloseTo(0.2, 12);
  expect(low).toBeCloseTo(0.2 - half, 2);
  expect(high).toBeCloseTo(0.2 + half, 2);
});

test("planted tastes are found: factors beat popularity, similar items share a taste, and the report is written", async () => {
  const out = join(folder, "out");
  const lines: string[] = [];
  const options = { dataDir: folder, out, quick: true, log: (line: string) => lines.push(line) };
  const { results, report } = await alone(() => runMusicLab(options));
  expect(results.sets.map(({ name }) => name)).toEqual(["lastfm", "movielens"]);
  for (const set of results.sets) {
    const versus = set.versus.find(({ name, against }) => name === "ALS" && against === "popularity")!;
    expect(versus.hitRate.low).toBeGreaterThan(0);
    expect(set.products[0]).toMatchObject({ index: "Flat", recall: 1 });
    const of = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 0) % 3;
    for (const { name, nearest } of set.similar.rows) {
      expect(nearest.filter((near) => of(near.name) === of(name)).length).toBeGreaterThan(7);
    }
  }
  // A film in seven is rated below 4 and left out.
  expect(results.sets[1]!.items).toBeLessThan(60);
  const html = await readFile(report, "utf8");
  expect(html).toContain("Artists alike, by cosine");
  expect(html).toContain("Artíst");
  expect(lines.join("\n")).toContain("is best");
});

test("without any of the sets the lab says what is missing", async () => {
  const empty = join(folder, "empty");
  await mkdir(empty);
  const run = (): Promise<unknown> => runMusicLab({ dataDir: empty, out: join(folder, "none"), quick: true });
  await expect(alone(run)).rejects.toMatchObject({ code: "DATASET_MISSING" });
});

const data = process.env["VICINAL_DATA"];
describe.skipIf(data === undefined)("on the published sets (skipped without VICINAL_DATA)", () => {
  test("artists of the lecture are there, and accents are right", async () => {
    const set = await loadMusicSet("lastfm");
    for (const name of set.shown) expect(set.names).toContain(name);
    for (const name of ["Björk", "Sigur Rós", "Beyoncé", "浜崎あゆみ"]) expect(set.names).toContain(name);
    for (const name of set.persons.flat()) expect(set.names).toContain(name);
    expect([set.x.users, set.x.items]).toEqual([1831, 2789]);
  });

  test("factors place held-out artists above item neighbours, and those above popularity", async () => {
    const { x } = await loadMusicSet("lastfm");
    const held = holdOut(x, 1, 1, 1).tests[0]!;
    const ndcg = async (model: ItemScorer): Promise<number> =>
      scorePlaces(await placesOf(model, held), 10).ndcg;
    const [popularity, neighbours, factors] = [
      await ndcg(new Popularity().fit(held.train)),
      await ndcg(new ItemKnn({ neighbors: 200, weighting: "relative" }).fit(held.train)),
      await ndcg(
        new ImplicitALS({
          ...{ factors: 64, weighting: "relative", alpha: 15, regularization: 25, iterations: 6 },
        }).fit(held.train),
      ),
    ] as const;
    expect(neighbours).toBeGreaterThan(2 * popularity);
    expect(factors).toBeGreaterThan(1.05 * neighbours);
  }, 30_000);

  test("films and books have their names", async () => {
    const films = await loadMusicSet("movielens");
    for (const name of [...films.shown, ...films.persons.flat()]) expect(films.names).toContain(name);
    const books = await loadMusicSet("goodbooks");
    for (const name of [...books.shown, ...books.persons.flat()]) expect(books.names).toContain(name);
  });
});
