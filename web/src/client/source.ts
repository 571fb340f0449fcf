import type {
  FeatureSpace,
  JobProgress,
  NeighboursAnswer,
  NeighboursRequest,
  SetDetails,
  SetSummary,
} from "../../../src/server/protocol.ts";

/** Rows end to end, as long as there are columns. */
export interface Vectors {
  readonly data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Int8Array<ArrayBuffer>;
  readonly rows: number;
  readonly columns: number;
}

/** What everything that may take long accepts. */
export interface Waiting {
  /** Aborting rejects with the signal's reason, and stops the work. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: JobProgress) => void) | undefined;
}

export type MapMethod = FeatureSpace["maps"][number];

/** Where the pages get everything from: the server that serves them, or an engine in the page itself. */
export interface Source {
  readonly engine: "server" | "page";
  /** Data sets, those that are not at hand included (`missing` then says why). */
  listSets(): Promise<readonly SetSummary[]>;
  details(set: string): Promise<SetDetails>;
  /** Forgets what was read of a set, once something was made that changes it. */
  refresh(set: string): void;
  /** Address of a sheet of pictures, for an `<img>` or a background; see placeOf(). */
  sheet(set: string, n: number): Promise<string>;
  vectors(set: string, feature: string, waiting?: Waiting): Promise<Vectors>;
  /** A place in the plane for each row: two columns. */
  map(set: string, feature: string, method: MapMethod, waiting?: Waiting): Promise<Vectors>;
  neighbours(set: string, request: NeighboursRequest, waiting?: Waiting): Promise<NeighboursAnswer>;
  /**
   * POSTs to a path of the server's below /api/ and waits for the end of the job that it starts, or for the answer
   * when there is one at once. The page's own engine refuses with code NEEDS_SERVER.
   */
  run<T>(path: string, body: unknown, waiting?: Waiting): Promise<T>;
}

/** What went wrong, as the server or the library says it: value, rule, fix. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  /** One of docs/errors.md, or LOST (no answer), NEEDS_SERVER. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether a failure is only that somebody stopped waiting. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
