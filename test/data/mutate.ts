import type { Rng } from "../../src/core/index.ts";
import { bytes } from "./bytes.ts";

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff];

/** One to four changes: flipped bits, extreme bytes and words, cuts, repeats, swaps. */
export function mutate(seed: Uint8Array, rng: Rng): Uint8Array {
  let out: Uint8Array = seed.slice();
  for (let changes = 1 + rng.below(4); changes > 0 && out.length > 0; changes--) {
    const at = rng.below(out.length);
    switch (rng.below(7)) {
      case 0:
        out[at]! ^= 1 << rng.below(8);
        break;
      case 1:
        out[at] = EXTREMES[rng.below(EXTREMES.length)]!;
        break;
      case 2:
        out.fill(EXTREMES[rng.below(EXTREMES.length)]!, at, at + 4);
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out = bytes(out, out.subarray(at));
        break;
      case 5:
        out = bytes(out.subarray(0, at), out.subarray(at + 1 + rng.below(8)));
        break;
      default:
        out[at] = rng.below(256);
    }
  }
  return out;
}
