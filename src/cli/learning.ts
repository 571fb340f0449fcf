import { createRng, type Matrix, permutation, VicinalError } from "../core/index.ts";
import { type Architecture, inputScaling } from "../learn/index.ts";
import type { PictureShape } from "./rows.ts";

/** Rows learned from, and rows kept out to see what was learned. */
export interface Split {
  readonly learn: readonly number[];
  readonly held: readonly number[];
}

/** Keeps a share of each class out of learning, at least one row of each where there are three or more. */
export function splitByClass(labels: readonly string[], share: number, seed: number): Split {
  const members = new Map<string, number[]>();
  for (const [row, label] of labels.entries()) {
    const rows = members.get(label);
    if (rows === undefined) members.set(label, [row]);
    else rows.push(row);
  }
  const held: number[] = [];
  for (const [label, rows] of members) {
    const wanted = share === 0 || rows.length < 3 ? 0 : Math.max(1, Math.round(share * rows.length));
    const order = permutation(rows.length, createRng(seed, `held out of ${label}`));
    for (const at of order.subarray(0, Math.min(wanted, rows.length - 2))) held.push(rows[at]!);
  }
  held.sort((a, b) => a - b);
  const out = new Set(held);
  return { held, learn: [...labels.keys()].filter((row) => !out.has(row)) };
}

export interface Network {
  readonly kind: "cnn" | "mlp";
  readonly width: number;
  /** Whether features have length 1. */
  readonly unit: boolean;
}

/** Stages of a convolutional network halve the picture; this many channels each, for as many as fit. */
const STAGES = [32, 64, 128];

/** The network for rows of this kind, scaled by what is learned from. */
export function architectureFor(
  { kind, width, unit }: Network,
  rows: Matrix<Float32Array>,
  pictures: PictureShape | undefined,
): Architecture {
  if (kind === "cnn" && pictures === undefined) {
    const rule = "it looks at pictures; give a folder of them, or take --encoder mlp";
    throw new VicinalError("UNSUPPORTED", { what: "--encoder cnn for vectors", rule });
  }
  if (kind === "mlp" || pictures === undefined) {
    // Columns of a table have scales of their own; pixels of a picture have one.
    const scaling = inputScaling(rows, pictures === undefined ? rows.cols : 1);
    const single = { mean: scaling.mean[0]!, deviation: scaling.deviation[0]! };
    const how = pictures === undefined ? scaling : single;
    return { kind: "mlp", inputs: rows.cols, hidden: [256], width, unit, ...how };
  }
  const { size, grey } = pictures;
  const channels = grey ? 1 : 3;
  const stages = STAGES.slice(0, Math.max(1, Math.min(STAGES.length, Math.floor(Math.log2(size)) - 1)));
  return { kind: "cnn", image: [size, size, channels], stages, width, unit, ...inputScaling(rows, channels) };
}
