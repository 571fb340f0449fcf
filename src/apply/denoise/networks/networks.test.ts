import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { mutate } from "../../../../test/data/mutate.ts";
import {
  createTape,
  type Layer,
  type NamedParameters,
  type Tape,
  writeSafetensors,
} from "../../../autodiff/index.ts";
import { createRng, isVicinalError, matrix, runSync } from "../../../core/index.ts";
import { denoise, denoiseAsync } from "../denoise.ts";
import type { Plane } from "../plane.ts";
import { dncnn, type N3netOptions, n3net, saveDenoisingNetwork } from "./layers.ts";
import { loadDenoisingNetwork } from "./load.ts";
import { runNetwork } from "./run.ts";
import { tilesOf } from "./tiles.ts";
import type { DenoisingNetwork, N3netWeights } from "./weights.ts";

const golden = (name: string): Uint8Array =>
  new Uint8Array(
    readFileSync(new URL(`../../../../test/golden/denoisers.torch-1.13${name}`, import.meta.url)),
  );

function picture(width: number, height: number, seed = 1): Plane {
  const rng = createRng(seed, "picture");
  return { width, height, data: Float32Array.from({ length: width * height }, () => rng.next()) };
}

const BLOCK = { patch: 4, stride: 2, window: 5 } as const;
const SMALL: N3netOptions = { depth: 4, features: 8, channels: 4, k: 3, seed: 3, ...BLOCK };
const smallDncnn = (tape: Tape): Layer => dncnn(tape, { depth: 5, features: 8, seed: 2 });
const smallN3net = (tape: Tape): Layer => n3net(tape, SMALL);

/** The same layer with statistics as if it had been trained, in float64 and as a network of its saved file. */
function both(
  kind: "dncnn" | "n3net",
  make: (tape: Tape) => Layer,
  options: N3netWeights["options"] = kind === "n3net" ? BLOCK : {},
): { slow: (image: Plane) => Float64Array; network: DenoisingNetwork } {
  const tape = createTape({ precision: "f64" });
  const layer = make(tape);
  stir(layer.parameters);
  const network = loadDenoisingNetwork(saveDenoisingNetwork(layer.parameters, { kind, sigma: 25, options }));
  const slow = ({ width, height, data }: Plane): Float64Array =>
    tape.inference(() => layer.forward(tape.tensor(data, [1, height, width, 1])).values() as Float64Array);
  return { slow, network };
}

