// Training of codebooks: k-means in each part, parts independent of each other, so that threads share them out and the
// outcome is the same for any number.

import { nearestCentroid, partStart } from "./pq";

/** What the parts are trained on; filled by src/quantize/pq.ts, four bytes a field. */
@unmanaged
export class PqTraining {
  d: i32;
  m: i32;
  ksub: i32;
  books: usize;
  bookBytes: usize;
  rows: usize;
  stride: usize;
  count: i32;
  /** Rows that the centroids begin as, u32[ksub]. */
  first: usize;
}

/** Refreshes the first row of a codebook. */
export function halfNorms(books: usize, ksub: i32, dims: i32): void {
  const row = <usize>ksub << 2;
  for (let k: usize = 0; k < row; k += 4) {
    let sum: f32 = 0;
    for (let t = 1; t <= dims; t++) {
      const x = load<f32>(books + k + <usize>t * row);
      sum += x * x;
    }
    store<f32>(books + k, sum / 2);
  }
}

/** Parts begin … end begin with the chosen rows as their centroids. */
export function pqStart(scratch: usize, job: PqTraining, begin: i32, end: i32): void {
  const row = <usize>job.ksub << 2;
  for (let j = begin; j < end; j++) {
    const start = partStart(job.d, job.m, j), dims = partStart(job.d, job.m, j + 1) - start;
    const book = job.books + <usize>j * job.bookBytes;
    for (let k: usize = 0; k < row; k += 4) {
      const from = job.rows + <usize>load<u32>(job.first + k) * job.stride + (<usize>start << 2);
      for (let t = 0; t < dims; t++) store<f32>(book + k + <usize>(t + 1) * row, load<f32>(from + (<usize>t << 2)));
    }
    halfNorms(book, job.ksub, dims);
  }
}

/** One round of k-means in parts begin … end; `scratch` has room for ksub · (8 · widest part + 4) bytes. */
export function pqRound(scratch: usize, job: PqTraining, begin: i32, end: i32): void {
  const ksub = job.ksub, row = <usize>ksub << 2;
  for (let j = begin; j < end; j++) {
    const start = partStart(job.d, job.m, j), dims = partStart(job.d, job.m, j + 1) - start;
    const book = job.books + <usize>j * job.bookBytes;
    const counts = scratch + <usize>(ksub * dims << 3);
    memory.fill(scratch, 0, <usize>(ksub * dims << 3) + row);
    let x = job.rows + (<usize>start << 2);
    for (let i = 0; i < job.count; i++, x += job.stride) {
      const k = nearestCentroid(book, ksub, x, dims);
      const sums = scratch + <usize>(k * dims << 3);
      for (let t = 0; t < dims; t++) {
        const at = sums + (<usize>t << 3);
        store<f64>(at, load<f64>(at) + <f64>load<f32>(x + (<usize>t << 2)));
      }
      const count = counts + (<usize>k << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
    for (let k = 0; k < ksub; k++) {
      const n = load<u32>(counts + (<usize>k << 2));
      if (n == 0) continue;
      for (let t = 0; t < dims; t++) {
        const mean = load<f64>(scratch + (<usize>(k * dims + t) << 3)) / <f64>n;
        store<f32>(book + (<usize>k << 2) + <usize>(t + 1) * row, <f32>mean);
      }
    }
    for (let k = 0; k < ksub; k++) if (load<u32>(counts + (<usize>k << 2)) == 0) split(book, ksub, dims, counts, k);
    halfNorms(book, ksub, dims);
  }
}

/** An empty cluster takes half of the largest: both get its centroid, moved apart by a little. */
function split(book: usize, ksub: i32, dims: i32, counts: usize, empty: i32): void {
  let largest = 0;
  for (let k = 1; k < ksub; k++) {
    if (load<u32>(counts + (<usize>k << 2)) > load<u32>(counts + (<usize>largest << 2))) largest = k;
  }
  const size = load<u32>(counts + (<usize>largest << 2));
  if (size < 2) return;
  store<u32>(counts + (<usize>largest << 2), size - size / 2);
  store<u32>(counts + (<usize>empty << 2), size / 2);
  for (let t = 1; t <= dims; t++) {
    const at = book + <usize>(t * ksub << 2);
    const value = load<f32>(at + (<usize>largest << 2));
    const apart = value / 1024;
    store<f32>(at + (<usize>empty << 2), t & 1 ? value + apart : value - apart);
    store<f32>(at + (<usize>largest << 2), t & 1 ? value - apart : value + apart);
  }
}

/** Replaces rows begin … end by the centroids nearest to their parts. */
export function pqSnap(_scratch: usize, job: PqTraining, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const x = job.rows + <usize>i * job.stride;
    for (let j = 0; j < job.m; j++) {
      const start = partStart(job.d, job.m, j), dims = partStart(job.d, job.m, j + 1) - start;
      const book = job.books + <usize>j * job.bookBytes;
      let from = book + (<usize>nearestCentroid(book, job.ksub, x + (<usize>start << 2), dims) << 2);
      for (let t = 0; t < dims; t++) {
        from += <usize>job.ksub << 2;
        store<f32>(x + (<usize>(start + t) << 2), load<f32>(from));
      }
    }
  }
}
