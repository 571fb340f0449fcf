import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, matrix } from "../../core/index.ts";
import { psnr } from "../../evaluate/index.ts";
import type { FloatImage } from "./colours.ts";
import { denoise, denoiseImage } from "./denoise.ts";
import { loadDenoisingNetwork } from "./networks/load.ts";
import { addNoise } from "./noise.ts";

const [width, height] = [64, 48];

/** Waves of light in colours that hardly change, as in photographs. */
function scene(channels: 3 | 4): FloatImage {
  const data = new Float32Array(width * height * channels);
  const hue = [1, 0.9, 0.8];
  for (let i = 0; i < width * height; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    const light = 0.4 + 0.15 * Math.sin((x * x + 2 * y) / 40) + 0.1 * Math.sin((x - 2 * y) / 3);
    for (let c = 0; c < 3; c++) data[i * channels + c] = light * hue[(c + Math.floor(y / 24)) % 3]!;
    if (channels === 4) data[i * 4 + 3] = (i % 10) / 10;
  }
  return { width, height, channels, data };
}

const noisy = (image: FloatImage, sigma: number): FloatImage => ({
  ...image,
  data: addNoise(image.data, sigma, 5),
});

const matrixOf = (values: ArrayLike<number>) => matrix(Float32Array.from(values), width);

describe("three colours", () => {
  test.each(["bm3d", "nlm"] as const)(
    "%s by luminance is that of (R + G + B)/√3, (R − B)/√2 and (R − 2G + B)/√6 around 1/2, turned back",
    async (method) => {
      const image = noisy(scene(3), 25);
      const pixel = (i: number): number[] => [...image.data.subarray(3 * i, 3 * i + 3)];
      const n = width * height;
      const of = (axis: (rgb: number[]) => number): Float32Array =>
        denoise(matrixOf(Array.from({ length: n }, (_, i) => axis(pixel(i)))), { method, sigma: 25 }).data;
      const centre = (1 - Math.sqrt(3)) / 2;
      const light = of(([r, g, b]) => (r! + g! + b!) / Math.sqrt(3) + centre).map((v) => v - centre);
      const across = of(([r, , b]) => (r! - b!) / Math.SQRT2 + 0.5).map((v) => v - 0.5);
      const green = of(([r, g, b]) => (r! - 2 * g! + b!) / Math.sqrt(6) + 0.5).map((v) => v - 0.5);
      const { data } = await denoiseImage(image, { method, sigma: 25 });
      for (let i = 0; i < n; i++) {
        const [l, a, g] = [light[i]! / Math.sqrt(3), across[i]! / Math.SQRT2, green[i]! / Math.sqrt(6)];
        const want = [l + a + g, l - 2 * g, l - a + g];
        for (const [c, value] of want.entries())
          expect(Math.abs(data[3 * i + c]! - value)).toBeLessThan(2e-5);
      }
    },
  );

  test("by luminance loses less of a picture that is lighter and darker than by channels", async () => {
    for (const method of ["bm3d", "nlm"] as const) {
      const clean = scene(3);
      const given = noisy(clean, 25);
      const [luminance, channels] = await Promise.all(
        (["luminance", "channels"] as const).map(async (colour) =>
          psnr((await denoiseImage(given, { method, sigma: 25, colour })).data, clean.data),
        ),
      );
      expect(luminance!).toBeGreaterThan(channels! + 0.3);
    }
  });

  test("alpha stays, whatever the mode; without noise so does the rest, to the last bit", async () => {
    const clean = scene(4);
    for (const colour of ["luminance", "channels"] as const) {
      const out = await denoiseImage(clean, { method: "nlm", sigma: 25, colour });
      for (let i = 3; i < clean.data.length; i += 4) expect(out.data[i]).toBe(clean.data[i]);
      expect((await denoiseImage(clean, { method: "nlm", sigma: 0, colour })).data).toEqual(clean.data);
    }
  });
});

describe("networks", () => {
  const network = loadDenoisingNetwork(
    readFileSync(new URL("../../../test/golden/denoisers.torch-1.13-dncnn.pt", import.meta.url)),
  );
  const image = noisy(scene(3), 26);

  test("take red, green and blue each for itself unless told otherwise", async () => {
    const out = await denoiseImage(image, { method: "dncnn", sigma: 26, network });
    const red = image.data.filter((_, i) => i % 3 === 0);
    const want = denoise(matrixOf(red), { method: "dncnn", sigma: 26, network }).data;
    expect(out.data.filter((_, i) => i % 3 === 0)).toEqual(want);
  });

  test("by luminance get (R + G + B)/3, of pixels in [0, 1], and are for noise of sigma/√3", async () => {
    const trained = { ...network, sigma: 15 };
    const out = await denoiseImage(image, {
      ...{ method: "dncnn", sigma: 26, network: trained, colour: "luminance" },
    });
    const mean = (data: Float32Array): Float32Array =>
      Float32Array.from(
        { length: width * height },
        (_, i) => (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3,
      );
    const want = denoise(matrixOf(mean(image.data)), { method: "dncnn", sigma: 15, network }).data;
    for (const [i, value] of mean(out.data).entries()) expect(Math.abs(value - want[i]!)).toBeLessThan(3e-5);
    await expect(
      denoiseImage(image, { method: "dncnn", sigma: 15, network: trained, colour: "luminance" }),
    ).rejects.toMatchObject({
      code: "OPTION_RANGE",
      params: { got: 15, rule: expect.stringContaining("25.98") },
    });
  });
});

test("grey pictures are the same in both modes, and that of denoise", async () => {
  const rng = createRng(1, "grey");
  const data = Float32Array.from({ length: width * height }, () => rng.next());
  const image = { width, height, channels: 1, data };
  const want = denoise(matrixOf(data), { method: "bm3d", sigma: 40 }).data;
  for (const colour of ["luminance", "channels"] as const) {
    expect((await denoiseImage(image, { method: "bm3d", sigma: 40, colour })).data).toEqual(want);
  }
});

test("progress of three planes rises to its total once", async () => {
  const seen: number[] = [];
  await denoiseImage(scene(3), {
    ...{ method: "bm3d", sigma: 25 },
    onProgress: ({ done, total }) => seen.push(done / total),
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
});

test("another mode is refused, and so is a mode for a picture of one plane", async () => {
  const refused = async (work: () => unknown): Promise<string> => {
    try {
      await work();
      return "done";
    } catch (error) {
      return isVicinalError(error) ? error.code : String(error);
    }
  };
  const options = { method: "nlm", sigma: 5, colour: "hue" } as never;
  expect(await refused(() => denoiseImage(scene(3), options))).toBe("OPTION_RANGE");
  expect(await refused(() => denoise(matrixOf(new Float32Array(width)), options))).toBe("OPTION_UNKNOWN");
});
