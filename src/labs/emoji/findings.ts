import { createRng, type Matrix, permutation, type RunOptions, runAsync } from "../../core/index.ts";
import type { Index } from "../../indexes/contract.ts";
import { create } from "../../indexes/index.ts";
import { workThreads } from "../machine.ts";
import type { Sheet } from "../report/sheet.ts";
import { gather } from "../rows.ts";
import { type Accuracy, leaveIdentityOut } from "../vote.ts";
import type { EmojiSet } from "./dataset.ts";
import { neighbourSheet } from "./sheet.ts";
import type { EmojiStyle } from "./styles.ts";

/** Accuracy on the drawings of one style among themselves, or of all styles together. */
export interface GroupAccuracy extends Accuracy {
  readonly scope: EmojiStyle | "all styles";
}

/** What neighbours say about the emoji. */
export interface EmojiFindings {
  readonly drawings: number;
  readonly dimension: number;
  readonly identities: number;
  readonly styles: readonly { readonly style: EmojiStyle; readonly drawings: number }[];
  readonly skipped: EmojiSet["skipped"];
  readonly rendered: number;
  readonly loadSeconds: number;
  readonly accuracy: readonly GroupAccuracy[];
  readonly neighbours: Pick<Sheet, "index"> & { readonly rows: Omit<Sheet["rows"][number], "picture">[] };
}

export interface FindingsOptions extends RunOptions {
  seed: number;
  /** Styles to classify by themselves. */
  scopes: readonly EmojiStyle[];
  /** Drawings classified among all styles, drawn at random. */
  sample: number;
  loadSeconds: number;
}

/** The approximate index whose neighbours are shown, at the narrowest search that finds ten. */
export const SHEET_INDEX = "HNSW16,SQ7,Refine";
const SHEET_EF = 12;

/** Indexes the emoji exactly and approximately, compares their neighbours, and classifies by them. */
export async function emojiFindings(
  set: EmojiSet,
  vectors: Matrix<Float32Array>,
  options: FindingsOptions,
): Promise<{ findings: EmojiFindings; sheet: Sheet }> {
  const { seed, signal, onProgress } = options;
  const threads = workThreads();
  const dimension = vectors.cols;
  const exact = create<number>("Flat", { dimension, metric: "l2" });
  const approximate = create<number>(SHEET_INDEX, { dimension, metric: "l2", seed });
  try {
    await exact.addAsync(vectors, { signal });
    const report =
      onProgress && ((p: { done: number; total: number }) => onProgress({ ...p, phase: "index emoji" }));
    await approximate.addAsync(vectors, { threads, signal, onProgress: report });
    const sheet = await neighbourSheet(set, vectors, exact, approximate, SHEET_EF);
    const accuracy = await groupAccuracy(set, vectors, exact, options);
    const findings: EmojiFindings = {
      drawings: set.drawings.length,
      dimension,
      identities: new Set(set.drawings.map(({ identity }) => identity)).size,
      styles: set.credits.map(({ style }) => ({ style, drawings: rowsOf(set, style).length })),
      skipped: set.skipped,
      rendered: set.rendered,
      loadSeconds: options.loadSeconds,
      accuracy,
      neighbours: { index: sheet.index, rows: sheet.rows.map(withoutPictures) },
    };
    return { findings, sheet };
  } finally {
    exact.close();
    approximate.close();
  }
}

async function groupAccuracy(
  set: EmojiSet,
  vectors: Matrix<Float32Array>,
  all: Index<number>,
  { scopes, sample, seed, signal, onProgress }: FindingsOptions,
): Promise<GroupAccuracy[]> {
  const out: GroupAccuracy[] = [];
  for (const scope of scopes) {
    const rows = rowsOf(set, scope);
    if (rows.length === 0) continue;
    const own = gather(vectors, rows);
    const index = create<number>("Flat", { dimension: vectors.cols, metric: "l2" });
    index.add(own);
    const job = leaveIdentityOut(index, own, {
      labels: rows.map((i) => set.drawings[i]!.group),
      identities: rows.map((i) => set.drawings[i]!.identity),
    });
    out.push({ scope, ...(await runAsync(job, { signal, onProgress })) });
    index.close();
  }
  const drawn = permutation(set.drawings.length, createRng(seed, "emoji accuracy")).slice(0, sample);
  const job = leaveIdentityOut(all, vectors, {
    labels: set.drawings.map(({ group }) => group),
    identities: set.drawings.map(({ identity }) => identity),
    queries: [...drawn].sort((a, b) => a - b),
  });
  out.push({ scope: "all styles", ...(await runAsync(job, { signal, onProgress })) });
  return out;
}

function rowsOf(set: EmojiSet, style: EmojiStyle): number[] {
  return set.drawings.flatMap((drawing, i) => (drawing.style === style ? [i] : []));
}

function withoutPictures(row: Sheet["rows"][number]): Omit<Sheet["rows"][number], "picture"> {
  const { name, kind, exact, approximate } = row;
  return { name, kind, exact, approximate };
}
