import type { Key } from "../../contract.ts";
import type { KindOfIndex, RowShape } from "../../kind.ts";
import type { Spec } from "../../parts/spec.ts";
import { type FlatFacts, flatEstimate, flatFile } from "../common/flatKind.ts";
import { codesOf } from "../common/options.ts";
import { VAMANA_DEFAULTS, VamanaIndex, type VamanaOptions } from "./vamana.ts";

type Own = Pick<Required<VamanaOptions>, "R" | "alpha">;

function optionsOf(spec: Spec): Pick<Required<VamanaOptions>, "R" | "codes" | "refine"> {
  if (spec.kind !== "Vamana") return VAMANA_DEFAULTS;
  return { R: spec.R, ...codesOf(spec) };
}

/** DiskANN's graphs. */
export const VAMANA: KindOfIndex = {
  name: "Vamana",
  options: ["efConstruction", "efSearch"],
  create(spec, options) {
    const { R, codes, refine } = optionsOf(spec);
    return new VamanaIndex({ ...options, R, codes, refine });
  },
  estimate(spec, n, shape) {
    const { R, codes, refine } = optionsOf(spec);
    return flatEstimate(n, shape, { capacity: R, codes, refine });
  },
  file: flatFile(
    (f): Own => ({ R: f.whole("R", 4, 500), alpha: f.number("alpha", 1) }),
    <Name extends Key>(shape: RowShape, { R, alpha, efConstruction, codes, refine }: FlatFacts & Own) =>
      new VamanaIndex<Name>({ ...shape, R, alpha, efConstruction, codes, refine }),
  ),
};
