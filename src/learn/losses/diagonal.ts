import { pick, reshape, type Tensor } from "../../autodiff/index.ts";

/** Entry (i, i) of each row of a square matrix: [rows], or [rows, 1] as a column. */
export function diagonal(x: Tensor, column = false): Tensor {
  const rows = x.shape[0]!;
  const out = pick(
    x,
    Array.from({ length: rows }, (_, i) => i),
  );
  return column ? reshape(out, [rows, 1]) : out;
}
