import { type Metric, VicinalError } from "../../core/index.ts";

/** What a file of a data set holds. */
export type FileRole = "base" | "queries" | "truth" | "labels" | "queryLabels";

/** Where one file can be fetched, and how to know that it arrived unharmed. */
export interface DownloadSource {
  /** Name under which it is kept. */
  readonly file: string;
  readonly url: string;
  /** SHA-256 of the file as fetched. */
  readonly sha256?: string;
  /** SHA-256 of its content once gunzipped; holds for any packing of it. */
  readonly unpackedSha256?: string;
  /** Member to take out of a zip archive; the archive itself is not kept. */
  readonly member?: string;
}

/** What is known of a data set without opening it. */
export interface DatasetInfo {
  readonly name: string;
  readonly description: string;
  readonly licence: string;
  readonly credit: string;
  /** Rows × components of the base, as published. */
  readonly shape: string;
  readonly metric: Metric;
  /** Folders below a data folder in which its files are looked for. */
  readonly folders: readonly string[];
  /** Sets of files that make it up, the first complete one counts; `.gz` may be missing from a name. */
  readonly variants: readonly Partial<Record<FileRole, string>>[];
  readonly sources: readonly DownloadSource[];
  /** What to do by hand where nothing can be fetched. */
  readonly manual?: string;
}

const FASHION = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/";
const MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/";

const idx = (test: string): Partial<Record<FileRole, string>> => ({
  base: "train-images-idx3-ubyte.gz",
  labels: "train-labels-idx1-ubyte.gz",
  queries: `${test}-images-idx3-ubyte.gz`,
  queryLabels: `${test}-labels-idx1-ubyte.gz`,
});

