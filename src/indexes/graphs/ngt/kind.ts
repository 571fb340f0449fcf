import type { Key } from "../../contract.ts";
import type { KindOfIndex, RowShape } from "../../kind.ts";
import type { Spec } from "../../parts/spec.ts";
import { type FlatFacts, flatEstimate, flatFile } from "../common/flatKind.ts";
import { codesOf } from "../common/options.ts";
import { ANNG_DEFAULTS, AnngIndex, type AnngOptions } from "./anng.ts";
import { ngtCapacity } from "./ngt.ts";
import { OnngIndex, type OnngOptions } from "./onng.ts";

type AnngFacts = FlatFacts & Pick<Required<AnngOptions>, "edges" | "epsilon">;
type OnngFacts = AnngFacts & Pick<Required<OnngOptions>, "inward">;

function optionsOf(spec: Spec): Pick<Required<AnngOptions>, "edges" | "codes" | "refine"> {
  if (spec.kind !== "ANNG" && spec.kind !== "ONNG") return ANNG_DEFAULTS;
  return { edges: spec.edges, ...codesOf(spec) };
}

const estimate: KindOfIndex["estimate"] = (spec, n, shape) => {
  const { edges, codes, refine } = optionsOf(spec);
  return flatEstimate(n, shape, { capacity: ngtCapacity(edges), codes, refine });
};

/** NGT's graphs of nearest rows, linked both ways. */
export const ANNG: KindOfIndex = {
  name: "ANNG",
  options: ["efConstruction", "efSearch"],
  create(spec, options) {
    const { edges, codes, refine } = optionsOf(spec);
    return new AnngIndex({ ...options, edges, codes, refine });
  },
  estimate,
  file: flatFile(
    (f) => ({ edges: f.whole("edges", 2, 500), epsilon: f.number("epsilon", 0) }),
    <Name extends Key>(shape: RowShape, facts: AnngFacts) => {
      const { edges, epsilon, efConstruction, codes, refine } = facts;
      return new AnngIndex<Name>({ ...shape, edges, epsilon, efConstruction, codes, refine });
    },
  ),
};

/** NGT's graphs with degrees and paths adjusted. */
export const ONNG: KindOfIndex = {
  name: "ONNG",
  options: ["efConstruction", "efSearch"],
  create(spec, options) {
    const { edges, codes, refine } = optionsOf(spec);
    return new OnngIndex({ ...options, edges, codes, refine });
  },
  estimate,
  file: flatFile(
    (f) => ({
      edges: f.whole("edges", 2, 500),
      epsilon: f.number("epsilon", 0),
      inward: f.whole("inward", 1, 20),
    }),
    <Name extends Key>(shape: RowShape, facts: OnngFacts) => {
      const { edges, epsilon, inward, efConstruction, codes, refine } = facts;
      return new OnngIndex<Name>({ ...shape, edges, epsilon, inward, efConstruction, codes, refine });
    },
  ),
};
