// Scorers that give the metric's own rank on stored vectors, by the strict kernels. The TypeScript side names them
// by the numbers of SCAN_SCORERS (src/indexes/structs.ts).

import { dotBytes } from "./kernels/bytes";
import { dotF32, l2sqF32 } from "./kernels/f32";
import { numbersF32 } from "./kernels/numbers";
import { Scorer } from "./scorers";

@unmanaged
export class StrictL2F32 extends Scorer {
  @inline one(id: u32): f32 { return l2sqF32(this.query, this.at(id), this.bytes); }
}

@unmanaged
export class StrictIpF32 extends Scorer {
  @inline one(id: u32): f32 { return -dotF32(this.query, this.at(id), this.bytes); }
}

@unmanaged
export class IpU8 extends Scorer {
  @inline one(id: u32): f32 { return <f32>-dotBytes<u8>(this.query, this.at(id), this.bytes); }
}

@unmanaged
export class IpI8 extends Scorer {
  @inline one(id: u32): f32 { return <f32>-dotBytes<i8>(this.query, this.at(id), this.bytes); }
}

/** 1 − ab / (|a||b|), all sums exact integers. */
@inline
function cosineRank(dot: i32, a: i32, b: i32): f32 {
  return <f32>max<f64>(0, 1 - <f64>dot / Math.sqrt(<f64>a * <f64>b));
}

@unmanaged
export class CosineU8 extends Scorer {
  @inline one(id: u32): f32 {
    const row = this.at(id);
    return cosineRank(dotBytes<u8>(this.query, row, this.bytes), dotBytes<u8>(row, row, this.bytes), this.queryNorm);
  }
}

@unmanaged
export class CosineI8 extends Scorer {
  @inline one(id: u32): f32 {
    const row = this.at(id);
    return cosineRank(dotBytes<i8>(this.query, row, this.bytes), dotBytes<i8>(row, row, this.bytes), this.queryNorm);
  }
}

@unmanaged
export class NumbersF32 extends Scorer {
  @inline one(id: u32): f32 { return numbersF32(this.query, this.at(id), this.bytes, this.params); }
}
