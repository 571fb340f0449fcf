import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createRng } from "../../src/core/rng.ts";
import { loadSnapshot, saveSnapshot } from "../../src/persist/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const KILLS = 12;
const BYTES = 3_000_000;

test(`a process killed at a random moment of saving leaves a whole file, ${KILLS} times`, async () => {
  await promisify(execFile)(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root });
  const folder = await mkdtemp(join(tmpdir(), "vicinal-kill-"));
  try {
    const path = join(folder, "index.vic");
    const script = join(folder, "save.mjs");
    const persist = pathToFileURL(join(root, "dist", "persist", "index.js")).href;
    await writeFile(
      script,
      `import { saveSnapshot } from ${JSON.stringify(persist)};
      for (let round = 1; ; round++) {
        const data = new Uint8Array(${BYTES}).fill(round);
        await saveSnapshot({ kind: "kill", facts: { round }, sections: [{ name: "a", dtype: "u8", data }] }, ${JSON.stringify(path)});
        if (round === 1) process.stdout.write("saved");
      }`,
    );
    const data = new Uint8Array(BYTES);
    await saveSnapshot(
      { kind: "kill", facts: { round: 0 }, sections: [{ name: "a", dtype: "u8", data }] },
      path,
    );
    const rng = createRng(21, "kill");
    for (let i = 0; i < KILLS; i++) {
      const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
      const gone = new Promise((resolve) => child.on("close", resolve));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await new Promise((resolve) => setTimeout(resolve, rng.below(60)));
      child.kill("SIGKILL");
      await gone;
      const { facts, sections } = await loadSnapshot(path);
      const round = facts["round"] as number;
      expect(round).toBeGreaterThan(0);
      expect(sections.get("a")!.every((byte) => byte === (round & 255))).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
