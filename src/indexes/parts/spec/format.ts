import type { ListCodes, Spec } from "./types.ts";

/** The canonical text of a specification: `HNSW` becomes `HNSW32`, `IVF4k,Flat` becomes `IVF4096,Flat`. */
export function formatSpec(spec: Spec): string {
  switch (spec.kind) {
    case "HNSW":
      return joined(`HNSW${spec.M}`, spec.codes, spec.refine && "Refine");
    case "RPForest":
      return `RPForest${spec.trees}`;
    case "NNDescent":
      return joined(`NNDescent${spec.K}`, spec.codes, spec.refine && "Refine");
    case "ANNG":
    case "ONNG":
      return joined(`${spec.kind}${spec.edges}`, spec.codes, spec.refine && "Refine");
    case "Vamana":
      return joined(`Vamana${spec.R}`, spec.codes, spec.refine && "Refine");
    case "QG":
      return `QG${spec.M}`;
    case "ScaNN":
      return joined(`ScaNN${spec.nlist ?? ""}`, spec.soar && "SOAR");
    case "Lists": {
      const { opq, nlist, coarse, codes, refine } = spec;
      const turn = opq && `OPQ${opq.m}${opq.dimension === undefined ? "" : `_${opq.dimension}`}`;
      const lists = nlist !== undefined && `IVF${nlist}${coarse === undefined ? "" : `_HNSW${coarse.M}`}`;
      return joined(turn, lists, formatCodes(codes), refine && "Refine");
    }
    default:
      return spec.kind;
  }
}

function formatCodes(codes: ListCodes): string {
  switch (codes.kind) {
    case "Flat":
      return "Flat";
    case "SQ":
      return `SQ${codes.bits}`;
    case "PQ":
      return `PQ${codes.m}${codes.nbits === 8 ? "" : "x4"}${codes.fastScan ? "fs" : ""}`;
    case "RaBitQ":
      return "RaBitQ";
  }
}

function joined(...words: readonly (string | false | undefined)[]): string {
  return words.filter(Boolean).join(",");
}
