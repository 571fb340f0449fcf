import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createRng, isVicinalError } from "../../src/core/index.ts";
import { checkpointFile } from "../../src/labs/checkpointFile.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const KILLS = 4;
const EVERY = 5;

/** A run of 400 steps that takes its checkpoint up, says each step it took, and at the end its weights. */
const script = (autodiff: string, labs: string): string => `
  import { adam, createLoader, createTape, layers, mean, square, train } from ${JSON.stringify(autodiff)};
  import { checkpointFile } from ${JSON.stringify(labs)};
  const tape = createTape();
  const model = layers.sequential([
    layers.dense(tape, { inputs: 6, outputs: 12, seed: 1 }),
    layers.dropout(tape, { rate: 0.2 }),
    layers.dense(tape, { inputs: 12, outputs: 1, seed: 2 }),
  ]);
  const file = checkpointFile(process.argv[2]);
  const resume = file.load();
  train({
    tape, model, optimiser: adam(model.parameters), epochs: 40,
    loader: createLoader({ rows: 100, batch: 10, seed: 3 }),
    loss: ({ rows, rng }) => {
      const x = Float32Array.from({ length: rows.length * 6 }, (_, i) => Math.sin(rows[Math.floor(i / 6)] * 6 + i % 6) + rng.normal());
      return mean(square(model.forward(tape.tensor(x, [rows.length, 6]))));
    },
    checkpoint: { every: ${EVERY}, save: file.save },
    onStep: ({ step }) => process.stdout.write(step + "\\n"),
    ...(resume === undefined ? {} : { resume }),
  });
  process.stdout.write(JSON.stringify(Object.values(model.parameters).map((p) => [...p.values()])) + "\\n");
`;

test(`a run killed ${KILLS} times goes on from its last checkpoint and ends with the bits of one never killed`, async () => {
  await promisify(execFile)(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root });
  const folder = await mkdtemp(join(tmpdir(), "vicinal-train-"));
  try {
    const program = join(folder, "train.mjs");
    const url = (path: string): string => pathToFileURL(join(root, "dist", path)).href;
    await writeFile(program, script(url("autodiff/index.js"), url("labs/checkpointFile.js")));
    const run = async (path: string, killAfter?: number): Promise<string[]> => {
      const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
        if (killAfter !== undefined && text.split("\n").length > killAfter) child.kill("SIGKILL");
      });
      await new Promise((resolve) => child.on("close", resolve));
      return text.trim().split("\n");
    };
    const whole = await run(join(folder, "whole"));
    expect(whole).toHaveLength(401);
    const rng = createRng(2, "kill");
    const path = join(folder, "killed");
    let reached = -1;
    for (let i = 0; i < KILLS; i++) {
      const lines = await run(path, 1 + rng.below(60));
      // Lost are at most the steps since the last checkpoint, and the one being taken.
      expect(Number(lines[0])).toBeGreaterThanOrEqual(reached - EVERY);
      expect(Number(lines[0])).toBeLessThanOrEqual(reached + EVERY + 1);
      reached = Number(lines.at(-1)?.startsWith("[") ? 399 : lines.at(-1));
    }
    const last = await run(path);
    expect(last.at(-1)).toBe(whole.at(-1));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp")).length).toBeLessThanOrEqual(KILLS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

test("a checkpoint that is not there is none; one that cannot be written is FILE", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vicinal-train-"));
  try {
    const file = checkpointFile(join(folder, "deep", "run.safetensors"));
    expect(file.load()).toBeUndefined();
    file.save(Uint8Array.of(1, 2, 3));
    expect([...file.load()!]).toEqual([1, 2, 3]);
    file.remove();
    expect(file.load()).toBeUndefined();
    await writeFile(join(folder, "plain"), "");
    try {
      checkpointFile(join(folder, "plain", "run")).save(Uint8Array.of(1));
      expect.unreachable();
    } catch (error) {
      expect(isVicinalError(error, "FILE")).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
