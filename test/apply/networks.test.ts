import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  addNoise,
  type Chain,
  type DenoisingNetwork,
  denoise,
  denoisingNetworkOf,
  loadDenoisingNetwork,
  type N3netWeights,
} from "../../src/apply/index.ts";
import {
  convolve,
  createTape,
  exp,
  type Layer,
  layers,
  mul,
  neighborDistances,
  pad,
  placeCandidates,
  relaxNeighbors,
  relu,
  reshape,
  type Tape,
} from "../../src/autodiff/index.ts";
import { type Matrix, matrix } from "../../src/core/index.ts";
import { readImage, readMatConvNet } from "../../src/data/index.ts";
import { psnr } from "../../src/evaluate/index.ts";
import { imageNeighborBlock, windowCandidates } from "../../src/learn/index.ts";

// The authors' weights are not ours to give: docs/denoise.md says where they are had and under what names they are looked for.
const data = process.env["VICINAL_DATA"];
const folders = [
  process.env["VICINAL_N3NET"],
  data === undefined ? undefined : join(data, "denoise", "n3net"),
];
const n3netFile = (sigma: number): string | undefined =>
  folders
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, `sigma${sigma}.t7`))
    .find((path) => existsSync(path));
const at = (...path: string[]): string => join(data ?? "/nowhere", "denoise", ...path);
const dncnnFile = at("dncnn", "pytorch_sigma25_model.pth");
const full = process.env["VICINAL_FULL"] !== undefined;
const PUBLISHED = { 25: 30.55, 50: 27.43, 70: 25.9 } as const;
const SHA256 = {
  25: "ca3ceea2f9f11cf685a14c0444aeeb3f0841b68deb665133b22c5e9eacf37ff4",
  50: "ffa39e15ba8a71992103cf2a223b1ef084cfca5c2e2b7724b277c88d2ec04a02",
  70: "640a2eee3d5c8675fbf89b78f91578f0a8cce5572132c740663a788ecb485d9c",
} as const;

async function set12(i: number): Promise<Matrix> {
  const { width, data } = await readImage(at("Set12", `${String(i).padStart(2, "0")}.png`));
  return matrix(
    Float32Array.from(data, (v) => v / 255),
    width,
  );
}

/** The mean over Set12 with noise of seed 0. */
async function mean12(method: "dncnn" | "n3net", sigma: number, network: DenoisingNetwork): Promise<number> {
  let sum = 0;
  for (let i = 1; i <= 12; i++) {
    const clean = await set12(i);
    const noisy = matrix(addNoise(clean.data, sigma, 0), clean.cols);
    sum += psnr(denoise(noisy, { method, sigma, network }).data, clean.data) / 12;
  }
  return sum;
}

/** Numbers of a .npy file of version 1.0. */
function npy(name: string): Float32Array | Uint8Array | Int32Array {
  const file = readFileSync(at("n3net", "reference", `${name}.npy`));
  const start = 10 + file.readUInt16LE(8);
  const kind = /'descr': '([^']+)'/.exec(file.toString("latin1", 10, start))![1]!;
  const bytes = new Uint8Array(file.subarray(start)).buffer;
  if (kind === "|u1") return new Uint8Array(bytes);
  return kind === "<i4" ? new Int32Array(bytes) : new Float32Array(bytes);
}

