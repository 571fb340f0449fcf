// What the server and the web app say to each other in JSON. Types alone, since the web app imports this file too.
// Paths of what is only read look like files, so that a folder of files can stand in for the server.

/** GET /api/sets/index.json */
export interface SetList {
  readonly sets: readonly SetSummary[];
}

export interface SetSummary {
  /** As in its paths: /api/sets/{name}/… */
  readonly name: string;
  readonly title: string;
  readonly kind: "pictures" | "words" | "items";
  readonly count: number;
  /** Why it is listed though it is not at hand, and what to do about it; otherwise absent. */
  readonly missing?: string;
}

/** GET /api/sets/{set}/set.json */
export interface SetDetails extends SetSummary {
  /** A sentence on what it holds. */
  readonly note: string;
  /** Names of rows, as long as there are rows; absent where a label says enough. */
  readonly titles?: readonly string[];
  /** What rows have in common: classes, styles, authors. */
  readonly properties: readonly Property[];
  /** Spaces in which its rows have neighbours; the first is shown first. */
  readonly features: readonly FeatureSpace[];
  /**
   * Present for pictures: GET /api/sets/{set}/sheets/{n}.png holds rows n · perSheet …, line by line, on white or black
   * ground as they are. Channels: 1 grey, 3 colours.
   */
  readonly sheets?: {
    readonly side: number;
    readonly columns: number;
    readonly perSheet: number;
    readonly channels: 1 | 3;
  };
  /** Whom to name wherever its rows are shown. */
  readonly credits: readonly string[];
}

export interface Property {
  readonly name: string;
  readonly values: readonly string[];
  /** For each row the place of its value in `values`; -1 where it has none. */
  readonly of: readonly number[];
}

/** GET /api/sets/{set}/features/{name}.npy holds its vectors. */
export interface FeatureSpace {
  readonly name: string;
  readonly title: string;
  readonly dimension: number;
  /** What may be asked for; the first is the one meant. */
  readonly metrics: readonly string[];
  /** Type of the file of its vectors. */
  readonly dtype: "u8" | "f32";
  /** Maps there are: GET /api/sets/{set}/maps/{feature}.{method}.npy, float32 of shape count × 2 (may answer 202). */
  readonly maps: readonly ("umap" | "pca")[];
  /**
   * Present where a vector is a picture's own numbers from 0 to 255, line by line, so that a picture from outside can be
   * a query; three channels are red, green and blue of each place.
   */
  readonly pixels?: { readonly side: number; readonly channels: 1 | 3 };
  /** A sentence on what it is or how it was learned. */
  readonly note?: string;
  /** What neighbours in this space tell, measured; spaces of a set bear the same names for the same measure. */
  readonly scores?: readonly Score[];
  /** True where the server embeds pictures from outside: a query may be given as {@link NeighboursRequest.pixels}. */
  readonly embeds?: boolean;
  /** Not made yet: POST /api/sets/{set}/features/{name} starts the job that makes it and takes about so long. */
  readonly toMake?: { readonly seconds: number };
}

export interface Score {
  /** What is told, such as "recall@1 across styles". */
  readonly name: string;
  readonly value: number;
}

/** POST /api/sets/{set}/neighbours */
export interface NeighboursRequest {
  readonly feature: string;
  readonly metric: string;
  /** Specification of an index, such as "HNSW16,SQ7,Refine". */
  readonly index: string;
  /** Of its search, such as efSearch. */
  readonly params?: Readonly<Record<string, number>>;
  readonly k: number;
  /** The query is one of three. A row of the set, */
  readonly row?: number;
  /** a vector of the feature's own dimension, */
  readonly vector?: readonly number[];
  /** or, where the feature embeds, a picture of the size of those on the set's sheets, numbers from 0 to 255 line by line. */
  readonly pixels?: readonly number[];
}

export interface NeighboursAnswer {
  /** By looking at every row; a row that is the query is left out. */
  readonly exact: RankedRows;
  readonly approximate: RankedRows;
  /** Share of the exact neighbours that the approximate ones hold, by distance. */
  readonly recall: number;
  /** How the index came about. */
  readonly built: { readonly seconds: number; readonly bytes: number; readonly spec: string };
}

export interface RankedRows {
  readonly rows: readonly number[];
  readonly distances: readonly number[];
  /** In the engine alone, the best of a few repetitions. */
  readonly milliseconds: number;
}

