// Matrix products. Strides in bytes; B is packed into groups of eight columns, zeros past the last one.
import { rowsTimesPanels } from "./tiles";

/** Rows of B that a group of columns keeps in the first cache: 8 kB. */
const KC: i32 = 256;
/** Rows of A between two looks at the same columns of B. */
const MC: i32 = 96;

/** Groups begin … end of eight columns of B (K × N, its strides given), each K × 8 numbers at `to`. */
export function packColumns(
  _scratch: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  K: i32,
  N: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  for (let j = begin; j < end; j++) {
    packPanel(b + <usize>(8 * j) * bcs, brs, bcs, K, min(8, N - 8 * j), to + <usize>j * <usize>K * 32);
  }
}

/** One group: `columns` of them exist, the rest become zeros. */
export function packPanel(from: usize, brs: usize, bcs: usize, K: i32, columns: i32, to: usize): void {
  if (columns < 8) {
    memory.fill(to, 0, <usize>K * 32);
    for (let k = 0; k < K; k++) {
      for (let n = 0; n < columns; n++)
        store<f32>(to + <usize>n * 4, load<f32>(from + <usize>k * brs + <usize>n * bcs));
      to += 32;
    }
  } else if (bcs == 4) {
    for (let k = 0; k < K; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += brs;
      to += 32;
    }
  } else if (brs == 4) {
    packTransposed(from, bcs, K, to);
    packTransposed(from + 4 * bcs, bcs, K, to + 16);
  } else {
    for (let k = 0; k < K; k++) {
      for (let n: usize = 0; n < 8; n++) store<f32>(to + n * 4, load<f32>(from + n * bcs));
      from += brs;
      to += 32;
    }
  }
}

/** Four columns that lie as rows `bcs` apart, into every other 16 bytes. */
export function packTransposed(from: usize, bcs: usize, K: i32, to: usize): void {
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + bcs);
    const r2 = v128.load(from + 2 * bcs);
    const r3 = v128.load(from + 3 * bcs);
    const lo01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const hi01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const lo23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const hi23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7), 32);
    v128.store(to, v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5), 64);
    v128.store(to, v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7), 96);
    from += 16;
    to += 128;
  }
  for (; k < K; k++) {
    for (let n: usize = 0; n < 4; n++) store<f32>(to + n * 4, load<f32>(from + n * bcs));
    from += 4;
    to += 32;
  }
}

/** Rows begin … end of C (+)= A B with B packed. */
export function gemmRows(
  scratch: usize,
  a: usize,
  ars: usize,
  aks: usize,
  b: usize,
  c: usize,
  crs: usize,
  N: i32,
  K: i32,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const bps = <usize>K * 32;
  for (let m = begin; m < end; m += MC) {
    const rows = min(MC, end - m);
    let k = 0;
    do {
      const from = a + <usize>m * ars + <usize>k * aks;
      const kc = min(KC, K - k);
      const to = c + <usize>m * crs;
      rowsTimesPanels(
        from, ars, aks, b + <usize>k * 32, 32, bps, to, crs, rows, N, kc, add | i32(k > 0), scratch,
      );
      k += KC;
    } while (k < K);
  }
}

/** Products begin … end of a batch, each with its own B, packed at scratch + 256. */
export function gemmBatch(
  scratch: usize,
  a: usize,
  ars: usize,
  aks: usize,
  aStep: usize,
  b: usize,
  brs: usize,
  bcs: usize,
  bStep: usize,
  c: usize,
  crs: usize,
  cStep: usize,
  M: i32,
  N: i32,
  K: i32,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const panels = scratch + 256;
  for (let i = begin; i < end; i++) {
    packColumns(scratch, b + <usize>i * bStep, brs, bcs, K, N, panels, 0, (N + 7) >> 3);
    gemmRows(
      scratch, a + <usize>i * aStep, ars, aks, panels, c + <usize>i * cStep, crs, N, K, add, 0, M,
    );
  }
}
