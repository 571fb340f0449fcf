import type { BallExports } from "./exports/ball.ts";
import type { CodecExports } from "./exports/codecs.ts";
import type { ConvertExports } from "./exports/convert.ts";
import type { ExactExports } from "./exports/exact.ts";
import type { ForestExports } from "./exports/forest.ts";
import type { GraphExports, ScanExports } from "./exports/graph.ts";
import type { GraphsExports } from "./exports/graphs.ts";
import type { HashExports } from "./exports/hash.ts";
import type { KMeansExports } from "./exports/kmeans.ts";
import type { ListsExports } from "./exports/lists.ts";
import type { QgExports } from "./exports/qg.ts";
import type { TreeExports } from "./exports/trees.ts";
import type { VectorExports } from "./exports/vectors.ts";

/** A byte address in a WebAssembly memory, unsigned. */
export type Ptr = number;

/**
 * Everything the WebAssembly modules export, by area. Each interface lists its functions one to a line, with
 * the parameters of the AssemblyScript function of that name; a test compares names and arities with the
 * compiled modules. Results declared u32 in AssemblyScript arrive as signed numbers: apply `>>> 0`.
 */
export type EngineExports = BallExports &
  BuildExports &
  CodecExports &
  ExactExports &
  ForestExports &
  GraphExports &
  GraphsExports &
  KMeansExports &
  KernelExports &
  ListsExports &
  QgExports &
  ScanExports &
  TreeExports;

/** What wasm/{convert,hash,vectors}.ts export. */
export interface KernelExports extends ConvertExports, HashExports, VectorExports {}

export interface BuildExports {
  /** 1 in the relaxed build, 0 in the plain one. */
  relaxedBuild(): number;
}

/** Name of an exported function. */
export type ExportName = keyof EngineExports;
