import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readVectorFile } from "../../src/data/index.ts";
import { type EmojiSet, loadEmoji } from "../../src/labs/emoji/dataset.ts";
import { distanceFunction } from "../../src/metrics/index.ts";
import { type App, createApp } from "../../src/server/index.ts";
import type {
  JobStarted,
  NeighboursAnswer,
  Problem,
  SetDetails,
  SetList,
} from "../../src/server/protocol.ts";

let app: App;
let fresh: App;
let emoji: EmojiSet;
let cacheDir = "";
beforeAll(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), "vicinal-sets-"));
  app = await createApp({ webFiles: new Map(), dataDir: "/nowhere" });
  // What is made of rows is made anew: only pictures are taken as they were drawn before.
  fresh = await createApp({ webFiles: new Map(), dataDir: "/nowhere", cacheDir });
  emoji = await loadEmoji({ styles: ["twemoji"] });
});
afterAll(async () => {
  await Promise.all([app.close(), fresh.close()]);
  rmSync(cacheDir, { recursive: true, force: true });
});

async function json<T>(path: string): Promise<T> {
  const answer = await app.request(path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

async function bytes(path: string): Promise<Uint8Array> {
  const answer = await app.request(path);
  expect(answer.status, path).toBe(200);
  const body = new Uint8Array(await answer.arrayBuffer());
  const length = answer.headers.get("content-length");
  if (length !== null) expect(body.length).toBe(Number(length));
  return body;
}

describe("the list of sets", () => {
  test("counts those at hand and says of others why they are not and what to do", async () => {
    const { sets } = await json<SetList>("/api/sets/index.json");
    const named = Object.fromEntries(sets.map((set) => [set.name, set]));
    expect(sets[0]!.name).toBe("emoji");
    expect(named["emoji-twemoji"]).toMatchObject({ kind: "pictures", count: emoji.drawings.length });
    expect(named["emoji-twemoji"]!.missing).toBeUndefined();
    const fashion = named["fashion-mnist"]!;
    if (fashion.missing === undefined) expect(fashion.count).toBeGreaterThan(60_000);
    else expect(fashion).toMatchObject({ count: 0, missing: expect.stringContaining("vicinal data get") });
  });
});

describe("a set of pictures", () => {
  test("has a title and a value of every property for each row", async () => {
    const set = await json<SetDetails>("/api/sets/emoji-twemoji/set.json");
    expect(set.titles).toEqual(emoji.drawings.map(({ name }) => name.replaceAll("-", " ")));
    const group = set.properties.find(({ name }) => name === "group")!;
    expect(group.of.map((value) => group.values[value])).toEqual(emoji.drawings.map((d) => d.group));
    const same = set.properties.find(({ name }) => name === "emoji")!;
    for (const [i, a] of emoji.drawings.entries()) {
      const j = (i * 7) % emoji.drawings.length;
      expect(same.of[i] === same.of[j]).toBe(a.identity === emoji.drawings[j]!.identity);
    }
    expect(set.credits[0]).toContain("Twitter");
  });

  test("shows every picture in its place on its sheet", async () => {
    const { sheets, count } = await json<SetDetails>("/api/sets/emoji-twemoji/set.json");
    const { side, columns, perSheet } = sheets!;
    const last = Math.ceil(count / perSheet) - 1;
    for (const sheet of [0, last]) {
      const png = await bytes(`/api/sets/emoji-twemoji/sheets/${sheet}.png`);
      const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.channels]).toEqual([columns * side, 3]);
      for (const i of [0, 17, Math.min(perSheet, count - sheet * perSheet) - 1]) {
        const row = sheet * perSheet + i;
        for (let y = 0; y < side; y++) {
          const at = ((Math.floor(i / columns) * side + y) * info.width + (i % columns) * side) * 3;
          const from = (row * side + y) * side * 3;
          expect(Array.from(data.subarray(at, at + side * 3))).toEqual(
            Array.from(emoji.pixels.subarray(from, from + side * 3)),
          );
        }
      }
    }
    expect((await app.request(`/api/sets/emoji-twemoji/sheets/${last + 1}.png`)).status).toBe(404);
  });

  test("gives its pixels as bytes: each the mean of the pixels it covers", async () => {
    const { data, dtype } = await readVectorFile(await bytes("/api/sets/emoji-twemoji/features/pixels.npy"), {
      format: "npy",
    });
    expect([dtype, data.rows, data.cols]).toEqual(["u8", emoji.drawings.length, 16 * 16 * 3]);
    for (const row of [0, 500, data.rows - 1]) {
      for (const [x, y, c] of [
        [0, 0, 0],
        [5, 9, 1],
        [15, 15, 2],
      ] as const) {
        let sum = 0;
        for (const dx of [0, 1]) {
          for (const dy of [0, 1]) {
            sum += emoji.pixels[((row * 32 + 2 * y + dy) * 32 + 2 * x + dx) * 3 + c]!;
          }
        }
        expect(data.data[row * data.cols + (y * 16 + x) * 3 + c]).toBe(Math.round(sum / 4));
      }
    }
  });
});

