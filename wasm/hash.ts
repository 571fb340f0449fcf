// XXH64 (Yann Collet's public algorithm), over a range or as a stream.

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

// State of a stream, 88 bytes: four lanes, total length, seed, 32 bytes not yet taken, their count.
// @ts-ignore: decorator
@inline const LANE1: usize = 0;
// @ts-ignore: decorator
@inline const LANE2: usize = 8;
// @ts-ignore: decorator
@inline const LANE3: usize = 16;
// @ts-ignore: decorator
@inline const LANE4: usize = 24;
// @ts-ignore: decorator
@inline const TOTAL: usize = 32;
// @ts-ignore: decorator
@inline const SEED: usize = 40;
// @ts-ignore: decorator
@inline const PENDING: usize = 48;
// @ts-ignore: decorator
@inline const PENDING_COUNT: usize = 80;

// @ts-ignore: decorator
@inline
function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * P2, 31) * P1;
}

// @ts-ignore: decorator
@inline
function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * P1 + P4;
}

/** Feeds the whole 32-byte blocks of [p, p + len) to the lanes. */
function takeBlocks(state: usize, p: usize, len: usize): void {
  let a = load<u64>(state, LANE1);
  let b = load<u64>(state, LANE2);
  let c = load<u64>(state, LANE3);
  let d = load<u64>(state, LANE4);
  for (let blocks = len >> 5; blocks > 0; blocks--) {
    a = round(a, load<u64>(p));
    b = round(b, load<u64>(p, 8));
    c = round(c, load<u64>(p, 16));
    d = round(d, load<u64>(p, 24));
    p += 32;
  }
  store<u64>(state, a, LANE1);
  store<u64>(state, b, LANE2);
  store<u64>(state, c, LANE3);
  store<u64>(state, d, LANE4);
}

/** Starts a stream in the 88 bytes at `state`; the seed comes in two halves, as JavaScript numbers are. */
export function hashInit(state: usize, seedLow: u32, seedHigh: u32): void {
  const seed = (<u64>seedHigh << 32) | <u64>seedLow;
  store<u64>(state, seed + P1 + P2, LANE1);
  store<u64>(state, seed + P2, LANE2);
  store<u64>(state, seed, LANE3);
  store<u64>(state, seed - P1, LANE4);
  store<u64>(state, 0, TOTAL);
  store<u64>(state, seed, SEED);
  store<u32>(state, 0, PENDING_COUNT);
}

/** Takes the next `len` bytes of the stream. */
export function hashUpdate(state: usize, p: usize, len: usize): void {
  store<u64>(state, load<u64>(state, TOTAL) + <u64>len, TOTAL);
  let pending = <usize>load<u32>(state, PENDING_COUNT);
  if (pending > 0) {
    const taken = min<usize>(32 - pending, len);
    memory.copy(state + PENDING + pending, p, taken);
    p += taken;
    len -= taken;
    pending += taken;
    if (pending == 32) {
      takeBlocks(state, state + PENDING, 32);
      pending = 0;
    }
  }
  if (len > 0) {
    const whole = len & ~31;
    takeBlocks(state, p, whole);
    pending = len - whole;
    memory.copy(state + PENDING, p + whole, pending);
  }
  store<u32>(state, <u32>pending, PENDING_COUNT);
}

// @ts-ignore: decorator
@inline
function converge(a: u64, b: u64, c: u64, d: u64): u64 {
  const sum = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  return merge(merge(merge(merge(sum, a), b), c), d);
}

/** Takes the last `rest` < 32 bytes at p, then mixes. */
function finish(hash: u64, p: usize, rest: usize): u64 {
  for (; rest >= 8; rest -= 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(p)), 27) * P1 + P4;
    p += 8;
  }
  if (rest >= 4) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(p) * P1), 23) * P2 + P3;
    p += 4;
    rest -= 4;
  }
  for (; rest > 0; rest--) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(p) * P5), 11) * P1;
    p++;
  }
  hash = (hash ^ (hash >> 33)) * P2;
  hash = (hash ^ (hash >> 29)) * P3;
  return hash ^ (hash >> 32);
}

/** Writes the hash of all bytes taken so far, 8 bytes little-endian, to `out`; the stream may go on. */
export function hashDigest(state: usize, out: usize): void {
  const total = load<u64>(state, TOTAL);
  const hash =
    total >= 32
      ? converge(load<u64>(state, LANE1), load<u64>(state, LANE2), load<u64>(state, LANE3), load<u64>(state, LANE4))
      : load<u64>(state, SEED) + P5;
  store<u64>(out, finish(hash + total, state + PENDING, load<u32>(state, PENDING_COUNT)));
}

/** Writes the hash of [p, p + len), 8 bytes little-endian, to `out`. */
export function hash64(p: usize, len: usize, seedLow: u32, seedHigh: u32, out: usize): void {
  const seed = (<u64>seedHigh << 32) | <u64>seedLow;
  let hash = seed + P5;
  let rest = len;
  if (len >= 32) {
    let a = seed + P1 + P2;
    let b = seed + P2;
    let c = seed;
    let d = seed - P1;
    for (; rest >= 32; rest -= 32) {
      a = round(a, load<u64>(p));
      b = round(b, load<u64>(p, 8));
      c = round(c, load<u64>(p, 16));
      d = round(d, load<u64>(p, 24));
      p += 32;
    }
    hash = converge(a, b, c, d);
  }
  store<u64>(out, finish(hash + <u64>len, p, rest));
}
