// Choosing neighbours. The rule of diversity (arXiv:1603.09320, algorithm 4): walking outwards, keep a
// candidate only if it is nearer to the centre than to every neighbour already kept. With a factor above 1 on the latter
// it is the robust pruning of Vamana (Subramanya et al., NeurIPS 2019).

import { Scratch } from "./layout";
import { keyRank, keyRow } from "./search";

@inline
function chosenAt(s: Scratch, i: i32): u32 { return load<u32>(s.chosen + (<usize>i << 2)); }

@inline
export function choose(s: Scratch, i: i32, id: u32): void { store<u32>(s.chosen + (<usize>i << 2), id); }

/**
 * Adds to the `kept` rows already in `s.chosen` those of the ascending list that pass the rule, up to `limit`
 * in all; returns how many are chosen then. `self` is passed over. Changes the scorer's query.
 */
export function chooseDiverse<S>(
  scorer: S, s: Scratch, list: usize, n: i32, kept: i32, limit: i32, self: u32, scale: f32,
): i32 {
  const factor = f32x4.splat(scale);
  let count = kept;
  for (let i = 0; i < n && count < limit; i++) {
    const key = load<u64>(list + (<usize>i << 3));
    const id = keyRow(key);
    if (id == self) continue;
    const rank = f32x4.splat(keyRank(key));
    scorer.useRow(id);
    let keep = true;
    const last = count - 1;
    for (let j = 0; j < count; j += 4) {
      const ranks = scorer.four(
        chosenAt(s, j), chosenAt(s, min(j + 1, last)), chosenAt(s, min(j + 2, last)), chosenAt(s, min(j + 3, last)));
      // A copy of a kept neighbour adds no direction: room for others is left instead.
      if (v128.any_true(v128.or(f32x4.lt(f32x4.mul(ranks, factor), rank), f32x4.eq(ranks, f32x4.splat(0))))) {
        keep = false;
        break;
      }
    }
    if (keep) choose(s, count++, id);
  }
  return count;
}
