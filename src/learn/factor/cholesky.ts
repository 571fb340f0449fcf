/**
 * Solves A x = b for a symmetric positive definite A, in place: `a` (n × n, row-major, its lower triangle read) is
 * replaced by its Cholesky factor, `b` by x. n³/6 multiplications; unlike linalg's solver it checks and allocates nothing, as
 * it runs once a row.
 *
 * @returns false when A is not positive definite to working precision
 */
export function solvePositive(a: Float64Array, b: Float64Array, n: number): boolean {
  if (!factorPositive(a, n)) return false;
  solveFactored(a, b, n);
  return true;
}

/** Replaces the lower triangle of A by L with L Lᵀ = A. */
function factorPositive(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const ri = i * n;
    for (let j = 0; j <= i; j++) {
      const rj = j * n;
      let sum = a[ri + j]!;
      for (let k = 0; k < j; k++) sum -= a[ri + k]! * a[rj + k]!;
      if (i !== j) a[ri + j] = sum / a[rj + j]!;
      else if (sum > 0) a[ri + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Replaces b by the solution of L Lᵀ x = b. */
function solveFactored(l: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * b[k]!;
    b[i] = sum / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / l[i * n + i]!;
    b[i] = x;
    for (let k = 0; k < i; k++) b[k]! -= l[i * n + k]! * x;
  }
}
