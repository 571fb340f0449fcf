import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, createApp } from "../../src/server/index.ts";
import { wavesAndEdges } from "../../src/server/pictures/samples.ts";
import type { PictureList } from "../../src/server/protocol.ts";

let app: App;
beforeAll(async () => {
  app = await createApp({ webFiles: new Map(), dataDir: "/nowhere" });
});
afterAll(() => app.close());

const listOf = async (from: App): Promise<PictureList["pictures"]> =>
  ((await (await from.request("/api/pictures/index.json")).json()) as PictureList).pictures;

test("every picture listed is a grey one of 256 × 256 that is not empty", async () => {
  const pictures = (await listOf(app)).filter(({ name }) => !name.startsWith("set12"));
  expect(pictures.length).toBeGreaterThanOrEqual(4);
  for (const { name, title } of pictures) {
    const answer = await app.request(`/api/pictures/${name}.png`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"]);
    const png = sharp(await answer.arrayBuffer());
    expect(await png.metadata(), title).toMatchObject({ width: 256, height: 256, channels: 1 });
    const data = await png.toColourspace("b-w").raw().toBuffer();
    expect(new Set(data).size, title).toBeGreaterThan(20);
    if (name === "waves-and-edges") expect(new Uint8Array(data)).toEqual(wavesAndEdges(256));
  }
});

test("names that are not listed are not found", async () => {
  for (const name of ["none", "..%2f..%2fetc%2fpasswd", "set12-99", "set12-01%00"]) {
    expect((await app.request(`/api/pictures/${name}.png`)).status, name).toBe(404);
  }
});

const set12 = join(process.env["VICINAL_DATA"] ?? "/nowhere", "denoise", "Set12");
test.skipIf(!existsSync(set12))(
  "pictures of Set12 are its files (skipped where VICINAL_DATA has none)",
  async () => {
    const own = await createApp({ webFiles: new Map(), dataDir: process.env["VICINAL_DATA"]! });
    try {
      expect((await listOf(own)).filter(({ name }) => name.startsWith("set12")).length).toBe(12);
      const bytes = await (await own.request("/api/pictures/set12-03.png")).arrayBuffer();
      expect(new Uint8Array(bytes)).toEqual(new Uint8Array(await readFile(join(set12, "03.png"))));
    } finally {
      await own.close();
    }
  },
);
