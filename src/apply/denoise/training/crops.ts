import type { Batch, Loader } from "../../../autodiff/index.ts";
import { createRng, type Rng, VicinalError } from "../../../core/index.ts";
import type { Plane } from "../plane.ts";

export interface CropOptions {
  /** Deviation of the noise, of intensities from 0 to 255. */
  readonly sigma: number;
  /** Side of a crop in pixels. */
  readonly crop: number;
  /** Crops a step. */
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
}

/** Square crops one after another, row-major. */
export interface Crops {
  readonly clean: Float32Array;
  readonly noisy: Float32Array;
}

/** Batches of crops as a function of seed and step alone: whatever learns from them sees the same. */
export interface CropLoader extends Loader {
  /** The crops of a step, new arrays. */
  crops(batch: Pick<Batch, "rows" | "rng">): Crops;
}

/**
 * Crops at random places of pictures drawn at random by their area, turned and mirrored at random, with noise of their
 * own.
 *
 * @throws VicinalError BAD_INPUT for no pictures, or one smaller than a crop
 */
export function cropLoader(
  pictures: readonly Plane[],
  { sigma, crop, batch, steps, seed }: CropOptions,
): CropLoader {
  const ends = endsOf(pictures, crop);
  const total = ends.at(-1)!;
  const size = crop * crop;
  return {
    stepsPerEpoch: steps,
    description: `${pictures.length} pictures of ${total} places, ${batch} crops of ${crop}, sigma ${sigma}, seed ${seed}`,
    at(step) {
      const rng = createRng(seed, `crops of step ${step}`);
      const rows = Uint32Array.from({ length: batch }, () => {
        const place = rng.below(total);
        return ends.findIndex((end) => place < end);
      });
      return { rows, step, epoch: 0, rng };
    },
    crops({ rows, rng }) {
      const clean = new Float32Array(rows.length * size);
      rows.forEach((row, i) => {
        cutCrop(pictures[row]!, crop, rng, clean.subarray(i * size, (i + 1) * size));
      });
      const noisy = clean.map((value) => value + (sigma / 255) * rng.normal());
      return { clean, noisy };
    },
  };
}

/** Places that crops can have in the pictures up to each one. */
function endsOf(pictures: readonly Plane[], crop: number): number[] {
  const fail = (got: string, rule: string): never => {
    throw new VicinalError("BAD_INPUT", { what: "pictures", got, rule });
  };
  if (pictures.length === 0) return fail("none", "at least one");
  let sum = 0;
  return pictures.map(({ width, height }, i) => {
    if (width < crop || height < crop) {
      const rule = `each at least ${crop} × ${crop}, as crops are; leave it out or take smaller crops`;
      return fail(`picture ${i} of ${width} × ${height}`, rule);
    }
    sum += (width - crop + 1) * (height - crop + 1);
    return sum;
  });
}

/** One of the eight ways a square can lie, of a square at a random place. */
function cutCrop({ width, height, data }: Plane, side: number, rng: Rng, out: Float32Array): void {
  const [left, top] = [rng.below(width - side + 1), rng.below(height - side + 1)];
  const way = rng.below(8);
  const [across, down] = [way & 1 ? -1 : 1, way & 2 ? -width : width];
  const start = (top + (way & 2 ? side - 1 : 0)) * width + left + (way & 1 ? side - 1 : 0);
  const [inner, outer] = way & 4 ? [down, across] : [across, down];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) out[y * side + x] = data[start + y * outer + x * inner]!;
  }
}
