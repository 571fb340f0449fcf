import { describe, expect, test } from "vitest";
import { bm3dPass, meansOf } from "../../../test/helpers/denoise.ts";
import { createRng, isVicinalError, type Matrix, matrix, runSync } from "../../core/index.ts";
import { psnr } from "../../evaluate/index.ts";
import { bm3d } from "./bm3d.ts";
import { type DenoiseOptions, denoise, denoiseAsync, denoiseImage } from "./denoise.ts";
import { nlm, nlmProfile } from "./nlm.ts";
import { addNoise } from "./noise.ts";
import type { Plane } from "./plane.ts";
import { type Profile, profileFor } from "./profile.ts";
import { bior15, cosine, kaiser } from "./transforms.ts";

const METHODS = ["bm3d", "nlm"] as const;

/** Stripes and squares with noise: whole numbers, so that sums of squares are exact and the same blocks match. */
function scene(width: number, height: number, sigma: number, seed = 1): Plane {
  const rng = createRng(seed, "scene");
  const data = Float32Array.from({ length: width * height }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const clean = 60 + 70 * (Math.floor((x + y) / 6) % 2) + (x > 10 && x < 20 && y > 5 ? 90 : 0);
    return Math.round(clean + sigma * rng.normal());
  });
  return { width, height, data };
}

const worst = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);

const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    return isVicinalError(error) ? error.code : String(error);
  }
  return "nothing thrown";
};

const unit = (plane: Plane): Matrix =>
  matrix(
    plane.data.map((v) => v / 255),
    plane.width,
  );

describe("transforms of blocks", () => {
  const product = (a: { n: number; data: Float64Array }, b: { n: number; data: Float64Array }): number[] =>
    Array.from({ length: a.n ** 2 }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < a.n; k++)
        sum += a.data[Math.floor(at / a.n) * a.n + k]! * b.data[k * a.n + (at % a.n)]!;
      return sum;
    });

  test("are undone by their inverses, and their rows have unit length", () => {
    for (const { forward, inverse } of [bior15(8), cosine(8), cosine(11)]) {
      const n = forward.n;
      product(forward, inverse).forEach((v, at) => {
        expect(v).toBeCloseTo(at % n === Math.floor(at / n) ? 1 : 0, 12);
      });
      for (let row = 0; row < n; row++) {
        expect(Math.hypot(...forward.data.subarray(row * n, (row + 1) * n))).toBeCloseTo(1, 12);
      }
    }
  });

  test("see a constant in one coefficient; the wavelet sees a slope in none of the finest away from the seam", () => {
    for (const { forward } of [bior15(8), cosine(8), cosine(11)]) {
      const n = forward.n;
      const sums = Array.from({ length: n }, (_, row) =>
        forward.data.subarray(row * n, (row + 1) * n).reduce((sum, v) => sum + v, 0),
      );
      expect(Math.abs(sums[0]!)).toBeGreaterThan(1);
      for (const sum of sums.slice(1)) expect(sum).toBeCloseTo(0, 12);
    }
  });

  test("Kaiser's window of 8 with β 2 has corner 0.1924 and centre 0.9718", () => {
    const { data } = kaiser(8, 2);
    expect(data[0]).toBeCloseTo(0.1924, 4);
    expect(data[3 * 8 + 3]).toBeCloseTo(0.9718, 4);
  });
});

describe("BM3D", () => {
  const small = (profile: Profile, radius: number): Profile => ({
    ...profile,
    hard: { ...profile.hard, radius },
    wiener: { ...profile.wiener, radius },
  });

  // No round numbers: the threshold would be a coefficient that whole pixels can have.
  test.each([10.017, 25.033, 50.071])(
    "is its definition, pass by pass, at σ %f",
    (sigma) => {
      for (const [width, height] of [
        [33, 22],
        [19, 27],
      ] as const) {
        const noisy = scene(width, height, sigma);
        const profile = small(profileFor(sigma), 6);
        const run = (estimate: "basic" | "final", p: Profile): Plane =>
          runSync(bm3d(noisy, { sigma, threads: 1, estimate }, p));
        const basic = run("basic", profile);
        expect(worst(basic.data, bm3dPass(noisy, sigma, profile).data)).toBeLessThan(2e-3);
        const final = run("final", profile);
        expect(worst(final.data, bm3dPass(noisy, sigma, profile, basic).data)).toBeLessThan(2e-3);
      }
    },
    60_000,
  );

  test("the whole of a picture as large as a block is one group, and smaller ones are continued by mirroring", () => {
    for (const [width, height] of [
      [8, 8],
      [1, 1],
      [3, 20],
      [11, 5],
    ] as const) {
      const noisy = scene(width, height, 20);
      const out = runSync(bm3d(noisy, { sigma: 20, threads: 1, estimate: "final" }));
      expect([out.width, out.height, out.data.length]).toEqual([width, height, width * height]);
      expect(out.data.every(Number.isFinite)).toBe(true);
    }
    const eight = scene(8, 8, 20);
    const profile = profileFor(20);
    const out = runSync(bm3d(eight, { sigma: 20, threads: 1, estimate: "basic" }));
    expect(worst(out.data, bm3dPass(eight, 20, profile).data)).toBeLessThan(1e-3);
  });
});

