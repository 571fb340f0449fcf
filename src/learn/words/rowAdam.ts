const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-7;

/**
 * Adam on rows of a table of which each step touches few: moments of the others rest, and each row corrects for the number
 * of its own steps.
 *
 * @see Kingma and Ba, ICLR 2015 (arXiv:1412.6980)
 */
export class RowAdam {
  readonly values: Float64Array;
  readonly #d: number;
  readonly #rate: number;
  readonly #gradient: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  readonly #steps: Uint32Array;
  readonly #touched: number[] = [];
  readonly #isTouched: Uint8Array;

  constructor(values: Float64Array, d: number, rate: number) {
    const rows = values.length / d;
    this.values = values;
    this.#d = d;
    this.#rate = rate;
    this.#gradient = new Float64Array(values.length);
    this.#mean = new Float64Array(values.length);
    this.#square = new Float64Array(values.length);
    this.#steps = new Uint32Array(rows);
    this.#isTouched = new Uint8Array(rows);
  }

  /** Adds factor · slope to the gradient of a row. */
  add(row: number, slope: Float64Array, factor: number): void {
    if (this.#isTouched[row] === 0) {
      this.#isTouched[row] = 1;
      this.#touched.push(row);
    }
    const d = this.#d;
    const gradient = this.#gradient;
    for (let j = 0; j < d; j++) gradient[row * d + j]! += factor * slope[j]!;
  }

  /** Moves the touched rows and forgets their gradient. */
  step(): void {
    const d = this.#d;
    const [gradient, mean, square, values] = [this.#gradient, this.#mean, this.#square, this.values];
    for (const row of this.#touched) {
      const t = ++this.#steps[row]!;
      const rate = (this.#rate * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
      for (let i = row * d; i < row * d + d; i++) {
        const g = gradient[i]!;
        gradient[i] = 0;
        mean[i] = BETA1 * mean[i]! + (1 - BETA1) * g;
        square[i] = BETA2 * square[i]! + (1 - BETA2) * g * g;
        values[i]! -= (rate * mean[i]!) / (Math.sqrt(square[i]!) + EPSILON);
      }
      this.#isTouched[row] = 0;
    }
    this.#touched.length = 0;
  }
}
