import { type Job, oneOf, resolveOptions } from "../../core/index.ts";
import { bm3d } from "./bm3d.ts";
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

/** Methods there are, in ascending order of what is to be expected of them. */
export const DENOISERS: readonly Denoiser[] = [
  {
    name: "nlm",
    title: "non-local means",
    start(image, settings, options) {
      const { average } = resolveOptions<Required<NlmOptions>>({ average: "patches" }, options);
      oneOf("average", average, ["patches", "pixels"]);
      return scaled(image, (plane) => nlm(plane, { ...settings, average }));
    },
  },
  {
    name: "bm3d",
    title: "BM3D",
    start(image, settings, options) {
      const { estimate } = resolveOptions<Required<Bm3dOptions>>({ estimate: "final" }, options);
      oneOf("estimate", estimate, ["final", "basic"]);
      return scaled(image, (plane) => bm3d(plane, { ...settings, estimate }));
    },
  },
];

/** Runs a job that works on intensities from 0 to 255. */
function* scaled({ width, height, data }: Plane, start: (image: Plane) => Job<Plane>): Job<Plane> {
  const out = yield* start({ width, height, data: data.map((v) => v * 255) });
  return { width, height, data: out.data.map((v) => v / 255) };
}
