import { isVicinalError, runAsync } from "../../core/index.ts";
import { loadDataset, syntheticJob } from "../../data/index.ts";
import { loadEmoji } from "../emoji/dataset.ts";
import { pixelVectors } from "../emoji/vectors.ts";
import { count } from "../numbers.ts";
import type { ResolvedLabOptions } from "../options.ts";
import { floats } from "../rows.ts";
import { heldOut, type StudyInput } from "../study.ts";

/** The data sets of the lab that are at hand; the emoji where none of them is. */
export async function annSets(options: ResolvedLabOptions): Promise<StudyInput[]> {
  const { quick } = options;
  const sets: StudyInput[] = [];
  for (const [name, title, note] of PUBLISHED) {
    const set = await published(name, title, note, options);
    if (set !== undefined) sets.push(set);
    if (quick && sets.length > 0) return sets;
  }
  return sets.length > 0 ? sets : [await emoji(options)];
}

const PUBLISHED = [
  [
    "fashion-mnist",
    "Fashion-MNIST",
    "28 × 28 grey pictures of clothes as 784 raw pixel values; the queries are test images.",
  ],
  [
    "bsds-sift",
    "SIFT descriptors",
    "Descriptors of 128 numbers from photographs; the queries come from other photographs.",
  ],
] as const;

async function published(
  name: string,
  title: string,
  note: string,
  { dataDir, quick, signal, log }: ResolvedLabOptions,
): Promise<StudyInput | undefined> {
  try {
    const { base, queries } = await loadDataset(name, { dataDir, signal, ...(quick ? { limit: 5000 } : {}) });
    const most = quick ? 100 : 500;
    return { name, title, note, base: floats(base, base.rows), queries: floats(queries, most) };
  } catch (error) {
    if (!isVicinalError(error, "DATASET_MISSING")) throw error;
    log(`${title} is not at hand: ${error.params.fix}.`);
    return undefined;
  }
}

async function emoji(options: ResolvedLabOptions): Promise<StudyInput> {
  const { seed, quick, signal, onProgress, cacheDir } = options;
  const set = await loadEmoji({ signal, onProgress, cacheDir });
  const { base, queries } = heldOut(pixelVectors(set), quick ? 100 : 500, seed);
  return {
    name: "emoji",
    title: "Emoji drawings",
    note: `${count(base.rows)} drawings in ${set.credits.length} styles as 768 colour values; the queries are drawings taken out. A small set: what pays here may not pay on a large one.`,
    base,
    queries,
  };
}

/** A million vectors; generated, the same for a seed on every machine. */
export async function million({ seed, signal, onProgress }: ResolvedLabOptions): Promise<StudyInput> {
  const job = syntheticJob({ n: 1_000_000, d: 128, queries: 500, seed });
  const { base, queries } = await runAsync(job, { signal, onProgress });
  return {
    name: "million",
    title: "A million generated vectors",
    note: "Clusters of low intrinsic dimension in 128 dimensions: what large collections ask of an index.",
    base,
    queries,
  };
}
