// The rank of two addresses under the metric of a scan scorer: trees compare rows with centres, which are not rows.

import { Scratch } from "../graph/layout";
import { hammingBits } from "../kernels/bits";
import { l1Bytes, l2sqBytes, linfBytes } from "../kernels/bytes";
import { l1F32, l2sqF32, linfF32 } from "../kernels/f32";
import { numbersF32 } from "../kernels/numbers";
import { Scorer } from "../scorers";

export function rankAt(s: Scratch, a: usize, b: usize): f32 {
  const bytes = changetype<Scorer>(s.scorer).bytes;
  switch (s.kind) {
    case 0: return l2sqF32(a, b, bytes);
    case 1: return l1F32(a, b, bytes);
    case 2: return linfF32(a, b, bytes);
    case 3: return <f32>l2sqBytes<u8>(a, b, bytes);
    case 4: return <f32>l1Bytes<u8>(a, b, bytes);
    case 5: return <f32>linfBytes<u8>(a, b, bytes);
    case 7: return <f32>hammingBits(a, b, bytes);
    case 13: return numbersF32(a, b, bytes, changetype<Scorer>(s.scorer).params);
  }
  return 0;
}
