import { VicinalError } from "../core/index.ts";
import { looksLikeIdx } from "./formats/idx.ts";
import { looksLikeWord2vec } from "./formats/word2vec.ts";
import type { VectorFormat } from "./table.ts";

/** Endings of file names, for formats that do not begin with a magic number. */
const BY_ENDING: Readonly<Record<string, VectorFormat>> = {
  npy: "npy",
  npz: "npz",
  fvecs: "fvecs",
  bvecs: "bvecs",
  ivecs: "ivecs",
  fbin: "fbin",
  u8bin: "u8bin",
  i8bin: "i8bin",
  ibin: "ibin",
  idx: "idx",
  csv: "csv",
  tsv: "csv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  txt: "text",
  vec: "text",
  bin: "word2vec",
  hdf5: "hdf5",
  h5: "hdf5",
  parquet: "parquet",
};

/** Names of all formats, and the endings that stand for them. */
export const VECTOR_FORMATS: readonly VectorFormat[] = [...new Set(Object.values(BY_ENDING))];
export const VECTOR_ENDINGS: readonly string[] = Object.keys(BY_ENDING).map((ending) => `.${ending}`);

/** Rows whose beginning could by chance look like an IDX header. */
const BINARY_WITHOUT_MAGIC: readonly VectorFormat[] = [
  "fvecs",
  "bvecs",
  "ivecs",
  "fbin",
  "u8bin",
  "i8bin",
  "ibin",
];

/** The format named by a file's ending, `.gz` left aside. */
export function formatOfName(name: string): VectorFormat | undefined {
  const plain = name.replace(/\.gz$/i, "");
  if (/idx\d-ubyte$/i.test(plain)) return "idx";
  const ending = /\.([a-z0-9]+)$/i.exec(plain)?.[1]?.toLowerCase();
  return ending !== undefined && Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
}

/** The format of (unpacked) bytes: by their magic where there is one, else by name. @throws FORMAT_UNKNOWN */
export function detectFormat(head: Uint8Array, name: string): VectorFormat {
  const starts = (text: string): boolean => {
    for (let i = 0; i < text.length; i++) if (head[i] !== text.charCodeAt(i)) return false;
    return head.length >= text.length;
  };
  if (starts("\x93NUMPY")) return "npy";
  if (starts("PK\x03\x04") || starts("PK\x05\x06")) return "npz";
  if (starts("\x89HDF\r\n\x1a\n")) return "hdf5";
  if (starts("PAR1")) return "parquet";
  const named = formatOfName(name);
  if (looksLikeIdx(head) && (named === undefined || !BINARY_WITHOUT_MAGIC.includes(named))) return "idx";
  // Other vector files are also called .bin; only word2vec's says what it is.
  if (named === "word2vec" && !looksLikeWord2vec(head)) {
    throw new VicinalError("FORMAT_UNKNOWN", {
      what: `${name} (not word2vec's .bin)`,
      known: VECTOR_ENDINGS,
    });
  }
  if (named === undefined) throw new VicinalError("FORMAT_UNKNOWN", { what: name, known: VECTOR_ENDINGS });
  return named;
}
