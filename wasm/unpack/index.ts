// Unpacks what scripts/pack.mjs packed: both big modules in one text. A module of its own, without SIMD: as
// machine code from its first call on it takes 2 ms where JavaScript, still interpreted, takes 40.
//
// Two ideas. (1) Code inlined at many places differs in the numbers of its local variables, so each number is
// replaced by the variable's rank in the order of last use (move to front; ./locals.ts): equal code becomes
// equal bytes, a fifth less in the end. (2) The bytes are coded as in LZMA (Pavlov): literals, and copies of
// earlier bytes, every yes or no with an adaptive chance through a range coder (Martin, "Range encoding",
// 1979). One digit of the text carries six bits of it, so that packing the text once more changes nothing.
// The second module is little more than copies from the first.
//
// Steps: a literal byte (kind 0), a copy at a new distance (1), a copy at one of the last two distances (2).
// The last three kinds are the `state` that many chances depend on. Trusts its input: it is our own, and the
// build checks that it comes back byte for byte.

export { restoreLocals } from "./locals";

const STATES: u32 = 27;

// First chance of each table; the same numbers stand in scripts/pack.mjs.
/** Is the step a copy? By state and previous byte. */
const COPY: u32 = 0;
/** Is its distance an old one? By state, as the next two: the older one? The last one, for more than a byte? */
const OLD: u32 = COPY + STATES * 256;
const OLDER: u32 = OLD + STATES;
const LONG: u32 = OLDER + STATES;
/** A literal as a tree of eight bits, by previous byte. */
const LITERAL: u32 = LONG + STATES;
/** A literal after a copy, by the byte that the copy would have brought next, while its bits agree. */
const BESIDE: u32 = LITERAL + 256 * 256;
/** Slots of numbers: lengths of new copies (0) and of old ones (1), distances after lengths 2, 3, 4, more. */
const SLOT: u32 = BESIDE + 512;
/** Remaining bits of a number: few, a tree by slot; of many, the upper ones apart and the last four a tree. */
const FEW: u32 = SLOT + 6 * 64;
const UPPER: u32 = FEW + 14 * 32;
const LAST: u32 = UPPER + 32;
const CHANCES: u32 = LAST + 16;

let text: usize = 0;
let chances: usize = 0;
let range: u32 = 0;
let code: u32 = 0;

function shift(): void {
  const c: u32 = load<u8>(text++);
  code = (code << 6) | (c >= 97 ? c - 71 : c >= 65 ? c - 65 : c >= 48 ? c + 4 : c + 17);
}

/** Chances are of 2^15; each moves by 2/3 of its error at first and, after 30 times, by 2/63 of it. */
function bit(index: u32): u32 {
  const at = chances + (index << 2);
  const chance = <i32>load<u16>(at);
  const seen = <i32>load<u16>(at, 2);
  const bound = (range >>> 15) * chance;
  let answer: u32 = 0;
  let error = 32767 - chance;
  if (code < bound) range = bound;
  else {
    code -= bound;
    range -= bound;
    answer = 1;
    error = -chance;
  }
  store<u16>(at, chance + (error * 2) / (2 * seen + 3));
  store<u16>(at, seen + i32(seen < 30), 2);
  while (range < 1 << 24) {
    range <<= 6;
    shift();
  }
  return answer;
}

/** Bits from high to low, with a chance for every prefix. */
function tree(first: u32, bits: u32): u32 {
  let node: u32 = 1;
  for (let i: u32 = 0; i < bits; i++) node = (node << 1) + bit(first + node);
  return node - (1 << bits);
}

/** Two slots to an octave: 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, ... */
function number(table: u32): u32 {
  const slot = tree(SLOT + (table << 6), 6);
  if (slot < 4) return slot;
  const bits = (slot >> 1) - 1;
  let value = 2 + (slot & 1);
  if (slot < 14) return (value << bits) + tree(FEW + (slot << 5), bits);
  for (let i = bits - 1; i >= 4; i--) value = (value << 1) + bit(UPPER + i);
  return (value << 4) + tree(LAST, 4);
}

function literal(previous: u32, beside: u32, guided: bool): u32 {
  let node: u32 = 1;
  while (guided && node < 256) {
    beside <<= 1;
    const expected = (beside >> 8) & 1;
    const found = bit(BESIDE + (expected << 8) + node);
    node = (node << 1) + found;
    guided = found == expected;
  }
  while (node < 256) node = (node << 1) + bit(LITERAL + (previous << 8) + node);
  return node;
}

/** Bytes of working memory. */
export function workingBytes(): u32 {
  return CHANCES << 2;
}

/** Writes the first `size` bytes of what the digits at `from` hold; the byte before `to` is read and must be 0. */
export function unpack(from: usize, to: usize, size: u32, work: usize): void {
  text = from;
  chances = work;
  for (let i: u32 = 0; i < CHANCES; i++) store<u32>(work + (i << 2), 1 << 14);
  range = (1 << 30) - 1;
  code = 0;
  for (let i = 0; i < 5; i++) shift();
  let state: u32 = 0;
  let distance: u32 = 1;
  let older: u32 = 1;
  const end = to + size;
  for (let at = to; at < end; ) {
    const previous: u32 = load<u8>(at - 1);
    let kind: u32 = 0;
    if (!bit(COPY + (state << 8) + previous)) {
      store<u8>(at, literal(previous, load<u8>(at - distance), state % 3 != 0));
      at++;
    } else {
      let length: u32 = 1;
      kind = 1 + bit(OLD + state);
      if (kind == 1) {
        length = 2 + number(0);
        older = distance;
        distance = 1 + number(min<u32>(length, 5));
      } else {
        const second = bit(OLDER + state);
        if (second) {
          const swap = distance;
          distance = older;
          older = swap;
        }
        if (second || bit(LONG + state)) length = 2 + number(1);
      }
      for (const stop = min<usize>(at + length, end); at < stop; at++) store<u8>(at, load<u8>(at - distance));
    }
    state = (state * 3 + kind) % STATES;
  }
}
