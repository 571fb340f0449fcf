import { type Matrix, matrix, type Scalars } from "../../core/index.ts";
import { type Dataset, findDataset, loadDataset, openVectorFile } from "../../data/index.ts";
import { FASHION_CLASSES } from "../../labs/fashion/data.ts";
import { type DataSet, givenFeature, type LoadedSet, propertyOf } from "./dataSet.ts";
import { fashionSpace } from "./fashionSpace.ts";
import type { LearnedSpace } from "./learnedSpace.ts";

/** Grey pictures of 28 × 28 with ten classes, as MNIST and Fashion-MNIST are published. */
interface Kind {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly classes: readonly string[];
  /** Further spaces beside the pixels. */
  readonly learned?: (rows: GreyPictures) => Promise<LearnedSpace>;
}

/** All pictures, those to learn from first. */
export interface GreyPictures {
  readonly pixels: Matrix<Uint8Array>;
  readonly labels: Int32Array;
  /** Pictures from this row on are for testing. */
  readonly train: number;
  readonly cacheDir: string | undefined;
}

const SIDE = 28;

export const FASHION: DataSet = greySet({
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  note: "Grey pictures of clothes, shoes and bags in ten classes.",
  classes: FASHION_CLASSES,
  learned: fashionSpace,
});

export const MNIST: DataSet = greySet({
  name: "mnist",
  title: "MNIST digits",
  note: "Digits written by hand.",
  classes: Array.from({ length: 10 }, (_, i) => String(i)),
});

function greySet(kind: Kind): DataSet {
  const { name, title } = kind;
  return {
    ...{ name, title, kind: "pictures" },
    async count({ dataDir }) {
      const { base, queries } = await findDataset(name, dataDir);
      return (await rowsOf(base!)) + (await rowsOf(queries!));
    },
    async load({ dataDir, cacheDir, signal, onProgress }) {
      return loaded(kind, await loadDataset(name, { dataDir, signal, onProgress }), cacheDir);
    },
  };
}

async function rowsOf(path: string): Promise<number> {
  const reader = await openVectorFile(path);
  const { rows } = reader;
  await reader.close();
  return rows ?? 0;
}

async function loaded(
  { note, classes, learned }: Kind,
  data: Dataset,
  cacheDir: string | undefined,
): Promise<LoadedSet> {
  const { base, queries, labels, queryLabels, info } = data;
  const pixels = joined(base, queries);
  const all = Int32Array.from([...labels!, ...queryLabels!.subarray(0, queries.rows)]);
  const space = await learned?.({ pixels, labels: all, train: base.rows, cacheDir });
  const raw = givenFeature(
    {
      name: "pixels",
      title: "Raw pixels",
      note: `The ${SIDE} × ${SIDE} grey values.`,
      metrics: ["l2", "l1", "cosine"],
      maps: ["umap", "pca"],
      pixels: { side: SIDE, channels: 1 },
    },
    pixels,
    (picture) => Float32Array.from(picture),
  );
  return {
    note,
    count: pixels.rows,
    properties: [
      propertyOf(
        "class",
        Array.from(all, (label) => classes[label]),
        classes,
      ),
      propertyOf(
        "part",
        Array.from(all, (_, i) => (i < base.rows ? "training" : "test")),
        ["training", "test"],
      ),
    ],
    credits: [`${info.credit}; ${info.licence}`],
    pictures: { side: SIDE, channels: 1, pixels: pixels.data },
    features:
      space === undefined
        ? [raw]
        : [{ ...raw, describe: () => ({ ...raw.describe(), ...space.pixelScores() }) }, space.feature],
  };
}

function joined(base: Matrix<Scalars>, queries: Matrix<Scalars>): Matrix<Uint8Array> {
  const data = new Uint8Array((base.rows + queries.rows) * base.cols);
  data.set(base.data);
  data.set(queries.data, base.rows * base.cols);
  return matrix(data, base.cols, base.rows + queries.rows);
}
