import { VicinalError } from "../../core/index.ts";
import type { Filter, Key, Mask, Metadata, Where } from "../contract.ts";
import { showKey } from "./keyRules.ts";
import { compileWhere } from "./where.ts";

/** What a filter needs to know of an index. */
export interface FilterContext<K extends Key = Key> {
  /** Rows 0 … slots−1, some of which may be empty. */
  readonly slots: number;
  live(slot: number): boolean;
  keyOf(slot: number): K;
  /** The slot of a key, or −1. */
  slotOf(key: unknown): number;
  metadataOf(slot: number): Metadata | undefined;
  /** The index's change counter. */
  readonly version: number;
  /** The index itself, so that a mask of another one is refused. */
  readonly owner: object;
  /** True when every slot is live and its key is its own number; saves looking each up. */
  readonly keysAreSlots?: boolean;
}

/** Which rows a search must pass over. */
export interface SkipBits {
  /**
   * Bit `slot & 7` of byte `slot >> 3` is set when the row is excluded or empty. ⌈slots / 8⌉ bytes;
   * bits after the last slot are set. Not to be changed: it may be the bits of a mask.
   */
  readonly bits: Uint8Array;
  /** Rows not excluded. */
  readonly matches: number;
}

class PreparedMask implements Mask {
  readonly matches: number;
  readonly bits: Uint8Array;
  readonly version: number;
  readonly #owner: object;

  constructor(skip: SkipBits, version: number, owner: object) {
    this.matches = skip.matches;
    this.bits = skip.bits;
    this.version = version;
    this.#owner = owner;
  }

  static madeBy(mask: unknown, owner: object): boolean {
    return typeof mask === "object" && mask !== null && #owner in mask && mask.#owner === owner;
  }
}

/** A filter evaluated for many searches. Refused by {@link evaluateFilter} once the index has changed. */
export function makeMask<K extends Key>(filter: Filter<K>, ctx: FilterContext<K>): Mask {
  return new PreparedMask(evaluateFilter(filter, ctx), ctx.version, ctx.owner);
}

/**
 * Evaluates a filter over all live rows, in slot order; a predicate is called once for each, and what
 * it throws passes through. Throws BAD_INPUT for what is no filter and for a mask that is out of
 * date or of another index, and the errors of conditions (see compileWhere).
 *
 * @remarks O(rows), but a set smaller than the index costs only its members
 */
export function evaluateFilter<K extends Key>(filter: Filter<K>, ctx: FilterContext<K>): SkipBits {
  if (typeof filter === "function") return select(ctx, (slot) => accepts(filter, ctx, slot));
  if (typeof filter !== "object" || filter === null) failKind(filter);
  if (isByteArray(filter)) {
    if (filter.length === 0) checkAttached(filter);
    return ctx.keysAreSlots ? fromSlotBits(filter, ctx.slots) : fromKeyBits(filter, ctx);
  }
  if (isSet<K>(filter)) return fromSet(filter, ctx);
  if (isMask(filter)) return fromMask(filter, ctx);
  if (ArrayBuffer.isView(filter) || Array.isArray(filter)) failKind(filter);
  const test = compileWhere(filter as Where);
  return select(ctx, (slot) => test(ctx.metadataOf(slot)));
}

function failKind(filter: unknown): never {
  const got = ArrayBuffer.isView(filter) ? "another typed array" : showKey(filter);
  const rule =
    "a predicate, a Set of keys, a Uint8Array of bits by whole-number key, a condition object, or a mask";
  throw new VicinalError("BAD_INPUT", { what: "filter", got, rule });
}

function select<K extends Key>(ctx: FilterContext<K>, wanted: (slot: number) => boolean): SkipBits {
  const { slots } = ctx;
  const bits = allExcluded(slots);
  let matches = 0;
  for (let slot = 0; slot < slots; slot++) {
    if (!ctx.live(slot) || !wanted(slot)) continue;
    bits[slot >>> 3]! &= ~(1 << (slot & 7));
    matches++;
  }
  return { bits, matches };
}

