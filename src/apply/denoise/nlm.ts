import { HEAP_START, Machine, ptr } from "../../autodiff/wasm/machine.ts";
import type { Job } from "../../core/index.ts";
import { mirrored, type Plane } from "./plane.ts";

/** Non-local means of a grey picture. */
export interface NlmSettings {
  /** Deviation of the noise, of intensities from 0 to 255; above 0. */
  readonly sigma: number;
  readonly threads: number;
  /** Means of whole patches, laid over one another, or of the pixels in their centres. */
  readonly average: "patches" | "pixels";
}

/** Sizes and the filter's strength. */
export interface NlmProfile {
  /** How far a patch goes from its centre, in each direction. */
  readonly reach: number;
  /** How far from its centre others are looked for. */
  readonly radius: number;
  /** h over σ: how fast weights fall with the distance of patches. */
  readonly strength: number;
}

const PROFILES: readonly (NlmProfile & { readonly upTo: number })[] = [
  { upTo: 15, reach: 1, radius: 10, strength: 0.4 },
  { upTo: 30, reach: 2, radius: 10, strength: 0.4 },
  { upTo: 45, reach: 3, radius: 17, strength: 0.35 },
  { upTo: 75, reach: 4, radius: 17, strength: 0.35 },
  { upTo: Number.POSITIVE_INFINITY, reach: 5, radius: 17, strength: 0.3 },
];

/** Parameters for grey pictures after Buades, Coll & Morel, "Non-local means denoising", IPOL 2011; the last beyond 100, too. */
export function nlmProfile(sigma: number): NlmProfile {
  return PROFILES.find(({ upTo }) => sigma <= upTo)!;
}

/** Rows that a thread works on at a time. */
const BAND = 16;
/** Elements that kernels may read behind a row. */
const SLACK = 8;

/** Intensities from 0 to 255, in an estimate of the same shape. */
export function* nlm(
  image: Plane,
  settings: NlmSettings,
  profile: NlmProfile = nlmProfile(settings.sigma),
): Job<Plane> {
  const machine = new Machine(settings.threads, "auto");
  try {
    const { width, height } = image;
    const { reach } = profile;
    const patches = settings.average === "patches";
    const pitch = Math.ceil(width / 4) * 4 + SLACK;
    const padded = mirrored(image, width + 2 * reach + SLACK, height + 2 * reach, -reach, -reach);
    const place = HEAP_START / 4;
    const [sums, largest, values] = [0, 1, 2].map(
      (i) => place + padded.data.length + 2 * SLACK + i * pitch * height,
    ) as [number, number, number];
    machine.reserve(values + pitch * height);
    machine.heap.set(padded.data, place);
    const shape = machine.struct([width, height, padded.width, pitch, reach, profile.radius, BAND]);
    const origin = ptr(place + reach * padded.width + reach);
    const h = (profile.strength * settings.sigma) ** 2;
    const scales = [1 / (h * (2 * reach + 1) ** 2), (2 * settings.sigma ** 2) / h];
    const bands = Math.ceil(height / BAND);
    const total = patches ? 2 * bands : bands;
    const step = Math.max(settings.threads, Math.ceil(2 ** 16 / (BAND * width)));
    const run = function* (name: string, arrays: readonly number[], done: number): Job<void> {
      for (let band = 0; band < bands; band += step) {
        const count = Math.min(step, bands - band);
        machine.room(0, machine.call("meansScratch", [shape]));
        machine.run(name, [shape, origin, ...scales, ...arrays.map(ptr), band], count, 1);
        yield { phase: "non-local means", done: done + band + count, total };
      }
    };
    yield* run("meansOfPixels", [sums, largest, values], 0);
    const at = (array: number) => machine.heap.subarray(array, array + pitch * height);
    if (patches) {
      ownWeights(at(sums), at(largest), at(values));
      yield* run("meansOfPatches", [sums, largest, values], bands);
    }
    const [s, l, v] = [at(sums), at(largest), at(values)];
    const data = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * pitch + x;
        const own = l[i]! > 0 ? l[i]! : 1;
        data[y * width + x] = patches
          ? v[i]! / (covering(y, height, reach) * covering(x, width, reach))
          : (v[i]! + own * image.data[y * width + x]!) / (s[i]! + own);
      }
    }
    return { width, height, data };
  } finally {
    machine.dispose();
  }
}

/** From what the first kernel wrote to what the second reads: shares, weights of patches for themselves, empty sums. */
function ownWeights(sums: Float32Array, largest: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sums.length; i++) {
    const own = largest[i]! > 0 ? largest[i]! : 1;
    largest[i] = own;
    sums[i] = 1 / (sums[i]! + own);
    values[i] = 0;
  }
}

/** Patches of a line of n pixels that cover pixel i. */
function covering(i: number, n: number, reach: number): number {
  return Math.min(i + reach, n - 1) - Math.max(i - reach, 0) + 1;
}
