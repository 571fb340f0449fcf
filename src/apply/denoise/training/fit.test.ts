import { describe, expect, test } from "vitest";
import { createTape, type Layer, type Tape } from "../../../autodiff/index.ts";
import { createRng, type Matrix, matrix } from "../../../core/index.ts";
import { psnr } from "../../../evaluate/index.ts";
import { denoise } from "../denoise.ts";
import { dncnn, n3net, saveDenoisingNetwork } from "../networks/layers.ts";
import { loadDenoisingNetwork } from "../networks/load.ts";
import { addNoise } from "../noise.ts";
import type { Plane } from "../plane.ts";
import { cropLoader } from "./crops.ts";
import { fitDenoiser, fitDenoiserAsync } from "./fit.ts";

/** A picture in which every pixel has a value of its own. */
function numbered(width: number, height: number, from: number): Plane {
  const data = Float32Array.from({ length: width * height }, (_, i) => (from + i) / 4096);
  return { width, height, data };
}

/** Stripes and blocks of a seed. */
function scene(width: number, height: number, seed: number): Matrix {
  const rng = createRng(seed, "scene");
  const [a, b, c] = [2 + rng.below(4), 3 + rng.below(5), rng.below(3)];
  const pixel = (_: unknown, i: number): number => {
    const [y, x] = [Math.floor(i / width), i % width];
    return 0.2 + 0.3 * (Math.floor((x + c * y) / a) % 2) + 0.3 * (Math.floor(y / b) % 2);
  };
  return matrix(Float32Array.from({ length: width * height }, pixel), width);
}

const sizes = { sigma: 25, crop: 5, batch: 3, steps: 40, seed: 4 };

describe("crops", () => {
  const pictures = [numbered(9, 6, 0), numbered(7, 12, 1000)];

  test("are squares of a picture in one of eight ways, all of which come, as do all pictures and places", () => {
    const loader = cropLoader(pictures, { ...sizes, steps: 100, batch: 12 });
    const ways = new Set<string>();
    const places = new Set<number>();
    for (let step = 0; step < 100; step++) {
      const { clean } = loader.crops(loader.at(step));
      for (let i = 0; i < 12; i++) {
        const crop = Array.from(clean.subarray(25 * i, 25 * i + 25), (v) => Math.round(v * 4096));
        const { width } = pictures[crop[0]! >= 1000 ? 1 : 0]!;
        const [right, down] = [crop[1]! - crop[0]!, crop[5]! - crop[0]!];
        expect([Math.abs(right), Math.abs(down)].sort((a, b) => a - b)).toEqual([1, width]);
        expect(crop).toEqual(crop.map((_, at) => crop[0]! + right * (at % 5) + down * Math.floor(at / 5)));
        ways.add(`${Math.abs(right) === 1} ${right > 0} ${down > 0}`);
        places.add(Math.min(...crop));
      }
    }
    expect(ways.size).toBe(8);
    expect(places.size).toBe(5 * 2 + 3 * 8);
  });

  test("depend on seed and step alone, and their noise has the deviation asked for", () => {
    const loader = cropLoader(pictures, { ...sizes, batch: 200 });
    const first = loader.crops(loader.at(3));
    loader.crops(loader.at(7));
    expect(loader.crops(loader.at(3))).toEqual(first);
    expect(loader.crops(loader.at(4)).clean).not.toEqual(first.clean);
    const other = cropLoader(pictures, { ...sizes, batch: 200, seed: 5 });
    expect(other.crops(other.at(3)).clean).not.toEqual(first.clean);
    let squares = 0;
    first.noisy.forEach((value, i) => {
      squares += (value - first.clean[i]!) ** 2;
    });
    expect(Math.sqrt(squares / first.noisy.length) * 255).toBeCloseTo(25, -0.5);
  });
});

const small = (tape: Tape): Layer =>
  n3net(tape, {
    ...{ parts: 2, depth: 3, features: 6, channels: 2, k: 2, patch: 4, stride: 2, window: 5 },
    ...{ momentum: 0.1, start: "identity", seed: 1 },
  });
const scenes = [1, 2, 3, 4].map((seed) => scene(24, 20, seed));
const how = { sigma: 40, steps: 8, batch: 2, crop: 12, seed: 3 };