/**
 * Answer, with status 202, of whatever takes long: its course is at /api/jobs/{job}/events, DELETE /api/jobs/{job} stops it.
 * What a GET, or a POST for neighbours, answers so is being made: when the job has ended, ask again. The answer to any
 * other POST is the job's result.
 */
export interface JobStarted {
  readonly job: string;
}

/** Server-sent events of a job: `progress` many times, then one of `result`, `failed` (a Problem) and `aborted`. */
export interface JobProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** GET /api/jobs/{job}; GET /api/jobs lists them as `jobs`. */
export interface JobStatus {
  readonly job: string;
  /** What it does, in a few words. */
  readonly what: string;
  readonly state: "running" | "result" | "failed" | "aborted";
  readonly progress?: JobProgress;
}

/**
 * POST /api/sweeps, a job: each index in turn is built over the rows of a set that are not queries, and measured, as
 * sweepHeldOut() of vicinal/evaluate does. Its progress is a {@link SweepProgress}, its result a {@link SweepReport}.
 */
export interface SweepRequest {
  readonly set: string;
  readonly feature: string;
  readonly metric: string;
  readonly k: number;
  /** How many rows, spread over the set, are held back to be the queries. */
  readonly queries: number;
  readonly indexes: readonly SweepEntry[];
}

/** An index, and the values to try for parameters of its search; with none, its defaults. */
export interface SweepEntry {
  readonly index: string;
  readonly params: Readonly<Record<string, readonly number[]>>;
}

export interface SweepProgress extends JobProgress {
  /** All that was measured so far: the index being measured has some of its points, or none yet. */
  readonly report?: SweepReport;
}

/** The form of `vicinal eval --json`: evaluationReport() of vicinal/evaluate. */
export interface SweepReport {
  readonly dataset: {
    readonly n: number;
    readonly d: number;
    readonly queries: number;
    readonly metric: string;
    readonly k: number;
  };
  readonly results: readonly SweepResult[];
}

export interface SweepResult {
  readonly index: string;
  readonly buildSeconds: number;
  readonly bytes: number;
  readonly points: readonly SweepPoint[];
  readonly chosen?: SweepPoint;
}

export interface SweepPoint {
  readonly params: Readonly<Record<string, number>>;
  readonly recall: number;
  readonly qps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly batchQps?: number;
}

/** What every refusal holds, as application/problem+json (RFC 9457). */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  /** The message of the error: value, rule, fix. */
  readonly detail: string;
  /** One of docs/errors.md. */
  readonly code: string;
}

/** GET /api/recommend/index.json */
export interface ShelfList {
  readonly shelves: readonly ShelfSummary[];
}

/** Things of which one may be recommended for another: books, artists. */
export interface ShelfSummary {
  /** As in its paths: /api/recommend/{name}/… */
  readonly name: string;
  readonly title: string;
  /** What one of its things is called: "book". */
  readonly thing: string;
  /** Why it is listed though it is not at hand, and what to do about it; otherwise absent. */
  readonly missing?: string;
}

/** GET /api/recommend/{shelf}/shelf.json; 202 and a JobStarted while it has yet to be learned. */
export interface ShelfDetails extends ShelfSummary {
  /** A sentence on what it was learned from. */
  readonly note: string;
  readonly titles: readonly string[];
  readonly properties: readonly Property[];
  /** Ways to be near, such as with and without the layer of neighbours; the first is shown first. */
  readonly spaces: readonly ShelfSpace[];
  readonly credits: readonly string[];
}

export interface ShelfSpace {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  /** Whether GET /api/recommend/{shelf}/maps/{space}.npy holds float32 of shape count × 2. */
  readonly map: boolean;
}

/** GET /api/recommend/{shelf}/similar.json?item=12&space=plain&k=12 */
export interface SimilarItems {
  readonly items: readonly SimilarItem[];
}

export interface SimilarItem {
  readonly item: number;
  /** The larger the nearer; what it is, its space's note tells. */
  readonly score: number;
  /** What both have in common: pages that both link to, listeners, the same author. */
  readonly why: readonly string[];
}

/** GET /api/pictures/index.json; /api/pictures/{name}.png is one. */
export interface PictureList {
  readonly pictures: readonly { readonly name: string; readonly title: string }[];
}
