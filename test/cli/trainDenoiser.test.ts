import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import { encodePng } from "../../src/labs/report/png.ts";
import { document, ensureBuilt, interrupted, refused, runner, workFolder } from "./support.ts";

const folder = workFolder();
const run = runner(folder);
const at = (name: string): string => join(folder, name);

/** Stripes and blocks, in colours that are one grey. */
function scene(side: number, seed: number): Uint8Array {
  const rng = createRng(seed, "scene");
  const [a, b] = [3 + rng.below(4), 4 + rng.below(5)];
  const pixels = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    const [y, x] = [Math.floor(i / side), i % side];
    pixels.fill(60 + 80 * (Math.floor(x / a) % 2) + 60 * (Math.floor((x + y) / b) % 2), 3 * i, 3 * i + 3);
  }
  return pixels;
}

beforeAll(() => {
  ensureBuilt();
  mkdirSync(at("pictures/more"), { recursive: true });
  for (let i = 0; i < 6; i++) {
    writeFileSync(at(`pictures/${i < 3 ? "" : "more/"}${i}.png`), encodePng(scene(32, i), 32, 32));
  }
  mkdirSync(at("empty"));
  writeFileSync(at("new.png"), encodePng(scene(40, 9), 40, 40));
}, 300_000);

interface Trained {
  steps: number;
  parameters: number;
  validation: { pictures: number; noisy: number; denoised: number };
}
const small = ["--input", "pictures", "--sigma", "40", "--width", "6", "--crop", "16", "--seed", "2"];

describe("train-denoiser", () => {
  test.each(["n3net", "dncnn"])(
    "makes a file by which denoise --model %s takes noise off a new picture",
    async (model) => {
      const out = `${model}.safetensors`;
      const args = [...small, "--model", model, "--depth", "3", "--steps", "150", "--validation", "0.2"];
      const outcome = await run([
        "train-denoiser",
        ...args,
        "--learning-rate",
        "0.01",
        "--out",
        out,
        "--json",
      ]);
      const made = document<Trained>(outcome, "trainDenoiser");
      expect(made).toMatchObject({ out, model, sigma: 40, width: 6, depth: 3, pictures: 6, steps: 150 });
      expect(made.validation.pictures).toBe(1);
      expect(made.validation.denoised).toBeGreaterThan(made.validation.noisy + 2);
      expect(existsSync(at(`${out}.checkpoint`))).toBe(false);
      const weights = ["--model", model, "--weights", out, "--sigma", "40"];
      const noise = ["--noise", "40", "--seed", "5", "--out", "clear.png", "--json"];
      const { noisy, denoised } = document<Record<"noisy" | "denoised", { psnr: number }>>(
        await run(["denoise", "new.png", ...weights, ...noise]),
        "denoise",
      );
      expect(denoised.psnr).toBeGreaterThan(noisy.psnr + 2);
      refused(await run(["denoise", "new.png", ...weights.with(-1, "25"), ...noise]), "OPTION_RANGE");
    },
    180_000,
  );

  test("a run stopped by Ctrl-C and taken up writes the bytes of one that was not, with any number of threads", async () => {
    const args = ["train-denoiser", ...small, "--depth", "3", "--steps", "120", "--checkpoint-every", "10"];
    await run([...args, "--out", "whole.safetensors", "--threads", "2"]);
    const parts = [...args, "--out", "parts.safetensors"];
    expect(await interrupted(folder, parts, at("parts.safetensors.checkpoint"))).not.toBe(0);
    expect(existsSync(at("parts.safetensors"))).toBe(false);
    const other = parts.with(parts.indexOf("--crop") + 1, "18");
    refused(await run([...other, "--resume"]), "BAD_INPUT");
    const made = document<Trained & { resumed: boolean }>(
      await run([...parts, "--resume", "--json"]),
      "trainDenoiser",
    );
    expect(made).toMatchObject({ resumed: true, steps: 120 });
    expect(readFileSync(at("parts.safetensors"))).toEqual(readFileSync(at("whole.safetensors")));
  }, 180_000);

  test("what it cannot use is refused by its code, and no file is written", async () => {
    const tries: [string, Partial<Record<string, string>>][] = [
      ["FILE", { "--input": "none" }],
      ["BAD_INPUT", { "--input": "empty" }],
      ["BAD_INPUT", { "--crop": "33" }],
      ["OPTION_RANGE", { "--sigma": "0" }],
      ["OPTION_RANGE", { "--model": "unet" }],
      ["OPTION_RANGE", { "--validation": "1" }],
      ["OPTION_RANGE", { "--learning-rate": "0" }],
      ["FILE", { "--out": "no/where.safetensors" }],
    ];
    const good = { "--input": "pictures", "--sigma": "40", "--out": "never.safetensors", "--steps": "5" };
    for (const [code, changed] of tries) {
      const args = Object.entries({ ...good, ...changed }) as [string, string][];
      refused(await run(["train-denoiser", ...args.flat(), "--json"]), code);
    }
    refused(await run(["train-denoiser", "--input", "pictures", "--out", "never.safetensors"]), "USAGE");
    const resumed = ["--input", "pictures", "--sigma", "40", "--out", "never.safetensors", "--resume"];
    refused(await run(["train-denoiser", ...resumed]), "FILE");
    expect(existsSync(at("never.safetensors"))).toBe(false);
  }, 180_000);
});