/** [channels, pixels] as [pixels, channels]. */
function channelsLast(values: ArrayLike<number>, channels: number): Float32Array {
  const pixels = values.length / channels;
  return Float32Array.from(
    { length: values.length },
    (_, i) => values[(i % channels) * pixels + Math.floor(i / channels)]!,
  );
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

function layerOf(tape: Tape, chain: Chain): Layer {
  const placed = chain.map(({ inputs, outputs, weight, bias }) => ({
    weight: tape.buffer([3, 3, inputs, outputs], weight),
    bias: tape.buffer([outputs], bias),
  }));
  return layers.plain((x) =>
    placed.reduce((y, { weight, bias }, i) => {
      const z = convolve(y, weight, { bias });
      return i === placed.length - 1 ? z : relu(z);
    }, x),
  );
}

describe.skipIf(n3netFile(25) === undefined || data === undefined)(
  "N3Net on the reference crop (skipped without the authors' sigma25.t7 and $VICINAL_DATA)",
  () => {
    const bytes = (): Uint8Array => readFileSync(n3netFile(25)!);
    const weights = (): N3netWeights => loadDenoisingNetwork(bytes()).weights as N3netWeights;

    test("the estimate is that of the authors' program, to 5e-5 and 0.001 dB", () => {
      const network = loadDenoisingNetwork(bytes());
      expect(createHash("sha256").update(bytes()).digest("hex")).toBe(SHA256[25]);
      expect(network.sigma).toBe(25);
      const clean = Float32Array.from(npy("clean_u8"), (v) => v / 255);
      const { data } = denoise(matrix(npy("noisy") as Float32Array, 96), {
        method: "n3net",
        sigma: 25,
        network,
      });
      expect(worst(data, npy("final"))).toBeLessThan(5e-5);
      expect(Math.abs(psnr(data, clean) - 29.6775)).toBeLessThan(0.001);
    });

    test("so is what lies between: parts, embedding, temperature, distances, weights, neighbours", () => {
      const tape = createTape();
      const { parts, blocks } = weights();
      const { embedding, temperature, selection } = blocks[0]!;
      const image = [1, 96, 96, 8];
      const first = channelsLast(npy("block0"), 8);
      tape.inference(() => {
        const made = layerOf(tape, parts[0]!)
          .forward(tape.tensor(npy("noisy"), [1, 96, 96, 1]))
          .values();
        npy("noisy").forEach((value, i) => {
          made[8 * i]! += value;
        });
        expect(worst(made, first)).toBeLessThan(1e-5);
      });
      tape.inference(() => {
        const x = tape.tensor(first, image);
        expect(
          worst(layerOf(tape, embedding!).forward(x).values(), channelsLast(npy("embed0"), 8)),
        ).toBeLessThan(1e-6);
        expect(worst(layerOf(tape, temperature!).forward(x).values(), npy("logtemp0"))).toBeLessThan(1e-5);
      });
      const block = imageNeighborBlock(tape, {
        embedding: layerOf(tape, embedding!),
        temperature: layerOf(tape, temperature!),
      });
      for (const [name, values] of Object.entries(selection)) block.parameters[name]!.set(values);
      tape.inference(() => {
        const made = block.forward(tape.tensor(first, image)).values();
        expect(worst(made, channelsLast(npy("nl0"), 64))).toBeLessThan(3e-4);
      });
      tape.inference(() => {
        const given = channelsLast(npy("nl0"), 64);
        const made = layerOf(tape, parts[1]!)
          .forward(tape.tensor(given, [1, 96, 96, 64]))
          .values();
        for (let i = 0; i < made.length; i++) made[i]! += given[64 * (i >> 3) + (i & 7)]!;
        expect(worst(made, channelsLast(npy("block1"), 8))).toBeLessThan(5e-5);
      });
      tape.dispose();
    });

    test("distances and weights of each candidate are those of the authors' program", () => {
      const tape = createTape();
      const edges = { top: 2, bottom: 2, left: 2, right: 2 };
      const windows = { size: 10, stride: 5 };
      const among = windowCandidates(19, 19, 15);
      expect(worst(among.index, npy("cand0"))).toBe(0);
      const [gain, shift, mean, variance] = ["gain", "shift", "mean", "variance"].map(
        (name) => weights().blocks[0]!.selection[`distance.${name}`]![0]!,
      ) as [number, number, number, number];
      tape.inference(() => {
        const embedded = pad(tape.tensor(channelsLast(npy("embed0"), 8), [1, 96, 96, 8]), edges);
        const distances = neighborDistances(embedded, placeCandidates(tape, among), windows);
        expect(worst(distances.values(), npy("dist0"))).toBeLessThan(1e-5);
        const scale = gain / Math.sqrt(variance + 1e-5);
        const normal = distances.values().map((d) => (d + mean) * scale - shift);
        const map = pad(tape.tensor(npy("logtemp0"), [1, 96, 96, 1]), edges);
        const heat = mul(exp(reshape(layers.meanPool(10, { stride: 5 }).forward(map), [361])), 0.1);
        const made = relaxNeighbors(tape.tensor(normal, [361, 224]), heat, { k: 7, form: "logit" }).values();
        const queries = npy("weights0_queries");
        const chosen = Array.from(queries).flatMap((q) => [...made.subarray(q * 7 * 224, (q + 1) * 7 * 224)]);
        expect(worst(chosen, npy("weights0"))).toBeLessThan(2e-3);
      });
      tape.dispose();
    });
  },
);

describe.skipIf(!existsSync(dncnnFile))("DnCNN by its authors (skipped without $VICINAL_DATA)", () => {
  test("the whole module is read, 17 convolutions, and takes cameraman's noise of σ 25 away to 30.07 dB", async () => {
    const network = loadDenoisingNetwork(readFileSync(dncnnFile));
    expect(network.weights.kind === "dncnn" && network.weights.body.length).toBe(17);
    const clean = await set12(1);
    const noisy = matrix(addNoise(clean.data, 25, 0), clean.cols);
    const estimate = denoise(noisy, { method: "dncnn", sigma: 25, network });
    expect(psnr(estimate.data, clean.data)).toBeCloseTo(30.065, 2);
  });

  test("the file of MATLAB with norms merged gives nearly the same estimate, 30.1 dB", async () => {
    const network = denoisingNetworkOf(await readMatConvNet(at("dncnn", "sigma25.mat")));
    const clean = await set12(1);
    const noisy = matrix(addNoise(clean.data, 25, 0), clean.cols);
    const estimate = denoise(noisy, { method: "dncnn", sigma: 25, network });
    expect(psnr(estimate.data, clean.data)).toBeCloseTo(30.07, 1);
  });

  test.skipIf(!full)(
    "its mean over Set12 is within 0.05 dB of the published 30.44 (30 s; skipped without $VICINAL_FULL)",
    async () => {
      const mean = await mean12("dncnn", 25, loadDenoisingNetwork(readFileSync(dncnnFile)));
      expect(Math.abs(mean - 30.44)).toBeLessThan(0.05);
    },
    600_000,
  );
});

describe.skipIf(!full)("N3Net over Set12 (skipped without $VICINAL_FULL and the authors' weights)", () => {
  for (const sigma of [25, 50, 70] as const) {
    const path = n3netFile(sigma);
    test.skipIf(path === undefined || data === undefined)(
      `its mean at σ ${sigma} is within 0.05 dB of the published ${PUBLISHED[sigma]} (60 s)`,
      async () => {
        const bytes = readFileSync(path!);
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(SHA256[sigma]);
        const mean = await mean12("n3net", sigma, loadDenoisingNetwork(bytes));
        expect(Math.abs(mean - PUBLISHED[sigma])).toBeLessThan(0.05);
      },
      900_000,
    );
  }
});
