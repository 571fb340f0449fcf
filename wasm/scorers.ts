// A graph never touches vectors: it asks a scorer. A scorer is a struct in linear memory whose class is a
// compile-time parameter of the search and build loops, so a codec costs no call and touches no graph.
//
// Every scorer answers ranks: float32, never negative, smaller is closer. `useRow` makes a stored row the
// query; `useQuery` takes a query staged in the scorer's own representation.

import { l1F32, l2sqF32Fast, linfF32 } from "./kernels/f32";
import { l1F32x4, l2sqF32x4, linfF32x4 } from "./kernels/f32x4";
import { l1Bytes, l1Bytesx4, l2sqBytes, l2sqBytesx4, linfBytes, linfBytesx4 } from "./kernels/bytes";
import { dotCodes7, dotCodes7x4 } from "./kernels/codes";
import { hammingBits, hammingBitsx4 } from "./kernels/bits";

/** The fields that all scorers share; the TypeScript side fills them in this order, four bytes each. */
@unmanaged
export class Scorer {
  /** Address of row 0. */
  base: usize;
  /** Bytes from one row to the next. */
  stride: usize;
  /** Bytes of a row that are compared; a multiple of 16. */
  bytes: usize;
  /** Address of the rows' squared code norms (i32), for scorers that use them. */
  norms: usize;
  /** Address of the current query. */
  query: usize;
  /** Squared code norm of the current query. */
  queryNorm: i32;
  /** The metric's own numbers, for metrics that take some. */
  params: usize;

  @inline at(id: u32): usize {
    return this.base + <usize>id * this.stride;
  }
}

@unmanaged
export class L2F32 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return l2sqF32Fast(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    return l2sqF32x4(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
  }
}

@unmanaged
export class L1F32 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return l1F32(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    return l1F32x4(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
  }
}

@unmanaged
export class LinfF32 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return linfF32(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    return linfF32x4(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
  }
}

/** Squared L2 over bytes: raw u8 rows and SQ8 codes alike. */
@unmanaged
export class L2U8 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return <f32>l2sqBytes<u8>(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    const sums = l2sqBytesx4<u8>(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
    return f32x4.convert_i32x4_s(sums);
  }
}

@unmanaged
export class L1U8 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return <f32>l1Bytes<u8>(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    const sums = l1Bytesx4<u8>(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
    return f32x4.convert_i32x4_s(sums);
  }
}

@unmanaged
export class LinfU8 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return <f32>linfBytes<u8>(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    const sums = linfBytesx4<u8>(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
    return f32x4.convert_i32x4_s(sums);
  }
}

/**
 * Squared L2 over 7-bit codes as |a|² + |b|² − 2ab in exact integers. The product is one relaxed-SIMD
 * instruction per 16 components; the integers, and so the ranks, are the same in both builds.
 * A staged query is its codes followed, at `bytes`, by its squared norm (i32).
 */
@unmanaged
export class L2Codes7 extends Scorer {
  @inline useQuery(q: usize): void {
    this.query = q;
    this.queryNorm = load<i32>(q + this.bytes);
  }
  @inline useRow(id: u32): void {
    this.query = this.at(id);
    this.queryNorm = this.norm(id);
  }
  @inline norm(id: u32): i32 { return load<i32>(this.norms + (<usize>id << 2)); }
  @inline one(id: u32): f32 {
    return <f32>(this.norm(id) + this.queryNorm - 2 * dotCodes7(this.query, this.at(id), this.bytes));
  }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    const dots = dotCodes7x4(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
    let norms = i32x4.splat(this.norm(a));
    norms = i32x4.replace_lane(norms, 1, this.norm(b));
    norms = i32x4.replace_lane(norms, 2, this.norm(c));
    norms = i32x4.replace_lane(norms, 3, this.norm(d));
    norms = i32x4.add(norms, i32x4.splat(this.queryNorm));
    return f32x4.convert_i32x4_s(i32x4.sub(norms, i32x4.shl(dots, 1)));
  }
}

@unmanaged
export class HammingBits extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline useRow(id: u32): void { this.query = this.at(id); }
  @inline one(id: u32): f32 { return <f32>hammingBits(this.query, this.at(id), this.bytes); }
  @inline four(a: u32, b: u32, c: u32, d: u32): v128 {
    const sums = hammingBitsx4(this.query, this.at(a), this.at(b), this.at(c), this.at(d), this.bytes);
    return f32x4.convert_i32x4_s(sums);
  }
}