describe("non-local means", () => {
  test.each(["pixels", "patches"] as const)(
    "of %s are their definition",
    (average) => {
      for (const sigma of [10, 25, 40]) {
        for (const [width, height] of [
          [21, 19],
          [5, 40],
          [1, 1],
          [2, 3],
        ] as const) {
          const noisy = scene(width, height, sigma);
          const profile = { ...nlmProfile(sigma), radius: 5 };
          const out = runSync(nlm(noisy, { sigma, threads: 1, average }, profile));
          const want = meansOf(noisy, sigma, profile, average === "patches");
          expect(worst(out.data, want.data), `${width} × ${height}, σ ${sigma}`).toBeLessThan(5e-3);
        }
      }
    },
    60_000,
  );
});

describe("a picture moved", () => {
  const whole = scene(92, 84, 15);
  const crop = (left: number, top: number): Plane => {
    const data = new Float32Array(84 * 76);
    for (let y = 0; y < 76; y++) {
      const from = (y + top) * whole.width + left;
      data.set(whole.data.subarray(from, from + 84), y * 84);
    }
    return { width: 84, height: 76, data };
  };
  /** Pixels of two estimates that show the same part of the whole, `margin` away from all borders. */
  function middles(
    run: (image: Plane) => Plane,
    left: number,
    top: number,
    margin: number,
  ): [number[], number[]] {
    const [still, moved] = [run(crop(0, 0)), run(crop(left, top))];
    const both: [number[], number[]] = [[], []];
    for (let y = margin; y < 76 - margin - top; y++) {
      for (let x = margin; x < 84 - margin - left; x++) {
        both[0].push(still.data[(y + top) * 84 + x + left]!);
        both[1].push(moved.data[y * 84 + x]!);
      }
    }
    return both;
  }

  test("by whole steps has the same basic estimate by BM3D away from borders, bit for bit", () => {
    const profile = profileFor(15);
    const hard = { ...profile.hard, radius: 5, few: 0 };
    const run = (image: Plane): Plane =>
      runSync(bm3d(image, { sigma: 15, threads: 1, estimate: "basic" }, { ...profile, hard }));
    for (const [left, top] of [
      [6, 3],
      [3, 0],
    ] as const) {
      const [a, b] = middles(run, left, top, 26);
      expect(a.length).toBeGreaterThan(400);
      expect(b).toEqual(a);
    }
  });

  test("by any pixels has the same non-local means away from borders, bit for bit", () => {
    for (const average of ["pixels", "patches"] as const) {
      const profile = { ...nlmProfile(15), radius: 6 };
      const run = (image: Plane): Plane => runSync(nlm(image, { sigma: 15, threads: 1, average }, profile));
      const [a, b] = middles(run, 5, 7, 10);
      expect(a.length).toBeGreaterThan(2000);
      expect(b).toEqual(a);
    }
  });
});

