import { type Job, row } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import { gather } from "../rows.ts";
import type { EmojiSet } from "./dataset.ts";
import { EMOJI_STYLES, type EmojiStyle } from "./styles.ts";
import { pixelVectors } from "./vectors.ts";

/** How often the nearest drawing of the other styles is the same emoji. */
export interface Retrieval {
  readonly style: EmojiStyle;
  readonly queries: number;
  readonly gallery: number;
  readonly recallAt1: number;
}

/**
 * Finds each emoji of one style among the drawings of the others, by raw pixels. Only emoji that
 * every style of the set has under one name take part, so that chance is the same for all.
 *
 * @param side pictures are averaged to side × side before they are compared
 */
export function* retrieveAcrossStyles(
  set: EmojiSet,
  { side = set.size }: { side?: number } = {},
): Job<Retrieval[]> {
  const styles = EMOJI_STYLES.filter((style) => set.drawings.some((drawing) => drawing.style === style));
  const rowOf = new Map<string, Map<EmojiStyle, number>>();
  for (const [i, { name, style }] of set.drawings.entries()) {
    const entry = rowOf.get(name) ?? new Map<EmojiStyle, number>();
    rowOf.set(name, entry.set(style, i));
  }
  const common = [...rowOf.keys()].filter((name) => rowOf.get(name)!.size === styles.length).sort();
  const rows = styles.flatMap((style) => common.map((name) => rowOf.get(name)!.get(style)!));
  const vectors = pixelVectors(set, { side, rows });

  const out: Retrieval[] = [];
  for (const [s, style] of styles.entries()) {
    const mine = common.map((_, i) => s * common.length + i);
    const gallery = rows.map((_, i) => i).filter((i) => Math.floor(i / common.length) !== s);
    const index = create<number>("Flat", { dimension: vectors.cols, metric: "l2" });
    index.add(gather(vectors, gallery));
    let found = 0;
    for (const [i, query] of mine.entries()) {
      if (i % 16 === 0) {
        yield {
          phase: "across styles",
          done: s * common.length + i,
          total: styles.length * common.length,
        };
      }
      const nearest = index.search(row(vectors, query), { k: 1 }).keys()[0];
      if (nearest !== undefined && gallery[nearest]! % common.length === i) found++;
    }
    index.close();
    out.push({
      style,
      queries: mine.length,
      gallery: gallery.length,
      recallAt1: mine.length === 0 ? 0 : found / mine.length,
    });
  }
  return out;
}
