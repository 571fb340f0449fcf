import { type Dtype, type Metric, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "./contract.ts";
import { defaultDtype } from "./support.ts";

/** The dtype that keeps vectors as they are given, where the metric's graphs take it. */
export function dtypeOf(vectors: VectorsInput, metric: Metric): Dtype {
  if (metric === "hamming") return "bits";
  const first = ArrayBuffer.isView(vectors)
    ? vectors
    : ((vectors as { data?: unknown })?.data ?? (vectors as unknown[])?.[0]);
  const graphs = metric !== "cosine" && metric !== "ip";
  if (graphs && first instanceof Uint8Array) return "u8";
  if (graphs && first instanceof Int8Array) return "i8";
  return defaultDtype(metric);
}

/** Components of a vector, as far as the input tells. */
export function dimensionOf(vectors: VectorsInput, dtype: Dtype): number {
  const bits = dtype === "bits" ? 8 : 1;
  if (typeof vectors === "object" && vectors !== null) {
    if ("cols" in vectors && typeof vectors.cols === "number") return vectors.cols * bits;
    if (!ArrayBuffer.isView(vectors)) {
      const first = (vectors as readonly unknown[])[0];
      if (typeof first === "object" && first !== null && "length" in first && Number(first.length) > 0) {
        return Number(first.length) * (ArrayBuffer.isView(first) ? bits : 1);
      }
    }
  }
  throw new VicinalError("BAD_INPUT", {
    what: "dimension",
    got: "missing",
    rule: "given with vectors that come end to end in one array, or with none",
  });
}
