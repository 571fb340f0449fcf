import { metricBlockBytes } from "./metricBlock.ts";
import type { RowStore } from "./rows.ts";
import type { Space } from "./space.ts";
import { type GraphScorer, type ScanScorer, type ScorerFields, STRICT_KINDS } from "./structs.ts";

// Which scorer of wasm/ compares the rows of a store, and where it finds them.

/** How a graph or a scan over codes (or vectors, when there are no codes) scores rows. */
export function graphScorer(space: Space, rows: RowStore): { name: GraphScorer; fields: ScorerFields } {
  const { codes, dtype, metric } = rows.options;
  if (codes !== "none") {
    const { codeBytes } = rows;
    const fields = {
      base: space.ptr("codes"),
      stride: codeBytes,
      bytes: codeBytes,
      norms: space.ptr("norms"),
    };
    return { name: codes === "sq7" ? "l2Codes7" : "l2U8", fields };
  }
  const byMetric = { l1: ["l1F32", "l1U8"], linf: ["linfF32", "linfU8"] } as const;
  let name: GraphScorer = dtype === "f32" ? "l2F32" : "l2U8";
  if (dtype === "bits") name = "hamming";
  else if (metric === "l1" || metric === "linf") name = byMetric[metric][dtype === "f32" ? 0 : 1];
  return { name, fields: vectorFields(space, rows) };
}

/** How an exact scan scores rows: vectors where there are any, else codes. */
export function scanScorer(space: Space, rows: RowStore): { name: ScanScorer; fields: ScorerFields } {
  if (!rows.hasVectors) return graphScorer(space, rows);
  const { dtype, metric } = rows.options;
  const fields = vectorFields(space, rows);
  if (metricBlockBytes(rows.options) > 0) {
    return { name: "numbers", fields: { ...fields, params: space.ptr("metric") } };
  }
  if (dtype === "f32") {
    const names = { l1: "l1F32", linf: "linfF32", ip: "ipF32" } as const;
    return {
      name: metric === "l1" || metric === "linf" || metric === "ip" ? names[metric] : "l2F32",
      fields,
    };
  }
  if (metric === "ip") return { name: dtype === "u8" ? "ipU8" : "ipI8", fields };
  if (metric === "cosine") return { name: dtype === "u8" ? "cosineU8" : "cosineI8", fields };
  return { name: graphScorer(space, rows).name, fields };
}

/** The strict kernel that gives the metric's rank on stored float32 vectors. */
export function strictKind(rows: RowStore): number {
  const { metric } = rows.options;
  if (metric === "ip" || metric === "l1" || metric === "linf") return STRICT_KINDS[metric];
  return STRICT_KINDS.l2;
}

function vectorFields(space: Space, rows: RowStore): ScorerFields {
  return { base: space.ptr("vectors"), stride: rows.rowBytes, bytes: rows.rowBytes, norms: 0 };
}