describe("fitDenoiser", () => {
  test("a small DnCNN learns to take noise off scenes that it has not seen", () => {
    const tape = createTape();
    const layer = dncnn(tape, { depth: 4, features: 8, momentum: 0.1, start: "identity", seed: 1 });
    const report = fitDenoiser(tape, layer, scenes, { ...how, steps: 150, batch: 4, learningRate: 1e-2 });
    expect(report.steps).toBe(150);
    const file = saveDenoisingNetwork(layer.parameters, { kind: "dncnn", sigma: 40 });
    const network = loadDenoisingNetwork(file);
    const clean = scene(40, 30, 9);
    const noisy = matrix(addNoise(clean.data, 40, 1), 40);
    const estimate = denoise(noisy, { method: "dncnn", sigma: 40, network });
    expect(psnr(estimate.data, clean.data)).toBeGreaterThan(psnr(noisy.data, clean.data) + 2);
    expect(report.loss).toBeLessThan((40 / 255) ** 2 / 2);
  });

  test("a run that was stopped and taken up ends with the bits of one that was not, running statistics too", async () => {
    const bytes = (layer: Layer): Uint8Array =>
      saveDenoisingNetwork(layer.parameters, { kind: "n3net", sigma: 40 });
    const whole = small(createTape());
    const losses: number[] = [];
    const report = fitDenoiser(tapeOf(whole), whole, scenes, {
      ...how,
      onStep: ({ loss }) => losses.push(loss),
    });
    expect(losses).toHaveLength(8);
    expect(report.loss).toBeCloseTo(losses.reduce((sum, value) => sum + value, 0) / 8, 12);

    const stopped = small(createTape());
    const controller = new AbortController();
    let kept: Uint8Array | undefined;
    const run = fitDenoiserAsync(tapeOf(stopped), stopped, scenes, {
      ...{ ...how, signal: controller.signal },
      checkpoint: { every: 3, save: (state) => void (kept = state) },
      onProgress: ({ done }) => {
        if (done === 5) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
    expect(bytes(stopped)).not.toEqual(bytes(whole));
    const resumed = small(createTape());
    fitDenoiser(tapeOf(resumed), resumed, scenes, { ...how, resume: kept! });
    expect(bytes(resumed)).toEqual(bytes(whole));

    const other = small(createTape());
    const before = bytes(other);
    for (const changed of [{ seed: 4 }, { sigma: 30 }, { crop: 14 }, { steps: 9 }]) {
      const again = (): unknown =>
        fitDenoiser(tapeOf(other), other, scenes, { ...how, ...changed, resume: kept! });
      expect(again, JSON.stringify(changed)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    }
    expect(bytes(other)).toEqual(before);
  });

  test("both networks start by passing on the picture, nearly, where that is asked for", () => {
    const picture = scene(24, 20, 5);
    for (const make of [
      small,
      (tape: Tape): Layer => dncnn(tape, { depth: 5, features: 8, start: "identity" }),
    ]) {
      const tape = createTape();
      const layer = make(tape);
      const made = tape.inference(() => layer.forward(tape.tensor(picture.data, [1, 20, 24, 1])).values());
      expect(psnr(made, picture.data)).toBeGreaterThan(12);
    }
  });

  test("what cannot be learned from is refused before anything is learned", () => {
    const tape = createTape();
    const layer = small(tape);
    const before = saveDenoisingNetwork(layer.parameters, { kind: "n3net", sigma: 40 });
    const refused = (pictures: readonly Matrix[], options: object, code: string): void => {
      const run = (): unknown => fitDenoiser(tape, layer, pictures, { ...how, ...options });
      expect(run, JSON.stringify(options)).toThrow(expect.objectContaining({ code }));
    };
    refused([], {}, "BAD_INPUT");
    refused(scenes, { crop: 21 }, "BAD_INPUT");
    refused([matrix(Float32Array.of(0, Number.NaN, 0, 1), 2)], {}, "NOT_FINITE");
    refused(scenes, { sigma: 0 }, "OPTION_RANGE");
    refused(scenes, { sigma: 256 }, "OPTION_RANGE");
    refused(scenes, { steps: 1.5 }, "OPTION_RANGE");
    refused(scenes, { batch: 0 }, "OPTION_RANGE");
    refused(scenes, { learningRate: -1 }, "OPTION_RANGE");
    refused(scenes, { onStep: 1 }, "OPTION_RANGE");
    refused(scenes, { epochs: 1 }, "OPTION_UNKNOWN");
    expect(saveDenoisingNetwork(layer.parameters, { kind: "n3net", sigma: 40 })).toEqual(before);
  });
});

const tapeOf = (layer: Layer): Tape => Object.values(layer.parameters)[0]!.tape;
