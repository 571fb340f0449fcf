export type RefusalCode =
  | "BAD_REQUEST"
  | "BAD_JSON"
  | "BAD_NAME"
  | "KEY_NEEDED"
  | "HOST_REFUSED"
  | "ORIGIN_REFUSED"
  | "NOT_FOUND"
  | "COLLECTION_UNKNOWN"
  | "JOB_UNKNOWN"
  | "NOT_ACCEPTABLE"
  | "TIMED_OUT"
  | "BUILDING"
  | "CODES_ONLY"
  | "COLLECTION_EXISTS"
  | "LENGTH_NEEDED"
  | "TOO_LARGE"
  | "MEDIA_TYPE"
  | "HEADERS_TOO_LARGE"
  | "INTERNAL"
  | "OVERLOADED"
  | "NOT_READY";

/**
 * What the server itself refuses, apart from errors of the library: status and title by code. Listed in
 * docs/server.md; a test compares.
 */
export const REFUSALS: Readonly<Record<RefusalCode, { status: number; title: string }>> = {
  BAD_REQUEST: { status: 400, title: "Bad request" },
  BAD_JSON: { status: 400, title: "Bad JSON" },
  BAD_NAME: { status: 400, title: "Bad name" },
  KEY_NEEDED: { status: 401, title: "Key needed" },
  HOST_REFUSED: { status: 403, title: "Host refused" },
  ORIGIN_REFUSED: { status: 403, title: "Origin refused" },
  NOT_FOUND: { status: 404, title: "Not found" },
  COLLECTION_UNKNOWN: { status: 404, title: "No such collection" },
  JOB_UNKNOWN: { status: 404, title: "No such job" },
  NOT_ACCEPTABLE: { status: 406, title: "Not acceptable" },
  TIMED_OUT: { status: 408, title: "Request timed out" },
  BUILDING: { status: 409, title: "Index under way" },
  CODES_ONLY: { status: 409, title: "Only codes kept" },
  COLLECTION_EXISTS: { status: 409, title: "Collection exists" },
  LENGTH_NEEDED: { status: 411, title: "Length needed" },
  TOO_LARGE: { status: 413, title: "Too large" },
  MEDIA_TYPE: { status: 415, title: "Unsupported media type" },
  HEADERS_TOO_LARGE: { status: 431, title: "Headers too large" },
  INTERNAL: { status: 500, title: "Internal error" },
  OVERLOADED: { status: 503, title: "Overloaded" },
  NOT_READY: { status: 503, title: "Not ready" },
};

/** A request that is refused for what it is, not for what its vectors are: value, rule, fix. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  /** Of the answer, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: RefusalCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return REFUSALS[this.code].status;
  }
}

/** More than can be done now; trying again soon is welcome. */
export function overloaded(what: string): Refusal {
  return new Refusal("OVERLOADED", `${what}; try again in a moment.`, { "retry-after": "1" });
}