function stir(parameters: NamedParameters): void {
  const rng = createRng(7, "stir");
  for (const [name, parameter] of Object.entries(parameters)) {
    const values = parameter.values();
    for (let i = 0; i < values.length; i++) {
      if (name.endsWith("variance")) values[i] = 0.2 + rng.next();
      else if (!name.endsWith("weight")) values[i]! += 0.1 * rng.normal();
      values[i] = Math.fround(values[i]!);
    }
    parameter.set(values);
  }
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
const run = (image: Plane, network: DenoisingNetwork, most?: number): Float32Array =>
  runSync(runNetwork(image, network, 1, most)).data;

describe("networks in use, norms merged, are the layers that were trained", () => {
  const sizes = [
    [1, 1],
    [1, 9],
    [3, 2],
    [7, 12],
    [31, 18],
  ] as const;

  test.each([
    ["dncnn", smallDncnn],
    ["n3net", smallN3net],
  ] as const)("%s of any size from 1 × 1 on, within 1e-5 of float64", (kind, make) => {
    const { slow, network } = both(kind, make);
    expect(network.sigma).toBe(25);
    for (const [width, height] of sizes) {
      const image = picture(width, height);
      expect(worst(run(image, network), slow(image)), `${width} × ${height}`).toBeLessThan(1e-5);
    }
  });

  test("n3net with one temperature, with hard neighbours, as alpha, and of one part", () => {
    for (const own of [{ temperature: false }, { form: "hard" }, { form: "alpha" }, { parts: 1 }] as const) {
      const form = "form" in own ? { form: own.form } : {};
      const { slow, network } = both("n3net", (tape) => n3net(tape, { ...SMALL, ...own }), {
        ...BLOCK,
        ...form,
      });
      const image = picture(17, 14, 4);
      expect(worst(run(image, network), slow(image)), JSON.stringify(own)).toBeLessThan(2e-5);
    }
  });

  test("the parameters are as many as published: DnCNN 556,097, N3Net 705,895 less 384 of norms that are never used", () => {
    const count = (make: (tape: Tape) => Layer): number => {
      const { parameters } = make(createTape());
      return Object.values(parameters).reduce((sum, { size, trained }) => sum + (trained ? size : 0), 0);
    };
    expect(count((tape) => dncnn(tape))).toBe(556_097);
    expect(count((tape) => n3net(tape))).toBe(705_895 - 3 * 128);
  });
});

describe("large pictures", () => {
  test("tiles keep each pixel once and lie within the picture", () => {
    const { network } = both("n3net", smallN3net);
    for (const [width, height] of [
      [301, 203],
      [90, 400],
      [77, 1000],
    ] as const) {
      const kept = new Uint8Array(width * height);
      const { tiles, ...most } = tilesOf({ width, height, data: new Float32Array(0) }, network.weights, 150);
      expect(tiles.length).toBeGreaterThan(1);
      for (const { left, top, width: w, height: h, keep } of tiles) {
        expect(left >= 0 && top >= 0 && left + w <= width && top + h <= height).toBe(true);
        expect(keep.left >= left && keep.top >= top && keep.right <= left + w && keep.bottom <= top + h).toBe(
          true,
        );
        expect(w <= most.width && h <= most.height).toBe(true);
        for (let y = keep.top; y < keep.bottom; y++)
          for (let x = keep.left; x < keep.right; x++) kept[y * width + x]!++;
      }
      expect(kept.every((times) => times === 1)).toBe(true);
    }
  });

  test.each([
    ["dncnn", smallDncnn],
    ["n3net", smallN3net],
  ] as const)("%s in tiles gives the estimate of the whole picture", (kind, make) => {
    const { network } = both(kind, make);
    for (const [width, height] of [
      [241, 97],
      [98, 183],
    ] as const) {
      const image = picture(width, height);
      const tiles = tilesOf(image, network.weights, 130).tiles.length;
      expect(tiles).toBeGreaterThan(1);
      expect(worst(run(image, network, 130), run(image, network)), `${tiles} tiles`).toBeLessThan(1e-5);
    }
  });
});

describe("the call", () => {
  const { network } = both("n3net", smallN3net);
  const image = matrix(picture(24, 20).data, 24);

  test("denoise gives the same bytes on its own and with threads, and leaves the picture alone", async () => {
    const before = image.data.slice();
    const alone = denoise(image, { method: "n3net", sigma: 25, network });
    const many = await denoiseAsync(image, { method: "n3net", sigma: 25, network, threads: 2 });
    expect(many.data).toEqual(alone.data);
    expect(image.data).toEqual(before);
  });

  test("progress rises to its total; an abort ends the work", async () => {
    const seen: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }): void =>
      void seen.push(done / total);
    denoise(image, { method: "n3net", sigma: 25, network, onProgress });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
    const control = new AbortController();
    const stop = { signal: control.signal, onProgress: () => control.abort() };
    await expect(denoiseAsync(image, { method: "n3net", sigma: 25, network, ...stop })).rejects.toThrow(
      /abort/i,
    );
  });

  test("another network, other noise and unknown options are refused", () => {
    const refuse = (options: object): string => {
      try {
        denoise(image, options as never);
      } catch (error) {
        return isVicinalError(error) ? error.code : String(error);
      }
      return "accepted";
    };
    expect(refuse({ method: "dncnn", sigma: 25, network })).toBe("BAD_INPUT");
    expect(refuse({ method: "n3net", sigma: 25 })).toBe("BAD_INPUT");
    expect(refuse({ method: "n3net", sigma: 25, network: new Uint8Array(4) })).toBe("BAD_INPUT");
    expect(refuse({ method: "n3net", sigma: 50, network })).toBe("OPTION_RANGE");
    expect(refuse({ method: "n3net", sigma: 25, network, depth: 4 })).toBe("OPTION_UNKNOWN");
  });
});