test("names that are none of ours are not found, however they are spelled", async () => {
  for (const path of [
    "/api/sets/none/set.json",
    "/api/sets/..%2f..%2fetc/set.json",
    "/api/sets/emoji-twemoji/features/..%2fpasswd.npy",
    "/api/sets/emoji-twemoji/sheets/-1.png",
    "/api/sets/emoji-twemoji/sheets/99999999999999999999.png",
    "/api/sets/emoji-twemoji/maps/none.umap.npy",
  ]) {
    const answer = await app.request(path);
    expect(answer.status, path).toBe(404);
    expect(((await answer.json()) as Problem).code, path).toBe("NOT_FOUND");
  }
});

const data = process.env["VICINAL_DATA"];
describe.skipIf(data === undefined || !existsSync(join(data, "fashion-mnist")))(
  "Fashion-MNIST (skipped where VICINAL_DATA has none)",
  () => {
    test("holds the training pictures, then those to test, with their classes", async () => {
      const own = await createApp({ webFiles: new Map(), dataDir: data! });
      const set = (await (await own.request("/api/sets/fashion-mnist/set.json")).json()) as SetDetails;
      const [classes, part] = [set.properties[0]!, set.properties[1]!];
      expect(set.count).toBeGreaterThan(68_000);
      expect([classes.of.length, part.of.length]).toEqual([set.count, set.count]);
      expect(part.of.indexOf(1)).toBe(60_000);
      expect(classes.values[classes.of[0]!]).toBe("Ankle boot");
      const png = await (await own.request("/api/sets/fashion-mnist/sheets/0.png")).arrayBuffer();
      expect(await sharp(png).metadata()).toMatchObject({ width: 16 * 28, height: 16 * 28, channels: 1 });
    }, 30_000);
  },
);

/** Asks until it is answered and not only begun. */
async function settled(path: string, init?: RequestInit, from: App = app): Promise<Response> {
  for (;;) {
    const answer = await from.request(path, init);
    if (answer.status !== 202) return answer;
    const { job } = (await answer.json()) as JobStarted;
    const outcome = await from.jobs.outcome(job);
    expect(outcome.event, JSON.stringify(outcome.data)).toBe("result");
  }
}

const neighboursPath = "/api/sets/emoji-twemoji/neighbours";
const JSON_TYPE = { "content-type": "application/json" };
const posted = (body: object): RequestInit => ({
  method: "POST",
  headers: JSON_TYPE,
  body: JSON.stringify(body),
});

async function neighbours(body: object): Promise<NeighboursAnswer> {
  const answer = await settled(neighboursPath, posted(body));
  expect(answer.status).toBe(200);
  return (await answer.json()) as NeighboursAnswer;
}

