import type { Space } from "../../kernels/space.ts";
import { OpqTrainer } from "../../quantize/opq.ts";
import { PqCodec } from "../../quantize/pqCodec.ts";
import { RabitqCodec } from "../../quantize/rabitqCodec.ts";
import { SqCodec } from "../../quantize/sqCodec.ts";
import type { ListCodes } from "../parts/spec.ts";
import type { ListCodec, TurnTrainer } from "./codec.ts";

/** What a codec is made for. */
export interface CodecShape {
  /** Dimensions of what is coded. */
  readonly dimension: number;
  /** Ranks are squared L2 (rows of unit length under cosine), or −dot. */
  readonly ip: boolean;
  /** Lists with a centroid each; 0 for one list without. */
  readonly nlist: number;
  /** Parts of the rotation that rows go through first; 0 for none. */
  readonly turned: number;
  /** Vectors are kept, and compared with in the end. */
  readonly refine: boolean;
  readonly seed: number;
}

/** The codec that a specification names; undefined for `Flat`, whose rows are compared themselves. */
export function makeCodec(codes: ListCodes, space: Space, shape: CodecShape): ListCodec | undefined {
  const coded = { dimension: shape.dimension, ip: shape.ip, residual: shape.nlist > 0, seed: shape.seed };
  switch (codes.kind) {
    case "PQ":
      return new PqCodec(space, coded, codes);
    case "SQ":
      return new SqCodec(space, coded, codes.bits);
    case "RaBitQ":
      return new RabitqCodec(space, coded);
    default:
      return undefined;
  }
}

/** How rotations before codes are learnt. */
export function trainTurn(space: Space, codes: ListCodes): TurnTrainer {
  const nbits = codes.kind === "PQ" ? codes.nbits : 8;
  return (sample, options, into) => new OpqTrainer(space, sample, { ...options, nbits }).train(into);
}