describe.each(METHODS)("denoise by %s", (method) => {
  const noisy = unit(scene(70, 45, 25));

  test("removes most of the noise, leaves its input as it is, and gives the same for any number of threads", async () => {
    const clean = unit(scene(70, 45, 0)).data;
    const before = noisy.data.slice();
    const out = denoise(noisy, { method, sigma: 25 });
    expect(noisy.data).toEqual(before);
    expect(psnr(out.data, clean)).toBeGreaterThan(psnr(noisy.data, clean) + 5);
    for (const threads of [2, 3]) {
      expect(denoise(noisy, { method, sigma: 25, threads }).data).toEqual(out.data);
    }
    expect((await denoiseAsync(noisy, { method, sigma: 25 })).data).toEqual(out.data);
  });

  test("returns the input when there is no noise, and nearly so when there is next to none", () => {
    expect(denoise(noisy, { method, sigma: 0 }).data).toEqual(noisy.data);
    expect(worst(denoise(noisy, { method, sigma: 1e-3 }).data, noisy.data)).toBeLessThan(1e-4);
  });

  test("leaves a constant picture constant, inside the range and far out of it", () => {
    for (const value of [0, 0.3, 1, -2, 40]) {
      const flat = matrix(new Float32Array(30 * 17).fill(value), 30);
      for (const sigma of [10, 60]) {
        const out = denoise(flat, { method, sigma });
        // Shrinkage by b² / (b² + σ²) takes a little of the mean, too, the less the larger the group.
        const slack = method === "bm3d" ? (sigma / 255) ** 2 / 50 : 0;
        for (const v of out.data)
          expect(Math.abs(v - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)) + slack);
      }
    }
  });

  test("commutes with turning the picture's light round: the estimate of 1 − x is 1 minus that of x, by far enough light", () => {
    const up = matrix(
      noisy.data.map((v) => v + 20),
      noisy.cols,
    );
    const down = matrix(
      noisy.data.map((v) => 20 - v),
      noisy.cols,
    );
    const a = denoise(up, { method, sigma: 25 });
    const b = denoise(down, { method, sigma: 25 });
    const difference =
      a.data.reduce((sum, v, i) => sum + Math.abs(v - 20 - (20 - b.data[i]!)), 0) / a.data.length;
    expect(difference).toBeLessThan(2e-3);
  });

  test("rows with gaps are read as a packed copy", () => {
    const wide = new Float32Array(noisy.rows * 80).fill(7);
    for (let y = 0; y < noisy.rows; y++) wide.set(noisy.data.subarray(y * 70, (y + 1) * 70), y * 80);
    const gaps = { data: wide, rows: noisy.rows, cols: 70, stride: 80 };
    expect(denoise(gaps, { method, sigma: 25 }).data).toEqual(denoise(noisy, { method, sigma: 25 }).data);
  });

  test("tells how far it is, and stops when told to", async () => {
    const seen: number[] = [];
    denoise(noisy, { method, sigma: 25, onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const controller = new AbortController();
    const stop = denoiseAsync(noisy, {
      ...{ method, sigma: 25, signal: controller.signal },
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stop).rejects.toThrow("enough");
  });

  test("each colour is denoised for itself, and alpha is left as it is", async () => {
    const [width, height] = [24, 18];
    const planes = [1, 2, 3].map((seed) => unit(scene(width, height, 25, seed)));
    const alpha = Float32Array.from({ length: width * height }, (_, i) => (i % 7) / 6);
    const data = Float32Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? alpha[Math.floor(i / 4)]! : planes[i % 4]!.data[Math.floor(i / 4)]!,
    );
    const out = await denoiseImage(
      { width, height, channels: 4, data },
      { method, sigma: 25, colour: "channels" },
    );
    const channel = (c: number): Float32Array => out.data.filter((_, i) => i % 4 === c);
    expect(channel(3)).toEqual(alpha);
    for (const c of [0, 1, 2]) expect(channel(c)).toEqual(denoise(planes[c]!, { method, sigma: 25 }).data);
  });

  test("bad pixels, sizes, deviations and options are refused with their codes", async () => {
    const at = (value: number): Matrix => matrix(Float32Array.of(0.1, 0.2, value, 0.3), 2);
    for (const value of [Number.NaN, Infinity]) {
      expect(await codeOf(() => denoise(at(value), { method, sigma: 1 }))).toBe("NOT_FINITE");
    }
    expect(await codeOf(() => denoise(at(1e7), { method, sigma: 1 }))).toBe("BAD_INPUT");
    for (const [rows, cols] of [
      [0, 2],
      [2, 0],
      [3, 2],
      [1.5, 2],
    ] as const) {
      const image = { data: new Float32Array(4), rows, cols, stride: cols };
      expect(await codeOf(() => denoise(image, { method, sigma: 1 }))).toBe("BAD_INPUT");
    }
    const bytes = { ...noisy, data: new Uint8Array(noisy.data.length) } as unknown as Matrix;
    expect(await codeOf(() => denoise(bytes, { method, sigma: 1 }))).toBe("BAD_INPUT");
    for (const sigma of [-1, Number.NaN, 256, "25", undefined] as number[]) {
      expect(await codeOf(() => denoise(noisy, { method, sigma }))).toBe("OPTION_RANGE");
    }
    const odd = (given: object): Promise<string> =>
      codeOf(() => denoise(noisy, { method, sigma: 1, ...given } as DenoiseOptions));
    expect(await odd({ method: "median" })).toBe("OPTION_RANGE");
    expect(await odd({ threads: 0 })).toBe("OPTION_RANGE");
    expect(await odd({ stages: 2 })).toBe("OPTION_UNKNOWN");
    expect(await odd(method === "bm3d" ? { estimate: "both" } : { average: "all" })).toBe("OPTION_RANGE");
    const image = { width: 2, height: 2, channels: 5, data: new Float32Array(20) };
    expect(await codeOf(() => denoiseImage(image, { method, sigma: 1 }))).toBe("BAD_INPUT");
  });
});

describe("added noise", () => {
  test("has the deviation asked for, is not clipped, and is the seed's", () => {
    const grey = new Float32Array(40_000).fill(1);
    const noisy = addNoise(grey, 25, 7);
    const spread = Math.sqrt(noisy.reduce((sum, v) => sum + (v - 1) ** 2, 0) / noisy.length);
    expect(spread * 255).toBeGreaterThan(24.6);
    expect(spread * 255).toBeLessThan(25.4);
    expect(Math.max(...noisy)).toBeGreaterThan(1.3);
    expect(addNoise(grey, 25, 7)).toEqual(noisy);
    expect(addNoise(grey, 25, 8)).not.toEqual(noisy);
    expect(addNoise(grey, 0, 7)).toEqual(grey);
  });
});