/** Distances from one row to all others by their definition, over the bytes that the server gives. */
async function distancesFrom(query: ArrayLike<number>, metric: "l2" | "l1" | "cosine"): Promise<number[]> {
  const file = await bytes("/api/sets/emoji-twemoji/features/pixels.npy");
  const { data: all } = await readVectorFile(file, { format: "npy" });
  const distance = distanceFunction(metric);
  return Array.from({ length: all.rows }, (_, i) =>
    distance(
      Float64Array.from(query),
      Float64Array.from(all.data.subarray(i * all.cols, (i + 1) * all.cols)),
    ),
  );
}

async function rowOf(row: number): Promise<number[]> {
  const file = await bytes("/api/sets/emoji-twemoji/features/pixels.npy");
  const { data: all } = await readVectorFile(file, { format: "npy" });
  return Array.from(all.data.subarray(row * all.cols, (row + 1) * all.cols));
}

describe("neighbours", () => {
  const common = { feature: "pixels", k: 10 };
  test("exact ones are those of brute force under each metric, without the row that is asked", async () => {
    for (const metric of ["l2", "l1", "cosine"] as const) {
      const { exact, approximate, recall, built } = await neighbours({
        ...common,
        ...{ metric, index: "Flat", row: 77 },
      });
      const all = await distancesFrom(await rowOf(77), metric);
      const order = [...all.keys()].filter((i) => i !== 77).sort((a, b) => all[a]! - all[b]!);
      expect(exact.rows.length).toBe(10);
      for (const [i, row] of order.slice(0, 10).entries()) {
        expect(exact.distances[i]!).toBeCloseTo(all[row]!, metric === "cosine" ? 5 : 2);
      }
      expect(exact.rows).not.toContain(77);
      expect(approximate.rows).toEqual(exact.rows);
      expect(recall).toBe(1);
      expect([built.spec, built.bytes > 1e6, exact.milliseconds > 0]).toEqual(["Flat", true, true]);
    }
  });

  test("recall is the share of exact ones within the farthest exact distance", async () => {
    const all = await distancesFrom(await rowOf(300), "l2");
    const narrow = { ...common, metric: "l2", index: "RPForest2", params: { searchK: 30 } };
    const { exact, approximate, recall, built } = await neighbours({ ...narrow, row: 300 });
    const far = all[exact.rows[9]!]!;
    const hits = approximate.rows.filter((row) => all[row]! <= far + 1e-4).length;
    expect(recall).toBeCloseTo(hits / 10, 10);
    expect(recall).toBeLessThan(1);
    expect(built.seconds).toBeGreaterThan(0);
  });

  test("of a vector, and of a picture that is embedded, are those of the row they are of", async () => {
    const row = 42;
    const bySide = 32 * 32 * 3;
    const pixels = Array.from(emoji.pixels.subarray(row * bySide, (row + 1) * bySide));
    const asked = { ...common, metric: "l2", index: "HNSW16" };
    const byVector = await neighbours({ ...asked, vector: await rowOf(row) });
    const byPixels = await neighbours({ ...asked, pixels });
    const byRow = await neighbours({ ...asked, row });
    expect(byVector.exact.rows[0]).toBe(row);
    expect(byVector.exact.rows.slice(1)).toEqual(byRow.exact.rows.slice(0, 9));
    expect(byPixels.exact.rows[0]).toBe(row);
  });

  test("what is not of the form, or names what is not there, is refused and says what would be right", async () => {
    const sound = { ...common, metric: "l2", index: "Flat", row: 1 };
    const refused = async (body: object | string): Promise<[number, string]> => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const init = { method: "POST", headers: JSON_TYPE, body: text };
      const answer = await app.request(neighboursPath, init);
      return [answer.status, ((await answer.json()) as Problem).code];
    };
    const plain = { method: "POST", body: JSON.stringify(sound) };
    expect((await app.request(neighboursPath, plain)).status).toBe(415);
    expect(await refused("{")).toEqual([400, "BAD_JSON"]);
    expect(await refused({})).toEqual([400, "BAD_INPUT"]);
    expect(await refused({ ...sound, path: "/etc/passwd" })).toEqual([400, "BAD_INPUT"]);
    expect(await refused({ ...sound, k: 0 })).toEqual([400, "BAD_INPUT"]);
    expect(await refused({ ...sound, row: 5000 })).toEqual([400, "OPTION_RANGE"]);
    expect(await refused({ ...sound, vector: [1] })).toEqual([400, "BAD_INPUT"]);
    expect(await refused({ ...sound, row: undefined, vector: [1] })).toEqual([400, "DIM_MISMATCH"]);
    expect(await refused({ ...sound, feature: "none" })).toEqual([400, "OPTION_RANGE"]);
    expect(await refused({ ...sound, metric: "hamming" })).toEqual([400, "OPTION_RANGE"]);
    expect(await refused({ ...sound, index: "Sort" })).toEqual([400, "SPEC_SYNTAX"]);
    expect(await refused({ ...sound, metric: "l1", index: "ScaNN64" })).toEqual([400, "UNSUPPORTED"]);
    for (const params of [{ nprobe: 3 }, { maxDistance: 1 }, { k: 3 }]) {
      expect(await refused({ ...sound, params })).toEqual([400, "OPTION_UNKNOWN"]);
    }
  });
});

