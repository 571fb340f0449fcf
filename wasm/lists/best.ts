// The smallest of many keys: appended while they are below what is known to be too large, halved when there is no more room.
// Cheaper than a sorted list from a few dozen on.

/** Moves the n-th smallest of `length` keys to place n, smaller ones before it (Hoare's selection, medians of three). */
function select(list: usize, length: i32, n: i32): void {
  let low = 0, high = length - 1;
  while (low < high) {
    const a = load<u64>(list + (<usize>low << 3));
    const b = load<u64>(list + (<usize>((low + high) >> 1) << 3));
    const c = load<u64>(list + (<usize>high << 3));
    const pivot = max(min(a, b), min(max(a, b), c));
    let i = low, j = high;
    while (i <= j) {
      let x = load<u64>(list + (<usize>i << 3));
      while (x < pivot) x = load<u64>(list + (<usize>(++i) << 3));
      let y = load<u64>(list + (<usize>j << 3));
      while (y > pivot) y = load<u64>(list + (<usize>(--j) << 3));
      if (i <= j) {
        store<u64>(list + (<usize>i << 3), y);
        store<u64>(list + (<usize>j << 3), x);
        i++;
        j--;
      }
    }
    if (n <= j) high = j;
    else if (n >= i) low = i;
    else return;
  }
}

/** Keeps the `most` smallest of the keys, in no order but that the largest of them stands last; returns how many there are. */
export function keepSmallest(list: usize, length: i32, most: i32): i32 {
  if (length <= most) return length;
  select(list, length, most - 1);
  return most;
}
