import type { Gemm } from "../kernels.ts";
import { sameShape, shapeError, shapeText, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { add } from "./elementwise.ts";

export interface ProductOptions {
  /** Whether the last two axes of an operand are exchanged. */
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * Matrix products over the last two axes. Axes before them are equal, or the second operand has none and
 * serves all. Cost: 2 M N K operations each.
 */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: ProductOptions = {},
): Tensor {
  if (a.rank < 2 || b.rank < 2) {
    throw shapeError("matmul", `${shapeText(a.shape)} and ${shapeText(b.shape)}`, "two axes at least");
  }
  const [aRows, aCols] = a.shape.slice(-2) as [number, number];
  const [bRows, bCols] = b.shape.slice(-2) as [number, number];
  const [M, K] = transposeA ? [aCols, aRows] : [aRows, aCols];
  const [inner, N] = transposeB ? [bCols, bRows] : [bRows, bCols];
  const lead = a.shape.slice(0, -2);
  const shared = b.rank === 2;
  if (K !== inner || !(shared || sameShape(lead, b.shape.slice(0, -2)))) {
    const got = `${shapeText(a.shape)}${transposeA ? "ᵀ" : ""} and ${shapeText(b.shape)}${transposeB ? "ᵀ" : ""}`;
    throw shapeError("matmul", got, "equal inner extents, and equal leading axes or none on the second");
  }
  const batch = sizeOf(lead);
  // A shared second operand and untransposed firsts are one tall product.
  const tall = shared && !transposeA;
  const count = tall ? 1 : batch;
  const rows = tall ? batch * M : M;
  const { tape } = a;
  const { kernels } = tape;
  const [pa, pb] = [a.address, b.address];
  const forward = { M: rows, N, K, a: pa, lda: aCols, transposeA, b: pb, ldb: bCols, transposeB };
  const strides = { strideA: aRows * aCols, strideB: shared ? 0 : bRows * bCols, strideC: M * N };
  return tape.apply(
    [a, b],
    [...lead, M, N],
    (c) => kernels.gemm({ ...forward, c, ldc: N, add: false, batch: count, ...strides }),
    (dy) => {
      const [A, B, Y] = [
        { at: pa, ld: aCols, flip: transposeA, stride: strides.strideA },
        { at: pb, ld: bCols, flip: transposeB, stride: strides.strideB },
        { at: dy, ld: N, flip: false, stride: strides.strideC },
      ];
      if (a.slot.tracked) {
        const { address: c, add } = tape.gradientTarget(a.slot);
        // dA = dY Bᵀ, or its transpose B dYᵀ where A was stored transposed.
        const [left, right] = transposeA ? [B, turned(Y)] : [Y, turned(B)];
        const size = transposeA ? { M: K, N: M, K: N } : { M: rows, N: K, K: N };
        kernels.gemm({
          ...operands(left, right),
          ...size,
          c,
          ldc: aCols,
          add,
          batch: count,
          strideC: A.stride,
        });
      }
      if (b.slot.tracked) {
        const target = tape.gradientTarget(b.slot);
        const [left, right] = transposeB ? [turned(Y), A] : [turned(A), Y];
        const size = transposeB ? { M: N, N: K, K: rows } : { M: K, N, K: rows };
        const product = {
          ...operands(left, right),
          ...size,
          c: target.address,
          ldc: bCols,
          strideC: B.stride,
        };
        // A shared operand collects the products of all, one after another.
        if (!shared || count === 1) kernels.gemm({ ...product, add: target.add, batch: count });
        else {
          for (let i = 0; i < count; i++) {
            const moved = { a: product.a + i * product.strideA, b: product.b + i * product.strideB };
            kernels.gemm({ ...product, ...moved, add: target.add || i > 0, batch: 1 });
          }
        }
      }
    },
  );
}

interface Factor {
  readonly at: number;
  readonly ld: number;
  readonly flip: boolean;
  readonly stride: number;
}

const turned = (factor: Factor): Factor => ({ ...factor, flip: !factor.flip });

function operands(
  a: Factor,
  b: Factor,
): Pick<Gemm, "a" | "lda" | "transposeA" | "strideA" | "b" | "ldb" | "transposeB" | "strideB"> {
  return {
    ...{ a: a.at, lda: a.ld, transposeA: a.flip, strideA: a.stride },
    ...{ b: b.at, ldb: b.ld, transposeB: b.flip, strideB: b.stride },
  };
}

/** x · weight (+ bias): [rows, in] and [in, out] give [rows, out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const y = matmul(x, weight);
  return bias === undefined ? y : add(y, bias);
}
