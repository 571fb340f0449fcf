import {
  type Metric,
  oneOf,
  parseMetric,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../../core/index.ts";
import type { CreateOptions } from "../../contract.ts";
import type { GraphCodes } from "../../parts/spec.ts";
import type { RowOptions } from "../../rowOptions.ts";
import { checkRowOptions, support } from "../../support.ts";

export interface FlatGraphOptions extends CreateOptions {
  /** Candidates kept while a row looks for its links. More builds slower and links better. */
  efConstruction?: number;
  /** Candidates kept while searching, unless a search says otherwise. */
  efSearch?: number;
  /** What the graph is built and searched over: the vectors, 7-bit or 8-bit codes. */
  codes?: "none" | "sq7" | "sq8";
  /** Over codes: keep the vectors too and score the best candidates again by them. */
  refine?: boolean;
}

export const FLAT_GRAPH_DEFAULTS: Required<FlatGraphOptions> = {
  dimension: 0,
  metric: "l2",
  dtype: "f32",
  seed: 42,
  efConstruction: 200,
  efSearch: 64,
  codes: "none",
  refine: true,
};

type FlatKind = "NNDescent" | "Vamana" | "ANNG" | "ONNG";

/** Options of a flat graph, checked: those that all have, over the defaults of its kind. */
export function checkFlatOptions<O extends Required<FlatGraphOptions>>(
  kind: FlatKind,
  defaults: O,
  given: Partial<O>,
): Readonly<O> {
  const options = resolveOptions<O>(defaults, given);
  const metric: Metric = parseMetric(options.metric);
  checkRowOptions({ ...options, metric });
  wholeNumber("efConstruction", options.efConstruction, 1, 100_000);
  wholeNumber("efSearch", options.efSearch, 1, 0x7fffffff);
  oneOf("codes", options.codes, ["none", "sq7", "sq8"]);
  const where = support(kind, metric, options.dtype, options.codes !== "none");
  if (where !== undefined) {
    const what = `${kind} over ${options.dtype} vectors with metric ${metric}`;
    throw new VicinalError("UNSUPPORTED", { what, rule: where });
  }
  return { ...options, metric };
}

/** How a flat graph keeps its rows. */
export function flatRows({
  dimension,
  metric,
  dtype,
  codes,
  refine,
}: Required<FlatGraphOptions>): RowOptions {
  return {
    ...{ dimension, metric, dtype, codes },
    keepVectors: codes === "none" || refine,
    augment: metric === "ip",
  };
}

/** The options that a specification's codes stand for. */
export function codesOf({ codes, refine }: GraphCodes): Pick<Required<FlatGraphOptions>, "codes" | "refine"> {
  if (codes === undefined) return { codes: "none", refine: true };
  return { codes: codes === "SQ7" ? "sq7" : "sq8", refine };
}

/** The same in a specification's words. */
export function codesText({ codes, refine }: Pick<Required<FlatGraphOptions>, "codes" | "refine">): string {
  return codes === "none" ? "" : `,${codes.toUpperCase()}${refine ? ",Refine" : ""}`;
}
