import type { Key } from "../../contract.ts";
import type { KindOfIndex, RowShape } from "../../kind.ts";
import type { Spec } from "../../parts/spec.ts";
import { type FlatFacts, flatEstimate, flatFile } from "../common/flatKind.ts";
import { codesOf } from "../common/options.ts";
import { capacityOf, NNDESCENT_DEFAULTS, NNDescentIndex, type NNDescentOptions } from "./nndescent.ts";

function optionsOf(spec: Spec): Pick<Required<NNDescentOptions>, "K" | "codes" | "refine"> {
  if (spec.kind !== "NNDescent") return NNDESCENT_DEFAULTS;
  return { K: spec.K, ...codesOf(spec) };
}

/** Graphs of nearest neighbours found by NN-descent. */
export const NNDESCENT: KindOfIndex = {
  name: "NNDescent",
  options: ["efConstruction", "efSearch"],
  create(spec, options) {
    const { K, codes, refine } = optionsOf(spec);
    return new NNDescentIndex({ ...options, K, codes, refine });
  },
  estimate(spec, n, shape) {
    const { K, codes, refine } = optionsOf(spec);
    return flatEstimate(n, shape, { capacity: capacityOf(K), codes, refine });
  },
  file: flatFile(
    (f) => ({ K: f.whole("K", 2, 500) }),
    <Name extends Key>(shape: RowShape, { K, efConstruction, codes, refine }: FlatFacts & { K: number }) =>
      new NNDescentIndex<Name>({ ...shape, K, efConstruction, codes, refine }),
  ),
};
