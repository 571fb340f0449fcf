import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { StartResults } from "../../src/labs/index.ts";
import { ensureBuilt, MAIN, workFolder } from "./support.ts";

beforeAll(ensureBuilt, 300_000);

const folder = workFolder();
const env = { XDG_CACHE_HOME: join(folder, "cache"), VICINAL_DATA: join(folder, "none") };

test("start --serve writes the report, tells where the app is, answers there, and ends when told to", async () => {
  const args = [MAIN, "start", "--quick", "--serve", "--port", "0", "--out", "first"];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  child.stderr.resume();
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const [, found] = /^Vicinal is at (http:\S+)/m.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.on("close", (code) => reject(new Error(`ended with ${code} before it served:\n${text}`)));
  });
  const results = JSON.parse(readFileSync(join(folder, "first", "results.json"), "utf8")) as StartResults;
  expect(text).toContain(join("first", "report.html"));
  expect(results.learned.kept).toBe(false);
  expect(await (await fetch(`${address}/healthz`)).json()).toEqual({ status: "ok" });
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
}, 600_000);
