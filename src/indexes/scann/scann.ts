import { type Metric, parseMetric, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import { AnisotropicPqCodec } from "../../quantize/anisotropicCodec.ts";
import type { CreateOptions, Key } from "../contract.ts";
import { ListedIndex } from "../lists/listed.ts";
import { formatSpec } from "../parts/spec.ts";
import type { SavedStructure } from "../snapshot.ts";
import { checkRowOptions, support } from "../support.ts";

export interface ScannOptions extends CreateOptions {
  /** Lists of the partition; undefined for about the square root of the rows, followed as they grow. */
  nlist?: number;
  /** Each row is put into a second list too, chosen so that searches seldom miss both (SOAR). */
  soar?: boolean;
  /** Lists to look into, unless a search says otherwise; default the square root of their number. */
  nprobe?: number;
  /**
   * Share of a row's norm, 0 … below 1, from which on its product with a unit query makes it an answer: how much more codes
   * care for errors along the row. Default 0.2 for ip and cosine; 0 for l2, which is plain product quantization.
   */
  threshold?: number;
  /** Under SOAR, how much the second list avoids the direction of the error in the first, >= 0; default 1. */
  lambda?: number;
}

export const SCANN_DEFAULTS: Required<Omit<ScannOptions, "nlist" | "nprobe" | "threshold">> &
  Pick<ScannOptions, "nlist" | "nprobe" | "threshold"> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  nlist: undefined,
  soar: false,
  nprobe: undefined,
  threshold: undefined,
  lambda: 1,
};

/** For ip and cosine. Under l2 rows have no direction of their own: all may lie far to one side of the origin. */
const THRESHOLD = 0.2;
const MOST_LISTS = 16_777_216;
const MOST_LAMBDA = 1000;

type Resolved = typeof SCANN_DEFAULTS & { metric: Metric; threshold: number };

/**
 * ScaNN: rows in lists around the centroids of k-means, as 4-bit codes of pairs of components, which are chosen for the
 * products that make answers; the best candidates are compared by their vectors. Guo et al., ICML 2020 (arXiv:1908.10396);
 * second lists: Sun et al., SOAR, NeurIPS 2023 (arXiv:2404.00774).
 *
 * Without `nlist` the lists are made anew whenever the rows have doubled, about the square root of the rows in number.
 */
export class ScannIndex<K extends Key = Key> extends ListedIndex<K> {
  readonly kind = "ScaNN";
  readonly options: Readonly<Resolved>;
  readonly spec: string;
  readonly searchParams: readonly string[] = ["nprobe", "rerank"];

  constructor(given: ScannOptions) {
    const options = checkOptions(given);
    const { dimension, metric, dtype, nlist, soar, seed, threshold } = options;
    // Unit vectors are ranked by distance: the lengths of what codes stand for say something of what they miss.
    const shape = { dimension, ip: metric === "ip", residual: true, seed };
    super({
      rows: { dimension, metric, dtype },
      seed,
      keepVectors: true,
      nlist: nlist ?? 1,
      nprobe: options.nprobe ?? (nlist && Math.ceil(Math.sqrt(nlist))),
      dimension,
      opq: undefined,
      codec: (space) => new AnisotropicPqCodec(space, shape, threshold),
      spill: soar ? options.lambda : undefined,
    });
    this.options = options;
    this.spec = formatSpec({ kind: "ScaNN", nlist, soar });
  }

  override listsFor(rows: number): number {
    return this.options.nlist ?? Math.max(1, Math.round(Math.sqrt(rows)));
  }

  protected override get enoughRows(): number {
    return this.options.nlist === undefined ? Infinity : super.enoughRows;
  }

  override savedStructure(): SavedStructure {
    const { facts, sections, sizes } = super.savedStructure();
    const { threshold, lambda } = this.options;
    return { facts: { ...facts, threshold, lambda, nlist: this.lists.nlist }, sections, sizes };
  }

  /** Takes over how many lists a file has, where the rows said how many. @internal */
  restoreLists(nlist: number): void {
    this.lists.resize(this.options.nlist ?? nlist);
  }

  protected override details(): Record<string, number | string> {
    const eta = Math.round(100 * (this.lists.parts.codec as AnisotropicPqCodec).eta) / 100;
    return { ...super.details(), eta };
  }
}

function checkOptions(given: ScannOptions): Readonly<Resolved> {
  const options = resolveOptions<typeof SCANN_DEFAULTS>(SCANN_DEFAULTS, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  const { nlist, nprobe, soar, lambda } = options;
  if (nlist !== undefined) wholeNumber("nlist", nlist, 1, MOST_LISTS);
  if (nprobe !== undefined) wholeNumber("nprobe", nprobe, 1, 0x7fffffff);
  const threshold = options.threshold ?? (metric === "ip" || metric === "cosine" ? THRESHOLD : 0);
  within("threshold", threshold, 0, 0.99);
  within("lambda", lambda, 0, MOST_LAMBDA);
  const what = `${formatSpec({ kind: "ScaNN", nlist, soar })} over ${options.dtype} vectors with metric ${metric}`;
  const rule = support("ScaNN", metric, options.dtype, true);
  if (rule !== undefined) throw new VicinalError("UNSUPPORTED", { what, rule });
  return { ...options, metric, threshold };
}

function within(option: string, got: number, low: number, high: number): void {
  if (typeof got !== "number" || !(got >= low && got <= high)) {
    throw new VicinalError("OPTION_RANGE", { option, got, rule: `a number from ${low} to ${high}` });
  }
}
