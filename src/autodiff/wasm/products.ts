import type { Gemm, Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";

/** Multiply-adds of one call: about half a millisecond of them. */
const CALL_WORK = 1 << 23;
/** Bytes of packed columns at a time. */
const PACKED_BYTES = 1 << 23;
/** Of a batch, products whose B has at most that many numbers are done whole by one thread. */
const SMALL = 1 << 16;

/** Rows a call, a multiple of the six in a tile; so few that threads can share them. */
export function rowsACall(machine: Machine, rows: number, workPerRow: number): number {
  const most = Math.max(1, Math.round(CALL_WORK / Math.max(1, workPerRow) / 48)) * 48;
  if (machine.threads === 1) return most;
  return Math.min(most, 12 * Math.ceil(rows / (48 * machine.threads)));
}

/** Groups of columns packed in a call. */
export const panelsACall = (K: number): number => Math.ceil(2e4 / (K + 1));

/** One matrix product by byte addresses and strides. */
interface Product {
  M: number;
  N: number;
  K: number;
  a: number;
  ars: number;
  aks: number;
  b: number;
  brs: number;
  bcs: number;
  c: number;
  crs: number;
  add: boolean;
}

/** Rows of B packed at a time, so that they stay in the second cache: a multiple of what gemm.ts takes. */
const packedRows = (N: number): number => 256 * Math.max(1, Math.floor(256 / N));

/** Where no scratch has been taken yet; else `packed` is room in it for all columns. */
export function multiply(machine: Machine, p: Product, packed?: number): void {
  if (p.M === 0 || p.N === 0) return;
  const most = packedRows(p.N);
  const rows = Math.min(p.K, most);
  const width = packed === undefined ? Math.max(8, Math.floor(PACKED_BYTES / (rows + 1) / 32) * 8) : p.N;
  const to = packed ?? machine.room(Math.ceil(Math.min(width, p.N) / 8) * rows * 32, 256);
  for (let n = 0; n < p.N; n += width) {
    const N = Math.min(width, p.N - n);
    const panels = Math.ceil(N / 8);
    for (let k = 0; k === 0 || k < p.K; k += most) {
      const K = Math.min(most, p.K - k);
      const b = p.b + n * p.bcs + k * p.brs;
      machine.run("packColumns", [b, p.brs, p.bcs, K, N, to], panels, panelsACall(K));
      const add = p.add || k > 0 ? 1 : 0;
      const args = [p.a + k * p.aks, p.ars, p.aks, to, p.c + n * 4, p.crs, N, K, add];
      machine.run("gemmRows", args, p.M, rowsACall(machine, p.M, N * K));
    }
  }
}

function gemm(machine: Machine, p: Gemm): void {
  const { M, N, K, batch } = p;
  if (M === 0 || N === 0 || batch === 0) return;
  const ars = p.transposeA ? 4 : 4 * p.lda;
  const aks = p.transposeA ? 4 * p.lda : 4;
  const brs = p.transposeB ? 4 : 4 * p.ldb;
  const bcs = p.transposeB ? 4 * p.ldb : 4;
  const [a, b, c, crs] = [ptr(p.a), ptr(p.b), ptr(p.c), 4 * p.ldc];
  // One B for all, and the rows of A and C in one run: one tall product.
  const tall = p.strideB === 0 && !p.transposeA && p.strideA === M * p.lda && p.strideC === M * p.ldc;
  if (batch === 1 || tall) {
    multiply(machine, { M: M * batch, N, K, a, ars, aks, b, brs, bcs, c, crs, add: p.add });
    return;
  }
  const panels = Math.ceil(N / 8) * K * 32;
  if (panels > 4 * SMALL) {
    for (let i = 0; i < batch; i++) {
      const at = { a: a + 4 * i * p.strideA, b: b + 4 * i * p.strideB, c: c + 4 * i * p.strideC };
      multiply(machine, { M, N, K, ars, aks, brs, bcs, crs, add: p.add, ...at });
    }
    return;
  }
  machine.room(0, 256 + panels);
  const steps = [p.strideA, p.strideB, p.strideC].map((elements) => 4 * elements);
  machine.run(
    "gemmBatch",
    [a, ars, aks, steps[0]!, b, brs, bcs, steps[1]!, c, crs, steps[2]!, M, N, K, p.add ? 1 : 0],
    batch,
    Math.ceil(CALL_WORK / Math.max(1, M * N * K)),
  );
}

export function products(machine: Machine): Pick<Kernels, "gemm"> {
  return { gemm: (product) => gemm(machine, product) };
}
