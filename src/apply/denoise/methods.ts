import { type Job, oneOf, resolveOptions } from "../../core/index.ts";
import { bm3d } from "./bm3d.ts";
import { startNetwork } from "./networks/run.ts";
import type { DenoisingNetwork } from "./networks/weights.ts";
import { nlm } from "./nlm.ts";
import type { Plane } from "./plane.ts";

/** What every method is told. */
export interface DenoiserSettings {
  /** Deviation of the noise, of intensities from 0 to 255; above 0. */
  readonly sigma: number;
  readonly threads: number;
}

/** A method of removing noise: one row of {@link DENOISERS}. */
export interface Denoiser {
  readonly name: string;
  readonly title: string;
  /** Whether it is a network, which needs its option `network`: see {@link loadDenoisingNetwork}. */
  readonly learned: boolean;
  /** Estimates a grey picture with pixels in [0, 1]. `options` are its own; others are refused. */
  start(image: Plane, settings: DenoiserSettings, options: object): Job<Plane>;
}

export interface NlmOptions {
  /** Means of whole patches, laid over one another (default), or of the pixels in their centres. */
  average?: "patches" | "pixels";
}

export interface Bm3dOptions {
  /** The estimate of both passes (default), or that of the first. */
  estimate?: "final" | "basic";
}

export interface NetworkOptions {
  /** What the method has learned, by {@link loadDenoisingNetwork}. */
  network: DenoisingNetwork;
}

/** Methods there are, in ascending order of what is to be expected of them. */
export const DENOISERS: readonly Denoiser[] = [
  {
    name: "nlm",
    title: "non-local means",
    learned: false,
    start(image, settings, options) {
      const { average } = resolveOptions<Required<NlmOptions>>({ average: "patches" }, options);
      oneOf("average", average, ["patches", "pixels"]);
      return scaled(image, (plane) => nlm(plane, { ...settings, average }));
    },
  },
  {
    name: "bm3d",
    title: "BM3D",
    learned: false,
    start(image, settings, options) {
      const { estimate } = resolveOptions<Required<Bm3dOptions>>({ estimate: "final" }, options);
      oneOf("estimate", estimate, ["final", "basic"]);
      return scaled(image, (plane) => bm3d(plane, { ...settings, estimate }));
    },
  },
  {
    name: "dncnn",
    title: "DnCNN",
    learned: true,
    start: (image, settings, options) => startNetwork("dncnn", image, settings, options),
  },
  {
    name: "n3net",
    title: "N3Net",
    learned: true,
    start: (image, settings, options) => startNetwork("n3net", image, settings, options),
  },
];

/** Runs a job that works on intensities from 0 to 255. */
function* scaled({ width, height, data }: Plane, start: (image: Plane) => Job<Plane>): Job<Plane> {
  const out = yield* start({ width, height, data: data.map((v) => v * 255) });
  return { width, height, data: out.data.map((v) => v / 255) };
}