const ENTRIES: readonly DatasetInfo[] = [
  {
    name: "fashion-mnist",
    description: "60,000 pictures of clothes, 28 × 28 grey, ten labels; the test pictures as queries",
    licence: "MIT",
    credit: "Fashion-MNIST, Zalando SE (Xiao, Rasul, Vollgraf, 2017)",
    shape: "60000 × 784 u8",
    metric: "l2",
    folders: ["fashion-mnist"],
    variants: [idx("t10k"), idx("test9k")],
    sources: [
      {
        file: "train-images-idx3-ubyte.gz",
        url: `${FASHION}train-images-idx3-ubyte.gz`,
        unpackedSha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      },
      {
        file: "train-labels-idx1-ubyte.gz",
        url: `${FASHION}train-labels-idx1-ubyte.gz`,
        unpackedSha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      },
      {
        file: "t10k-images-idx3-ubyte.gz",
        url: `${FASHION}t10k-images-idx3-ubyte.gz`,
        sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
      },
      {
        file: "t10k-labels-idx1-ubyte.gz",
        url: `${FASHION}t10k-labels-idx1-ubyte.gz`,
        sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
      },
    ],
  },
  {
    name: "mnist",
    description: "60,000 handwritten digits, 28 × 28 grey, ten labels; the test digits as queries",
    licence: "none stated by the mirrors (the original page: CC BY-SA 3.0)",
    credit: "MNIST, LeCun, Cortes, Burges (1998)",
    shape: "60000 × 784 u8",
    metric: "l2",
    folders: ["mnist"],
    variants: [idx("t10k")],
    sources: [
      {
        file: "train-images-idx3-ubyte.gz",
        url: `${MNIST}train-images-idx3-ubyte.gz`,
        unpackedSha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      },
      {
        file: "train-labels-idx1-ubyte.gz",
        url: `${MNIST}train-labels-idx1-ubyte.gz`,
        unpackedSha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      },
      {
        file: "t10k-images-idx3-ubyte.gz",
        url: `${MNIST}t10k-images-idx3-ubyte.gz`,
        unpackedSha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      },
      {
        file: "t10k-labels-idx1-ubyte.gz",
        url: `${MNIST}t10k-labels-idx1-ubyte.gz`,
        unpackedSha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
      },
    ],
  },
  {
    name: "siftsmall",
    description: "10,000 SIFT descriptors with 100 queries and their published 100 nearest neighbours",
    licence: "none stated (TEXMEX; the descriptors are offered for research)",
    credit: "ANN_SIFT10K, Jégou, Douze, Schmid (INRIA, 2011)",
    shape: "10000 × 128 f32",
    metric: "l2",
    folders: ["siftsmall", "sift"],
    variants: [
      {
        base: "siftsmall_base.fvecs",
        queries: "siftsmall_query.fvecs",
        truth: "siftsmall_groundtruth.ivecs",
      },
    ],
    sources: [],
    manual:
      "its publisher serves it by FTP only: fetch ftp://ftp.irisa.fr/local/texmex/corpus/siftsmall.tar.gz with an FTP program and unpack it into one of these folders",
  },
  {
    name: "bsds-sift",
    description: "50,000 SIFT descriptors of photographs with 500 queries and exact neighbours",
    licence: "as the photographs (BSDS500: non-commercial research and education)",
    credit: "computed from the DnCNN training and BSD68 test images (BSDS500, UC Berkeley)",
    shape: "50000 × 128 u8",
    metric: "l2",
    folders: ["bsds-sift", "sift"],
    variants: [
      {
        base: "bsds-sift_base.bvecs",
        queries: "bsds-sift_query.bvecs",
        truth: "bsds-sift_groundtruth.ivecs",
      },
    ],
    sources: [],
    manual:
      "it is not published anywhere; copy bsds-sift_{base,query}.bvecs and bsds-sift_groundtruth.ivecs there",
  },
  {
    name: "glove",
    description: "GloVe word vectors trained on Twitter, 25 dimensions",
    licence: "PDDL (public domain)",
    credit: "GloVe, Pennington, Socher, Manning (Stanford, 2014)",
    shape: "1193514 × 25 f32 (10425 frequent words in the small copy)",
    metric: "cosine",
    folders: ["glove", "words"],
    variants: [{ base: "glove.twitter.27B.25d.txt" }, { base: "glove-twitter-25d.txt" }],
    sources: [
      {
        file: "glove.twitter.27B.25d.txt",
        url: "https://nlp.stanford.edu/data/glove.twitter.27B.zip",
        sha256: "792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c",
        member: "glove.twitter.27B.25d.txt",
      },
    ],
  },
  {
    name: "glove-6b",
    description: "GloVe word vectors trained on Wikipedia and Gigaword, 50 dimensions",
    licence: "PDDL (public domain)",
    credit: "GloVe, Pennington, Socher, Manning (Stanford, 2014)",
    shape: "400000 × 50 f32 (2446 most frequent in the small copy)",
    metric: "cosine",
    folders: ["glove", "words"],
    variants: [{ base: "glove.6B.50d.txt" }, { base: "glove-6B-50d-top2k.txt" }],
    sources: [
      {
        file: "glove.6B.50d.txt",
        url: "https://nlp.stanford.edu/data/glove.6B.zip",
        sha256: "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
        member: "glove.6B.50d.txt",
      },
    ],
  },
  {
    name: "word2vec",
    description: "Google News word vectors, 300 dimensions",
    licence: "none stated (code: Apache-2.0)",
    credit: "word2vec, Mikolov et al. (Google, 2013)",
    shape: "3000000 × 300 f32 (7200 frequent words in the small copy)",
    metric: "cosine",
    folders: ["word2vec", "words"],
    variants: [
      { base: "GoogleNews-vectors-negative300.bin.gz" },
      { base: "word2vec-googlenews-300d.txt.gz" },
    ],
    sources: [],
    manual:
      "its publisher offers it on Google Drive only, from https://code.google.com/archive/p/word2vec: put GoogleNews-vectors-negative300.bin.gz into one of these folders",
  },
  {
    name: "synthetic",
    description: "generated clusters of low intrinsic dimension, the same for a seed on every machine",
    licence: "none needed",
    credit: "generated by this library",
    shape: "100000 × 128 f32",
    metric: "l2",
    folders: [],
    variants: [],
    sources: [],
  },
];

/** All named data sets. */
export function listDatasets(): readonly DatasetInfo[] {
  return ENTRIES;
}

/** @throws DATASET_UNKNOWN */
export function datasetInfo(name: string): DatasetInfo {
  const found = ENTRIES.find((entry) => entry.name === name);
  if (found === undefined) {
    throw new VicinalError("DATASET_UNKNOWN", {
      got: String(name),
      known: ENTRIES.map((entry) => entry.name),
    });
  }
  return found;
}
