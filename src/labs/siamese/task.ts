import { createRng, permutation, VicinalError } from "../../core/index.ts";
import type { EmojiSet } from "../emoji/dataset.ts";
import { EMOJI_STYLES } from "../emoji/styles.ts";

/** Styles that there are, and how many of them train when one is held out. */
export const STYLES: number = EMOJI_STYLES.length;

/** Emoji as drawings by identity and style. */
export interface EmojiTask {
  readonly set: EmojiSet;
  /** Identities that every style has, in a fixed order: what is searched for. */
  readonly identities: readonly string[];
  /** One drawing for each of them and each style, row-major: identities × styles. */
  readonly drawings: Int32Array;
  /** All identities of at least two styles, those above first. */
  readonly families: readonly Family[];
}

/** Drawings of one identity, variants of gender included. */
export interface Family {
  readonly identity: string;
  /** Rows of the set, for each style. */
  readonly byStyle: readonly (readonly number[])[];
}

/**
 * Sorts drawings by identity and style. Where a style has variants of an identity, the neutral one stands for it.
 *
 * @param limit identities at most, for quick runs
 * @throws VicinalError BAD_INPUT for a set without identities that all styles have
 */
export function emojiTask(set: EmojiSet, limit: number = Number.POSITIVE_INFINITY): EmojiTask {
  const byIdentity = new Map<string, number[][]>();
  for (const [row, { identity, style }] of set.drawings.entries()) {
    const rows = byIdentity.get(identity) ?? EMOJI_STYLES.map(() => []);
    rows[EMOJI_STYLES.indexOf(style)]!.push(row);
    byIdentity.set(identity, rows);
  }
  const families = [...byIdentity]
    .map(([identity, byStyle]) => ({ identity, byStyle }))
    .sort((a, b) => (a.identity < b.identity ? -1 : 1));
  const styles = ({ byStyle }: Family): number => byStyle.filter((rows) => rows.length > 0).length;
  const everywhere = thinned(
    families.filter((family) => styles(family) === STYLES),
    limit,
  );
  if (everywhere.length === 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "emoji",
      got: "no identity in every style",
      rule: "five styles",
    });
  }
  const others =
    limit === Number.POSITIVE_INFINITY ? families.filter((f) => styles(f) > 1 && styles(f) < STYLES) : [];
  const drawings = everywhere.flatMap(({ identity, byStyle }): number[] =>
    byStyle.map((rows) => rows.find((row) => set.drawings[row]!.code === identity) ?? rows[0]!),
  );
  return {
    set,
    identities: everywhere.map(({ identity }) => identity),
    drawings: Int32Array.from(drawings),
    families: [...everywhere, ...others],
  };
}

/** Every n-th, so that no more than `limit` remain. */
function thinned<T>(list: readonly T[], limit: number): readonly T[] {
  if (list.length <= limit) return list;
  return Array.from({ length: limit }, (_, i) => list[Math.floor((i * list.length) / limit)]!);
}

/** Which identities training may see. */
export interface Split {
  /** Numbers of identities that training sees in the other styles, ascending. */
  readonly seen: Int32Array;
  /** A fifth that it never sees, in no style and no variant. */
  readonly unseen: Int32Array;
}

/** A split drawn by the seed; the same whichever style is held out. */
export function splitOf(task: EmojiTask, seed: number): Split {
  const n = task.identities.length;
  const order = permutation(n, createRng(seed, "emoji never seen"));
  const away = Math.round(n / 5);
  return {
    unseen: Int32Array.from(order.slice(0, away)).sort(),
    seen: Int32Array.from(order.slice(away)).sort(),
  };
}
