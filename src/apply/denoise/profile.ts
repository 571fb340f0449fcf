import { type BlockTransform, bior15, cosine } from "./transforms.ts";

/** Parameters of one pass of BM3D; intensities are from 0 to 255. */
export interface PassProfile {
  /** Of blocks, in the plane. */
  readonly transform: BlockTransform;
  /** Side of a block, in pixels. */
  readonly side: number;
  /** Pixels from one reference block to the next. */
  readonly step: number;
  /** After a group of fewer coefficients the next block of a row is side − 1 pixels away. */
  readonly few: number;
  /** Most blocks of a group. */
  readonly most: number;
  /** How far from the reference block others are looked for, in each direction. */
  readonly radius: number;
  /** Largest mean squared difference of blocks of a group. */
  readonly limit: number;
}

/** Parameters of BM3D: a pass that drops small coefficients, and one that shrinks by what that pass gave. */
export interface Profile {
  readonly hard: PassProfile;
  readonly wiener: PassProfile;
  /** Coefficients up to so many deviations of the noise are dropped. */
  readonly threshold: number;
  /** Shape of Kaiser's window. */
  readonly beta: number;
}

/** Noise from which on the parameters for strong noise are taken. */
const STRONG = 40;

/**
 * The normal profile of the authors' program. Beyond a deviation of 40 its blocks of the second pass are larger and
 * its groups admit more.
 *
 * @see Dabov, Foi, Katkovnik & Egiazarian 2007; for strong noise Hou, Zhao, Yang & Cheng 2011
 */
export function profileFor(sigma: number): Profile {
  const strong = sigma > STRONG;
  const around = { radius: 19 };
  return {
    hard: strong
      ? { ...around, transform: bior15(8), side: 8, step: 4, few: 3, most: 32, limit: 25_000 }
      : { ...around, transform: bior15(8), side: 8, step: 3, few: 8, most: 16, limit: 3000 },
    wiener: strong
      ? { ...around, transform: cosine(11), side: 11, step: 6, few: 0, most: 32, limit: 3500 }
      : { ...around, transform: cosine(8), side: 8, step: 3, few: 0, most: 32, limit: 400 },
    threshold: strong ? 2.8 : 2.7,
    beta: 2,
  };
}
