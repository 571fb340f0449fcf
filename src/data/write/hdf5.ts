import { type Matrix, parseMetric, type Scalars, VicinalError } from "../../core/index.ts";
import { toFloat32 } from "../elements.ts";
import { freshPath, loadHdf5 } from "../formats/hdf5.ts";
import { writeBytesTo } from "./write.ts";

/** The content of an ann-benchmarks file. */
export interface AnnBenchmarksData {
  train: Matrix<Scalars>;
  test: Matrix<Scalars>;
  /** Row numbers, queries × k. */
  neighbors?: Int32Array;
  /** Distances of the neighbours, queries × k. */
  distances?: Float32Array;
  /** Our metric's name; stored in ann-benchmarks' words (euclidean, angular). */
  metric: string;
}

const WORDS: Readonly<Record<string, string>> = {
  l2: "euclidean",
  l2sq: "euclidean",
  cosine: "angular",
  ip: "ip",
};

function packed(matrix: Matrix<Scalars>): Float32Array | Uint8Array | Int8Array | Float64Array {
  const { rows, cols, stride } = matrix;
  const data = matrix.data instanceof Uint16Array ? toFloat32(matrix.data) : matrix.data;
  if (stride === cols && data.length === rows * cols) return data;
  const out = data.slice(0, rows * cols);
  for (let i = 0; i < rows; i++) out.set(data.subarray(i * stride, i * stride + cols), i * cols);
  return out;
}

/**
 * Writes ann-benchmarks' layout: `train`, `test`, `neighbors`, `distances`, attributes `type`,
 * `distance`, `dimension`, `point_type`. The file is built in memory; needs h5wasm.
 *
 * @param path a file to replace, or undefined
 * @returns the bytes of the file
 * @throws DEPENDENCY_MISSING, BAD_INPUT, FILE
 */
export async function writeAnnBenchmarks(
  path: string | undefined,
  data: AnnBenchmarksData,
): Promise<Uint8Array> {
  const metric = parseMetric(data.metric);
  const { train, test, neighbors, distances } = data;
  if (train.cols !== test.cols) {
    throw new VicinalError("DIM_MISMATCH", { what: "test", got: test.cols, want: train.cols });
  }
  for (const [name, cells] of Object.entries({ neighbors, distances })) {
    if (cells !== undefined && (test.rows === 0 || cells.length % test.rows !== 0)) {
      throw new VicinalError("BAD_INPUT", {
        what: name,
        got: `${cells.length} cells`,
        rule: `a multiple of ${test.rows} queries`,
      });
    }
  }
  const { h5, files } = await loadHdf5("writing HDF5");
  const inner = freshPath();
  const file = new h5.File(inner, "w");
  try {
    const add = (name: string, values: ReturnType<typeof packed> | Int32Array, shape: number[]): void => {
      file.create_dataset({ name, data: values, shape });
    };
    add("train", packed(train), [train.rows, train.cols]);
    add("test", packed(test), [test.rows, test.cols]);
    if (neighbors !== undefined) add("neighbors", neighbors, [test.rows, neighbors.length / test.rows]);
    if (distances !== undefined) add("distances", distances, [test.rows, distances.length / test.rows]);
    file.create_attribute("type", "dense");
    file.create_attribute("distance", WORDS[metric] ?? metric);
    file.create_attribute("dimension", train.cols, null, "<i");
    file.create_attribute("point_type", "float");
    file.close();
    const bytes = files.readFile(inner).slice();
    if (path !== undefined) await writeBytesTo(path, [bytes]);
    return bytes;
  } finally {
    files.unlink(inner);
  }
}