describe("maps", () => {
  test("by principal components keep to the two directions of most variance", async () => {
    const answer = await settled("/api/sets/emoji-twemoji/maps/pixels.pca.npy", {}, fresh);
    const { data: map } = await readVectorFile(new Uint8Array(await answer.arrayBuffer()), { format: "npy" });
    expect([map.rows, map.cols]).toEqual([emoji.drawings.length, 2]);
    const varianceOf = (values: number[]): number => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    };
    const columns = [0, 1].map((c) => Array.from({ length: map.rows }, (_, i) => map.data[i * 2 + c]!));
    const along = columns.map(varianceOf);
    const file = await bytes("/api/sets/emoji-twemoji/features/pixels.npy");
    const { data: all } = await readVectorFile(file, { format: "npy" });
    const each = Array.from({ length: all.cols / 16 }, (_, c) =>
      varianceOf(Array.from({ length: all.rows }, (_, i) => all.data[i * all.cols + 16 * c]!)),
    );
    // More along each than in any single pixel, and the first the more.
    expect(along[0]!).toBeGreaterThan(along[1]!);
    expect(along[1]!).toBeGreaterThan(Math.max(...each));
    const covariance = columns[0]!.reduce((sum, x, i) => sum + x * columns[1]![i]!, 0) / map.rows;
    expect(Math.abs(covariance)).toBeLessThan(1e-3 * along[1]!);
  });
});

describe.skipIf(data === undefined || !existsSync(join(data, "words")))(
  "words (skipped where VICINAL_DATA has none)",
  () => {
    test("have a vector each, and neighbours that brute force finds", async () => {
      const own = await createApp({ webFiles: new Map(), dataDir: data! });
      try {
        const set = (await (await own.request("/api/sets/glove/set.json")).json()) as SetDetails;
        const file = await (await own.request("/api/sets/glove/features/vectors.npy")).arrayBuffer();
        const { data: all } = await readVectorFile(new Uint8Array(file), { format: "npy" });
        expect([set.kind, all.rows, all.cols]).toEqual(["words", set.count, 25]);
        const king = set.titles!.indexOf("king");
        const asked = { feature: "vectors", metric: "cosine", index: "Flat", k: 5, row: king };
        const answer = await settled("/api/sets/glove/neighbours", posted(asked), own);
        const { exact } = (await answer.json()) as NeighboursAnswer;
        const at = (i: number): Float64Array =>
          Float64Array.from(all.data.subarray(i * all.cols, (i + 1) * all.cols));
        const distance = distanceFunction("cosine");
        const distances = Array.from({ length: all.rows }, (_, i) => distance(at(king), at(i)));
        const order = [...distances.keys()].filter((i) => i !== king);
        order.sort((a, b) => distances[a]! - distances[b]!);
        expect(exact.rows).toEqual(order.slice(0, 5));
      } finally {
        await own.close();
      }
    }, 30_000);
  },
);
