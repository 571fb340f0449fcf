// Sorted lists of u64 keys: a float32 rank in the high half, so that keys order by rank, then by row.

/** Float bits mapped so that unsigned order is numeric order, negative values included; −0 equals 0. */
@inline
export function orderedBits(x: f32): u32 {
  const bits = reinterpret<u32>(x + <f32>0);
  return bits >> 31 ? ~bits : bits | 0x80000000;
}

@inline
export function fromOrderedBits(bits: u32): f32 {
  return reinterpret<f32>(bits >> 31 ? bits & 0x7fffffff : ~bits);
}

/** Inserts `key` into the ascending list of at most `capacity` keys; returns the new length. */
@inline
export function insertSorted(list: usize, length: i32, capacity: i32, key: u64): i32 {
  let at = list + (<usize>length << 3);
  if (length == capacity) {
    at -= 8;
    if (key >= load<u64>(at)) return length;
  } else length++;
  while (at > list) {
    const previous = load<u64>(at - 8);
    if (previous <= key) break;
    store<u64>(at, previous);
    at -= 8;
  }
  store<u64>(at, key);
  return length;
}

/** Sorts `n` keys ascending: insertion into runs of 8, then merging through `spare` (n keys). */
export function sortKeys(list: usize, n: i32, spare: usize): void {
  for (let start = 0; start < n; start += 8) {
    const end = min(start + 8, n);
    for (let i = start + 1; i < end; i++) {
      insertSorted(list + (<usize>start << 3), i - start, 8, load<u64>(list + (<usize>i << 3)));
    }
  }
  let from = list, to = spare;
  for (let width = 8; width < n; width <<= 1) {
    for (let start = 0; start < n; start += width << 1) {
      const middle = min(start + width, n), end = min(start + (width << 1), n);
      let i = start, j = middle, out = to + (<usize>start << 3);
      while (i < middle && j < end) {
        const a = load<u64>(from + (<usize>i << 3)), b = load<u64>(from + (<usize>j << 3));
        const first = a <= b;
        store<u64>(out, first ? a : b);
        i += <i32>first;
        j += <i32>!first;
        out += 8;
      }
      memory.copy(out, from + (<usize>i << 3), <usize>(middle - i) << 3);
      out += <usize>(middle - i) << 3;
      memory.copy(out, from + (<usize>j << 3), <usize>(end - j) << 3);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (from != list) memory.copy(list, from, <usize>n << 3);
}