function allExcluded(slots: number): Uint8Array {
  return new Uint8Array((slots + 7) >>> 3).fill(255);
}

function accepts<K extends Key>(
  predicate: (key: K, metadata: Metadata | undefined) => boolean,
  ctx: FilterContext<K>,
  slot: number,
): boolean {
  const answer: unknown = predicate(ctx.keyOf(slot), ctx.metadataOf(slot));
  // A promise is truthy: an async predicate would let every row through.
  if (typeof answer === "object" && answer !== null && "then" in answer) {
    throw new VicinalError("BAD_INPUT", {
      what: "the filter's answer",
      got: "a promise",
      rule: "true or false",
    });
  }
  return Boolean(answer);
}

function isByteArray(filter: object): filter is Uint8Array {
  return ArrayBuffer.isView(filter) && Object.prototype.toString.call(filter) === "[object Uint8Array]";
}

/** A transferred bitmap has no bytes and would match nothing; its length cannot tell, a method can. */
function checkAttached(bitmap: Uint8Array): void {
  try {
    bitmap.keys();
  } catch (cause) {
    throw new VicinalError("DETACHED_BUFFER", { what: "filter bitmap" }, { cause });
  }
}

function fromKeyBits<K extends Key>(bitmap: Uint8Array, ctx: FilterContext<K>): SkipBits {
  return select(ctx, (slot) => {
    const key = ctx.keyOf(slot);
    if (typeof key !== "number" || key < 0 || key >= bitmap.length * 8) return false;
    return (bitmap[Math.floor(key / 8)]! & (1 << (key % 8))) !== 0;
  });
}

function fromSlotBits(bitmap: Uint8Array, slots: number): SkipBits {
  const bits = allExcluded(slots);
  const bytes = Math.min(bits.length, bitmap.length);
  for (let i = 0; i < bytes; i++) bits[i] = ~bitmap[i]!;
  if ((slots & 7) !== 0 && bytes === bits.length) bits[bytes - 1]! |= 255 << (slots & 7);
  return { bits, matches: bits.length * 8 - countBits(bits) };
}

/** Set bits in all bytes. */
export function countBits(bits: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) {
    let byte = bits[i]!;
    byte -= (byte >> 1) & 0x55;
    byte = (byte & 0x33) + ((byte >> 2) & 0x33);
    count += (byte + (byte >> 4)) & 0x0f;
  }
  return count;
}

function isSet<K>(filter: object): filter is ReadonlySet<K> {
  const { has, size, keys } = filter as Partial<ReadonlySet<K>>;
  const isCollection = typeof has === "function" && typeof keys === "function" && typeof size === "number";
  return isCollection && !("get" in filter); // a Map has all of these too
}

function fromSet<K extends Key>(set: ReadonlySet<K>, ctx: FilterContext<K>): SkipBits {
  if (set.size >= ctx.slots) return select(ctx, (slot) => set.has(ctx.keyOf(slot)));
  const bits = allExcluded(ctx.slots);
  let matches = 0;
  for (const key of set.keys()) {
    const slot = ctx.slotOf(key);
    if (slot < 0 || !ctx.live(slot)) continue;
    const bit = 1 << (slot & 7);
    if ((bits[slot >>> 3]! & bit) === 0) continue;
    bits[slot >>> 3]! &= ~bit;
    matches++;
  }
  return { bits, matches };
}

function isMask(filter: object): filter is Mask {
  return filter instanceof PreparedMask || (filter as { bits?: unknown }).bits instanceof Uint8Array;
}

function fromMask<K extends Key>(mask: Mask, ctx: FilterContext<K>): SkipBits {
  const rule = "the answer of this index's mask(), made after its last change";
  if (!PreparedMask.madeBy(mask, ctx.owner)) {
    throw new VicinalError("BAD_INPUT", { what: "filter mask", got: "of another index", rule });
  }
  if (mask.version !== ctx.version) {
    const got = `of version ${mask.version}, the index is at ${ctx.version}`;
    throw new VicinalError("BAD_INPUT", { what: "filter mask", got, rule });
  }
  return { bits: mask.bits, matches: mask.matches };
}
