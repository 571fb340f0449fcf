// A binary heap of u64 keys, the smallest first.

/** Adds a key to a heap of `size`; there is room. */
export function pushKey(heap: usize, size: i32, key: u64): void {
  let at = size;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const other = load<u64>(heap + (<usize>parent << 3));
    if (other <= key) break;
    store<u64>(heap + (<usize>at << 3), other);
    at = parent;
  }
  store<u64>(heap + (<usize>at << 3), key);
}

/** Takes the smallest key out of a heap of `size` > 0. */
export function popSmallest(heap: usize, size: i32): u64 {
  const first = load<u64>(heap);
  const last = size - 1;
  const key = load<u64>(heap + (<usize>last << 3));
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= last) break;
    let other = load<u64>(heap + (<usize>child << 3));
    if (child + 1 < last) {
      const right = load<u64>(heap + (<usize>(child + 1) << 3));
      if (right < other) {
        other = right;
        child++;
      }
    }
    if (key <= other) break;
    store<u64>(heap + (<usize>at << 3), other);
    at = child;
  }
  store<u64>(heap + (<usize>at << 3), key);
  return first;
}