describe("files", () => {
  test("DnCNN as a whole module of PyTorch, its epsilon of 1e-4 read from it, estimates as PyTorch does", () => {
    const want = JSON.parse(Buffer.from(golden(".json")).toString()) as Record<
      "picture" | "estimate",
      number[]
    >;
    const network = loadDenoisingNetwork(golden("-dncnn.pt"));
    expect(network.sigma).toBeUndefined();
    const got = run({ width: 6, height: 7, data: Float32Array.from(want.picture) }, network);
    expect(worst(got, want.estimate)).toBeLessThan(2e-5);
  });

  test("N3Net's names of PyTorch: parts, block, k from the channels, kernels turned, norms merged", () => {
    const { weights, sigma } = loadDenoisingNetwork(golden("-n3net.pt"));
    if (weights.kind !== "n3net") throw new Error("another kind");
    expect(sigma).toBeUndefined();
    const shapes = weights.parts.map((part) => part.map(({ inputs, outputs }) => [inputs, outputs]));
    expect(shapes).toEqual([
      [
        [1, 4],
        [4, 4],
        [4, 4],
        [4, 2],
      ],
      [
        [8, 4],
        [4, 4],
        [4, 4],
        [4, 1],
      ],
    ]);
    expect(weights.blocks[0]!.embedding!.map(({ outputs }) => outputs)).toEqual([4, 4, 2]);
    expect(weights.blocks[0]!.temperature!.map(({ outputs }) => outputs)).toEqual([4, 4, 1]);
    expect(Object.keys(weights.blocks[0]!.selection).length).toBe(4);
    // blocks.0.layer1.0.weight is tensor 6 of the file, its norm tensors 7 to 10: see make-denoisers.torch.py.
    const ramp = (tensor: number, i: number): number => (((i * 7 + tensor) % 23) - 11) / 64;
    const [o, i, y, x] = [2, 1, 0, 2];
    const scale = ramp(7, o) / Math.sqrt(Math.abs(ramp(10, o)) + 0.125 + 1e-5);
    const { weight, bias } = weights.parts[0]![1]!;
    expect(weight[((y * 3 + x) * 4 + i) * 4 + o]).toBeCloseTo(
      ramp(6, ((o * 4 + i) * 3 + y) * 3 + x) * scale,
      6,
    );
    expect(bias[o]).toBeCloseTo(ramp(8, o) - ramp(9, o) * scale, 6);
    expect(run(picture(12, 9), { weights, sigma: undefined }).every(Number.isFinite)).toBe(true);
  });

  test("that are no networks, or whose parts do not fit, are refused", () => {
    const zeros = (...shape: number[]) => ({
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    });
    const refused = (
      tensors: Record<string, ReturnType<typeof zeros>>,
      metadata: Record<string, string>,
    ): string => {
      try {
        loadDenoisingNetwork(writeSafetensors(tensors, metadata));
        return "read";
      } catch (error) {
        return isVicinalError(error) ? error.code : String(error);
      }
    };
    const dncnn = { denoiser: "dncnn", sigma: "25" };
    const fine = { "0.weight": zeros(3, 3, 1, 2), "2.weight": zeros(3, 3, 2, 1) };
    expect(refused(fine, dncnn)).toBe("read");
    expect(refused(fine, {})).toBe("FORMAT");
    expect(refused(fine, { ...dncnn, denoiser: "unet" })).toBe("FORMAT");
    expect(refused(fine, { ...dncnn, sigma: "-1" })).toBe("FORMAT");
    expect(refused(fine, { ...dncnn, denoiser: "n3net" })).toBe("FORMAT");
    expect(refused({ ...fine, "2.weight": zeros(3, 3, 3, 1) }, dncnn)).toBe("FORMAT");
    expect(refused({ ...fine, "2.weight": zeros(3, 3, 2, 3) }, dncnn)).toBe("FORMAT");
    expect(refused({ ...fine, "2.weight": zeros(5, 5, 2, 1) }, dncnn)).toBe("FORMAT");
    expect(refused({ ...fine, "2.bias": zeros(2) }, dncnn)).toBe("FORMAT");
    expect(refused({ "0.weight": zeros(3, 3, 1, 1) }, dncnn)).toBe("FORMAT");
    const nan = zeros(3, 3, 2, 1);
    nan.data[3] = Number.NaN;
    expect(refused({ ...fine, "2.weight": nan }, dncnn)).toBe("FORMAT");
    const { parameters } = smallN3net(createTape());
    for (const text of [
      "no json",
      "[1]",
      '{"patch":0}',
      '{"patch":4,"stride":5}',
      '{"form":"soft"}',
      '{"k":3}',
    ]) {
      const options = saveDenoisingNetwork(parameters, {
        kind: "n3net",
        sigma: 5,
        options: JSON.parse(JSON.stringify(BLOCK)) as object,
      });
      const changed = Buffer.from(options)
        .toString("latin1")
        .replace(JSON.stringify(JSON.stringify(BLOCK)), () => {
          const own = JSON.stringify(text);
          return own.padEnd(JSON.stringify(JSON.stringify(BLOCK)).length, " ");
        });
      expect(() => loadDenoisingNetwork(Buffer.from(changed, "latin1")), text).toThrow(
        /options are those of a block/,
      );
    }
  });

  test("of 600 damaged files each is read, or refused with a typed error", () => {
    const rng = createRng(3, "damage");
    const files = [
      golden("-dncnn.pt"),
      golden("-n3net.pt"),
      saveDenoisingNetwork(smallDncnn(createTape()).parameters, { kind: "dncnn", sigma: 5 }),
    ];
    const codes = new Set<string>();
    for (let i = 0; i < 600; i++) {
      try {
        loadDenoisingNetwork(mutate(files[i % 3]!, rng));
      } catch (error) {
        if (!isVicinalError(error)) throw error;
        codes.add(error.code);
      }
    }
    expect(
      [...codes].filter(
        (code) => !["FORMAT_UNKNOWN", "FORMAT", "UNSUPPORTED", "LIMIT", "CORRUPT"].includes(code),
      ),
    ).toEqual([]);
  });
});
