import { VicinalError } from "../../core/index.ts";
import type { FactoryOptions, Key } from "../contract.ts";
import { type Fail, fileForm, type KindOfIndex, type RowShape } from "../kind.ts";
import { BLOCK_ROWS } from "../lists/codec.ts";
import { estimateLists } from "../lists/kind.ts";
import { checkLists } from "../lists/validate.ts";
import { parseSpec, type Spec } from "../parts/spec.ts";
import { ScannIndex } from "./scann.ts";

const MOST = 0xffff_fffe;
const MOST_LISTS = 16_777_216;

interface Facts {
  readonly spec: string;
  readonly threshold: number;
  readonly lambda: number;
  readonly nlist: number;
  readonly trainedRows: number;
  readonly rounds: number;
  readonly repaired: number;
  readonly blocks: number;
}

function make<K extends Key>(
  spec: Spec,
  shape: RowShape & Pick<FactoryOptions, "nprobe" | "threshold" | "lambda">,
): ScannIndex<K> {
  if (spec.kind !== "ScaNN")
    throw new VicinalError("FORMAT", { what: "ScaNN", rule: "its spec is one of ScaNN" });
  const { nlist, soar } = spec;
  return new ScannIndex<K>({ ...shape, nlist, soar });
}

/** Score-aware codes in lists. */
export const SCANN: KindOfIndex = {
  name: "ScaNN",
  options: ["nprobe", "threshold", "lambda"],
  create: (spec, options) => make(spec, options),
  estimate: (spec, n, shape) => estimateLists(make(spec, shape), n),
  file: fileForm<Facts, ScannIndex>({
    facts: (f) => ({
      spec: f.text("spec", 200),
      threshold: f.number("threshold", 0, 1),
      lambda: f.number("lambda", 0),
      nlist: f.whole("nlist", 1, MOST_LISTS),
      trainedRows: f.whole("trainedRows", 0, MOST),
      rounds: f.whole("rounds", 0, 1_000_000),
      repaired: f.whole("repaired", 0, Number.MAX_SAFE_INTEGER),
      blocks: f.whole("blocks", 0, MOST / BLOCK_ROWS),
    }),
    create: <K extends Key>(shape: RowShape, { spec, threshold, lambda }: Facts) =>
      make<K>(parseSpec(spec), { ...shape, threshold, lambda }),
    expect(index, facts) {
      index.restoreTraining(facts);
      index.restoreLists(facts.nlist);
      index.lists.expectBlocks(facts.blocks);
      if (facts.trainedRows > 0) index.lists.parts.coarse?.expectCount(index.lists.nlist);
    },
    restore: (index, _facts, fail: Fail) => checkLists(index, fail),
  }),
};
