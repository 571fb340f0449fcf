import { existsSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { readVectorFile } from "../../src/data/index.ts";
import { type EmojiSet, loadEmoji } from "../../src/labs/emoji/dataset.ts";
import { type App, createApp } from "../../src/server/index.ts";
import type { Problem, SetDetails, SetList } from "../../src/server/protocol.ts";

let app: App;
let emoji: EmojiSet;
beforeAll(async () => {
  app = await createApp({ webFiles: new Map(), dataDir: "/nowhere" });
  emoji = await loadEmoji({ styles: ["twemoji"] });
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
