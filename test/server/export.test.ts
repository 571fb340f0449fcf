import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readVectorFile } from "../../src/data/index.ts";
import { exportApp } from "../../src/server/exportApp.ts";
import { createApp } from "../../src/server/index.ts";
import type { SetDetails, SetList } from "../../src/server/protocol.ts";

const folder = mkdtempSync(join(tmpdir(), "vicinal-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const page = { bytes: new TextEncoder().encode("<!doctype html>"), type: "text/html", immutable: false };
const webFiles = new Map([["/index.html", page]]);

test("the folder has the app, and every file that a page asks for of its set, as the server has them", async () => {
  const out = join(folder, "site");
  const files = await exportApp(out, { webFiles, dataDir: "/nowhere" });
  expect(readFileSync(join(out, "index.html"), "utf8")).toBe("<!doctype html>");
  const json = <T>(path: string): T => JSON.parse(readFileSync(join(out, "api", path), "utf8")) as T;
  const { sets } = json<SetList>("sets/index.json");
  expect(sets.map(({ name }) => name)).toEqual(["emoji-twemoji"]);
  const set = json<SetDetails>("sets/emoji-twemoji/set.json");
  expect(set.features.every(({ toMake }) => toMake === undefined)).toBe(true);
  expect(set.features[0]).toMatchObject({ name: "pixels", dtype: "u8", pixels: { side: 16, channels: 3 } });
  const sheets = Math.ceil(set.count / set.sheets!.perSheet);
  const app = await createApp({ webFiles, dataDir: "/nowhere" });
  try {
    for (const path of [`sheets/${sheets - 1}.png`, "features/pixels.npy"]) {
      const answer = await app.request(`/api/sets/emoji-twemoji/${path}`);
      const want = Buffer.from(await answer.arrayBuffer());
      expect(readFileSync(join(out, "api", "sets", "emoji-twemoji", path)).equals(want), path).toBe(true);
    }
  } finally {
    await app.close();
  }
  for (const { name, maps } of set.features) {
    for (const method of maps) {
      const path = join(out, "api", "sets", "emoji-twemoji", "maps", `${name}.${method}.npy`);
      const { data } = await readVectorFile(readFileSync(path), { format: "npy" });
      expect([data.rows, data.cols]).toEqual([set.count, 2]);
    }
  }
  expect(existsSync(join(out, "healthz"))).toBe(false);
  expect(files).toBeGreaterThan(sheets + 5);
}, 240_000);

test("a folder that cannot be is refused with its path", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  await expect(exportApp(join(file, "below"), { webFiles })).rejects.toMatchObject({ code: "FILE" });
});
