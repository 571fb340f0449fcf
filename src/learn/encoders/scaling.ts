import type { VectorsInput } from "../../indexes/contract.ts";
import { rowSource } from "../rows.ts";

/** What an {@link Architecture} subtracts from inputs and divides them by. */
export interface InputScaling {
  readonly mean: number[];
  readonly deviation: number[];
}

/**
 * Mean and standard deviation of each channel of rows, for an encoder that is to learn from them. Channels are innermost:
 * 1 for grey images, 3 for colour, as many as columns for tables whose columns have scales of their own. A channel that
 * never changes is divided by 1.
 *
 * @throws VicinalError BAD_INPUT, NOT_FINITE
 */
export function inputScaling(rows: VectorsInput, channels = 1): InputScaling {
  const source = rowSource(rows, "rows", 1);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const one = new Float32Array(source.cols);
  for (let i = 0; i < source.rows; i++) {
    source.copyInto(one, i, i + 1);
    for (let j = 0; j < one.length; j++) {
      const value = one[j]!;
      sums[j % channels]! += value;
      squares[j % channels]! += value * value;
    }
  }
  const n = (source.rows * source.cols) / channels;
  const mean = Array.from(sums, (sum) => sum / n);
  const deviation = Array.from(squares, (sum, c) => Math.sqrt(Math.max(0, sum / n - mean[c]! ** 2)) || 1);
  return { mean, deviation };
}
