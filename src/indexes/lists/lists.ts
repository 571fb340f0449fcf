import { type Metric, parseMetric, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { CreateOptions, Key } from "../contract.ts";
import { formatSpec, type ListCodes, type OpqSpec, type Spec } from "../parts/spec.ts";
import { checkRowOptions, support } from "../support.ts";
import { makeCodec, trainTurn } from "./codecs.ts";
import { ListedIndex } from "./listed.ts";

export interface ListsOptions extends CreateOptions {
  /** Lists, each with a centroid; undefined for one list of all rows (flat codes). */
  nlist?: number;
  /** How rows are stored: `Flat` for the vectors themselves. */
  codes?: ListCodes;
  /** Rows are turned by a trained rotation first (OPQ). */
  opq?: OpqSpec;
  /** Over codes: keep the vectors too and score the best candidates again by them. */
  refine?: boolean;
  /** Lists to look into, unless a search says otherwise; default the square root of their number. */
  nprobe?: number;
}

export const LISTS_DEFAULTS: Required<Omit<ListsOptions, "nlist" | "opq" | "nprobe">> &
  Pick<ListsOptions, "nlist" | "opq" | "nprobe"> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  nlist: undefined,
  codes: { kind: "Flat" },
  opq: undefined,
  refine: false,
  nprobe: undefined,
};

type Resolved = typeof LISTS_DEFAULTS & { metric: Metric };

/**
 * Rows in lists, each around a centroid of k-means; a search looks into the lists of the `nprobe` nearest centroids. Rows
 * are compared themselves or by codes. Inverted file: Sivic & Zisserman, ICCV 2003; with codes: Jégou, Douze & Schmid,
 * TPAMI 2011 (doi:10.1109/TPAMI.2010.57). Without `nlist` all rows are in one list: flat codes.
 *
 * Rows are scanned until there are enough to train on. Training is repeated whenever the rows have doubled, as long as
 * the vectors are there, until {@link SAMPLE_PER_LIST} a list have trained.
 */
export class ListsIndex<K extends Key = Key> extends ListedIndex<K> {
  readonly kind = "Lists";
  readonly options: Readonly<Resolved>;
  readonly spec: string;
  readonly searchParams: readonly string[];

  constructor(given: ListsOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, codes, refine, nlist, opq, seed } = options;
    const coded = opq?.dimension ?? dimension;
    const ip = metric === "ip";
    const shape = { dimension: coded, ip, nlist: nlist ?? 0, turned: opq?.m ?? 0, refine, seed };
    super({
      rows: { dimension, metric, dtype },
      seed,
      keepVectors: codes.kind === "Flat" || refine,
      nlist,
      nprobe: nlist === undefined ? undefined : (options.nprobe ?? Math.ceil(Math.sqrt(nlist))),
      dimension: coded,
      opq: opq && { train: (space) => trainTurn(space, codes), m: opq.m },
      codec: (space) => makeCodec(codes, space, shape),
      spill: undefined,
    });
    this.options = options;
    this.spec = formatSpec(specOf(options));
    this.searchParams = [...(nlist === undefined ? [] : ["nprobe"]), ...(refine ? ["rerank"] : [])];
    if (this.lists.parts.codec === undefined && codes.kind !== "Flat") {
      throw new VicinalError("UNSUPPORTED", { what: this.spec, rule: "its codes are Flat" });
    }
  }
}

function specOf({ opq, nlist, codes, refine }: Pick<Resolved, "opq" | "nlist" | "codes" | "refine">): Spec {
  return { kind: "Lists", opq, nlist, coarse: undefined, codes, refine };
}

function checkOptions(given: ListsOptions): Readonly<Resolved> {
  const options = resolveOptions<typeof LISTS_DEFAULTS>(LISTS_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  const { nlist, nprobe, codes, refine, opq } = options;
  if (nlist !== undefined) wholeNumber("nlist", nlist, 1, 16_777_216);
  if (nprobe !== undefined) wholeNumber("nprobe", nprobe, 1, 0x7fffffff);
  const what = `${formatSpec(specOf(options))} over ${options.dtype} vectors with metric ${metric}`;
  const rule = support("Lists", metric, options.dtype, codes.kind !== "Flat");
  if (rule !== undefined) throw new VicinalError("UNSUPPORTED", { what, rule });
  if (nlist === undefined && codes.kind === "Flat") {
    throw new VicinalError("UNSUPPORTED", { what, rule: "vectors in one list are a Flat index" });
  }
  if (refine && codes.kind === "Flat") {
    throw new VicinalError("UNSUPPORTED", { what, rule: "Flat is exact within its lists; leave Refine out" });
  }
  if (opq !== undefined && (opq.dimension ?? options.dimension) > options.dimension) {
    throw new VicinalError("UNSUPPORTED", {
      what,
      rule: `a rotation to at most ${options.dimension} dimensions`,
    });
  }
  return { ...options, metric };
}
