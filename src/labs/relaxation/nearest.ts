/** Numbers of the k rows of `base` nearest to a query, nearest first, one row left out. */
export function nearestOf(base: Float64Array, query: ArrayLike<number>, k: number, without = -1): number[] {
  const width = query.length;
  const found: number[] = [];
  const distances: number[] = [];
  for (let i = 0; i * width < base.length; i++) {
    if (i === without) continue;
    let d = 0;
    for (let j = 0; j < width; j++) d += (base[i * width + j]! - query[j]!) ** 2;
    if (found.length === k && d >= distances[k - 1]!) continue;
    let at = found.length;
    while (at > 0 && distances[at - 1]! > d) at--;
    found.splice(at, 0, i);
    distances.splice(at, 0, d);
    if (found.length > k) {
      found.pop();
      distances.pop();
    }
  }
  return found;
}
