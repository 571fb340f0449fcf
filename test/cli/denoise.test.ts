import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { addNoise, denoise, denoiseImage, loadDenoisingNetwork } from "../../src/apply/index.ts";
import { matrix } from "../../src/core/index.ts";
import { readImage, readVectorFile } from "../../src/data/index.ts";
import { psnr, ssim } from "../../src/evaluate/index.ts";
import { document, ensureBuilt, refused, runner, workFolder, writeNpy } from "./support.ts";

const folder = workFolder();
const run = runner(folder);
const at = (name: string): string => join(folder, name);
const network = fileURLToPath(new URL("../golden/denoisers.torch-1.13-dncnn.pt", import.meta.url));
const [width, height] = [37, 26];
const bytes = Uint8Array.from({ length: width * height }, (_, i) => {
  const [y, x] = [Math.floor(i / width), i % width];
  return 40 + 90 * (Math.floor((x + 2 * y) / 9) % 2) + (y > 12 ? 60 : 0);
});
const clean = Float32Array.from(bytes, (v) => v / 255);
const noisy = addNoise(clean, 25, 3);
const colour = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
  i % 4 === 3 ? (i * 7) % 256 : bytes[Math.floor(i / 4)]! - 10 * (i % 4),
);

beforeAll(async () => {
  ensureBuilt();
  await sharp(bytes, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toFile(at("clean.png"));
  await sharp(colour, { raw: { width, height, channels: 4 } })
    .png()
    .toFile(at("colour.png"));
  writeNpy(at("clean.npy"), "<f4", [height, width], clean);
  writeNpy(at("noisy.npy"), "<f4", [height, width], noisy);
  writeNpy(at("bytes.npy"), "|u1", [height, width], bytes);
  writeNpy(at("nan.npy"), "<f4", [2, 2], Float32Array.of(0, 1, Number.NaN, 0));
  writeNpy(at("deep.npy"), "<f4", [2, 2, 5], new Float32Array(20));
  writeNpy(at("four.npy"), "<f4", [1, 2, 2, 1], new Float32Array(4));
  writeFileSync(at("broken.png"), readFileSync(at("clean.png")).subarray(0, 60));
}, 300_000);

interface Quality {
  psnr: number | null;
  psnr8: number;
  ssim?: number;
}
interface Answer {
  model: string;
  channels: number;
  noise?: { sigma: number; seed: number };
  noisy?: Quality;
  denoised?: Quality;
  compare?: { picture: string; panels: string[]; models: { model: string; denoised?: Quality }[] };
}

async function ask(...args: string[]): Promise<Answer> {
  return document<Answer>(await run(["denoise", ...args, "--json"]), "denoise");
}
const floats = async (name: string): Promise<Float32Array> =>
  (await readVectorFile(at(name))).data.data as Float32Array;
const pixels = async (name: string): Promise<Uint8Array> => (await readImage(at(name))).data.slice();

describe("denoise", () => {
  test("writes what the library answers, float32 as it is, and measures against the clean picture", async () => {
    for (const model of ["bm3d", "nlm"] as const) {
      const want = denoise(matrix(noisy, width), { method: model, sigma: 25 });
      const plain = await ask("noisy.npy", "--model", model, "--sigma", "25", "--out", "out.npy");
      expect(await floats("out.npy")).toEqual(want.data);
      expect(plain).toMatchObject({ model, sigma: 25, width, height, channels: 1, out: "out.npy" });
      expect(plain.denoised).toBeUndefined();
      const args = ["noisy.npy", "--model", model, "--sigma", "25", "--clean", "clean.npy"];
      const measured = await ask(...args, "--out", "out.png", "--threads", "2");
      const truth = matrix(clean, width);
      expect(measured.noisy!.psnr).toBeCloseTo(psnr(noisy, clean), 9);
      expect(measured.denoised).toEqual({
        psnr: psnr(want.data, clean),
        psnr8: psnr(want.data, clean, { rounded: true }),
        ssim: ssim(want, truth),
      });
      const rounded = Uint8Array.from(want.data, (v) => Math.round(Math.min(Math.max(v, 0), 1) * 255));
      expect(await pixels("out.png")).toEqual(rounded);
    }
  }, 60_000);

  test("--noise adds the seed's noise, unclipped, to a picture that then counts as clean; without it none is added", async () => {
    const args = ["--model", "bm3d", "--sigma", "25", "--out", "out.npy"];
    const made = await ask("clean.png", ...args, "--noise", "25", "--seed", "3");
    expect(made.noise).toEqual({ sigma: 25, seed: 3 });
    expect(made.noisy!.psnr).toBeCloseTo(psnr(noisy, clean), 9);
    const out = await floats("out.npy");
    expect(out).toEqual(denoise(matrix(noisy, width), { method: "bm3d", sigma: 25 }).data);
    await ask("bytes.npy", ...args, "--noise", "25", "--seed", "3");
    expect(await floats("out.npy")).toEqual(out);
    await ask("noisy.npy", "--model", "nlm", "--sigma", "0", "--out", "same.npy");
    expect(await floats("same.npy")).toEqual(noisy);
    const exact = await ask(
      ...["clean.npy", "--model", "nlm", "--sigma", "0", "--noise", "0", "--out", "same.npy"],
    );
    expect(exact.noisy!.psnr).toBeNull();
  }, 60_000);

  test("--compare runs every model and writes the panels beside one another", async () => {
    const args = [
      "clean.png",
      "--model",
      "nlm",
      "--sigma",
      "25",
      "--noise",
      "25",
      "--seed",
      "3",
      "--compare",
    ];
    const { compare, denoised } = await ask(...args, "--out", "chosen.npy");
    expect(compare!.panels).toEqual(["clean", "noisy", "nlm", "bm3d"]);
    expect(compare!.models.find(({ model }) => model === "nlm")!.denoised).toEqual(denoised);
    expect(compare!.picture).toBe("chosen.compare.png");
    const image = await sharp(at("chosen.compare.png")).metadata();
    // Below each panel stand two lines of letters.
    expect([image.width, image.height]).toEqual([4 * width + 3 * 8, height + 24]);
    const panels = await pixels("chosen.compare.png");
    for (let y = 0; y < height; y++) {
      const from = y * (4 * width + 24);
      expect(panels.subarray(from, from + width)).toEqual(bytes.subarray(y * width, (y + 1) * width));
    }
    const words = panels.subarray(height * (4 * width + 24));
    for (const p of [0, 1, 2, 3]) {
      const dark = words.filter((v, i) => v === 0 && Math.floor((i % (4 * width + 24)) / (width + 8)) === p);
      expect(dark.length, compare!.panels[p]).toBeGreaterThan(40);
    }
    const { stdout, code } = await run(["denoise", ...args, "--out", "chosen.npy"]);
    expect(code).toBe(0);
    for (const word of ["(noisy)", "nlm", "bm3d", "PSNR", "SSIM", "chosen.compare.png"])
      expect(stdout).toContain(word);
  }, 60_000);

  test("colours keep their shape and alpha its values, in PNG and array files", async () => {
    const args = ["colour.png", "--model", "nlm", "--sigma", "10", "--noise", "10", "--clean", "colour.png"];
    const answer = await ask(...args, "--out", "colour.npy");
    expect(answer.channels).toBe(4);
    expect(answer.denoised!.psnr!).toBeGreaterThan(answer.noisy!.psnr!);
    const { rowShape, data } = await readVectorFile(at("colour.npy"));
    expect(rowShape).toEqual([width, 4]);
    const alpha = Array.from(data.data as Float32Array).filter((_, i) => i % 4 === 3);
    expect(alpha.map((v) => Math.round(v * 255))).toEqual([...colour].filter((_, i) => i % 4 === 3));
    await ask(...args, "--colour", "channels", "--out", "channels.npy");
    const each = await readVectorFile(at("channels.npy"));
    const image = { width, height, channels: 4, data: Float32Array.from(colour, (v) => v / 255) };
    const opaque = addNoise(
      image.data.filter((_, i) => i % 4 < 3),
      10,
      0,
    );
    const noisyColours = image.data.map((v, i) => (i % 4 < 3 ? opaque[Math.floor(i / 4) * 3 + (i % 4)]! : v));
    for (const [mode, file] of [
      ["luminance", data],
      ["channels", each.data],
    ] as const) {
      const options = { method: "nlm", sigma: 10, colour: mode } as const;
      const want = await denoiseImage({ ...image, data: noisyColours }, options);
      expect(file.data, mode).toEqual(want.data);
    }
    await ask("colour.npy", "--model", "nlm", "--sigma", "0", "--out", "again.png");
    const rounded = Uint8Array.from(data.data as Float32Array, (v) =>
      Math.round(Math.min(Math.max(v, 0), 1) * 255),
    );
    expect(await pixels("again.png")).toEqual(rounded);
  }, 60_000);

  test("a network from a file of PyTorch gives what the library does, and joins the comparison", async () => {
    const args = ["--model", "dncnn", "--weights", network, "--sigma", "25", "--clean", "clean.npy"];
    const answer = await ask("noisy.npy", ...args, "--compare", "--out", "learned.npy");
    const model = loadDenoisingNetwork(readFileSync(network));
    const want = denoise(matrix(noisy, width), { method: "dncnn", sigma: 25, network: model });
    expect(await floats("learned.npy")).toEqual(want.data);
    expect(answer.compare!.models.map((each) => each.model)).toEqual(["nlm", "bm3d", "dncnn"]);
  }, 60_000);

  test("what it cannot use is refused by its code, before any file is written", async () => {
    const good = { model: "nlm", sigma: "25", out: "never.png" };
    const tries: [string, string, Partial<typeof good>, ...string[]][] = [
      ["OPTION_RANGE", "clean.png", { sigma: "-1" }],
      ["OPTION_RANGE", "clean.png", {}, "--noise", "300"],
      ["OPTION_RANGE", "clean.png", { out: "never.gif" }],
      ["OPTION_RANGE", "clean.png", {}, "--colour", "hue"],
      ["USAGE", "clean.png", {}, "--weights", "some.pth"],
      ["USAGE", "clean.png", { model: "dncnn" }],
      ["FILE", "clean.png", { model: "dncnn" }, "--weights", "none.pth"],
      ["FORMAT_UNKNOWN", "clean.png", { model: "dncnn" }, "--weights", "clean.png"],
      ["BAD_INPUT", "clean.png", { model: "n3net" }, "--weights", network],
      ["FILE", "none.png", {}],
      ["FORMAT", "broken.png", {}],
      ["FORMAT_UNKNOWN", "labels.txt", {}],
      ["NOT_FINITE", "nan.npy", {}],
      ["BAD_INPUT", "deep.npy", {}],
      ["BAD_INPUT", "four.npy", {}],
      ["BAD_INPUT", "clean.png", {}, "--clean", "colour.png"],
      ["FILE", "clean.png", { out: "no/where.png" }],
    ];
    for (const [code, input, changed, ...more] of tries) {
      const { model, sigma, out } = { ...good, ...changed };
      const args = ["denoise", input, "--model", model, "--sigma", sigma, "--out", out, ...more];
      refused(await run([...args, "--json"]), code);
    }
    refused(await run(["denoise", "clean.png", "--model", "nlm", "--out", "never.png"]), "USAGE");
    const unknown = await run([
      "denoise",
      "clean.png",
      "--model",
      "unet",
      "--sigma",
      "25",
      "--out",
      "never.png",
    ]);
    refused(unknown, "OPTION_RANGE");
    expect(unknown.stderr).toContain("nlm, bm3d, dncnn, n3net");
    expect(existsSync(at("never.png"))).toBe(false);
  }, 120_000);
});
