import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Plane } from "../../apply/index.ts";
import { VicinalError } from "../../core/index.ts";
import { dataRoots, readImage } from "../../data/index.ts";
import { SET12 } from "./published.ts";

/** Grey pictures without noise. */
export interface TestSet {
  readonly name: "Set12" | "BSD68";
  /** Whole, so that published means are of the same pictures. */
  readonly whole: boolean;
  readonly pictures: readonly { readonly name: string; readonly clean: Plane }[];
}

const NAMES = ["Set12", "BSD68"] as const;
const COUNTS = { Set12: 12, BSD68: 68 } as const;
/** Folders below a root in which the sets lie: ours, and those of the DnCNN repository. */
const PLACES = ["denoise", "testsets", "DnCNN/testsets", "."];

/** A quick run takes so many pictures of a set, and a square of so many pixels out of the middle of each. */
const QUICK = { pictures: 2, side: 96 };

/**
 * The sets that are at hand; for a quick run a piece of two pictures of the first.
 *
 * @throws VicinalError DATASET_MISSING, FORMAT, DEPENDENCY_MISSING
 */
export async function loadTestSets(dataDir: string | undefined, quick: boolean): Promise<TestSet[]> {
  const folders = dataRoots(dataDir).flatMap((root) => PLACES.map((place) => join(root, place)));
  const found: TestSet[] = [];
  for (const name of NAMES) {
    for (const folder of folders) {
      const files = await picturesIn(join(folder, name));
      if (files.length === 0) continue;
      found.push(await readSet(name, files, quick));
      break;
    }
    if (quick && found.length > 0) break;
  }
  if (found.length > 0) return found;
  const looked = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const fix =
    "take the folder testsets of github.com/cszn/DnCNN as denoise/ of a data folder (name it with --data or VICINAL_DATA)";
  throw new VicinalError("DATASET_MISSING", { name: "Set12 or BSD68", looked, fix });
}

async function picturesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => [] as string[]);
  return files
    .filter((file) => file.endsWith(".png"))
    .sort()
    .map((file) => join(folder, file));
}

async function readSet(name: TestSet["name"], files: readonly string[], quick: boolean): Promise<TestSet> {
  const taken = quick ? files.slice(0, QUICK.pictures) : files;
  const pictures = await Promise.all(
    taken.map(async (file, i) => {
      const clean = await readGrey(file);
      const own = /[^/\\]+(?=\.png$)/.exec(file)![0];
      const called = name === "Set12" && files.length === COUNTS.Set12 ? SET12[i]! : own;
      return { name: called, clean: quick ? middle(clean, QUICK.side) : clean };
    }),
  );
  return { name, whole: !quick && pictures.length === COUNTS[name], pictures };
}

export async function readGrey(file: string): Promise<Plane> {
  const { width, height, channels, data } = await readImage(file);
  if (channels !== 1) {
    throw new VicinalError("FORMAT", { what: file, rule: "a grey picture", got: `${channels} channels` });
  }
  return { width, height, data: Float32Array.from(data, (v) => v / 255) };
}

/** A rectangle out of a picture, as far as it reaches. */
export function crop(
  { width, height, data }: Plane,
  left: number,
  top: number,
  cols: number,
  rows: number,
): Plane {
  const [w, h] = [Math.min(cols, width - left), Math.min(rows, height - top)];
  const out = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    const from = (top + y) * width + left;
    out.set(data.subarray(from, from + w), y * w);
  }
  return { width: w, height: h, data: out };
}

function middle(image: Plane, side: number): Plane {
  const start = (size: number): number => Math.max(0, (size - side) >> 1);
  return crop(image, start(image.width), start(image.height), side, side);
}
