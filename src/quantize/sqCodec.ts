import type { Space } from "../kernels/space.ts";
import { pad16 } from "../kernels/space.ts";
import type { Tasks } from "../kernels/task.ts";
import {
  BLOCK_ROWS,
  BlockCodec,
  CODEC_KINDS,
  type CodecSample,
  type CodecShape,
  type Refuse,
  TABLE_HEAD,
} from "./blockCodec.ts";

const TRAIN_ROWS = 1 << 12;
/** Shares of the rows, below and above, that a range may leave out. */
const CUTS = [0, 1 / 1024, 1 / 256, 1 / 128, 1 / 64];
/** Components looked at between two turns of the event loop. */
const COMPONENTS_A_TURN = 32;

/**
 * Scalar quantization: each component in 4, 6 or 8 bits within a range of its own. The range is that, of those between
 * quantiles of a sample, with the least squared error.
 */
export class SqCodec extends BlockCodec {
  readonly word: string;
  readonly tableBytes: number;
  override readonly leastRows = 16;

  constructor(space: Space, shape: CodecShape, bits: 4 | 6 | 8) {
    const { dimension, ip } = shape;
    const pairs = Math.ceil(dimension / 2);
    super(space, shape, {
      kind: CODEC_KINDS.sq,
      constants: !ip,
      codes: bits === 8 ? pairs * 64 : bits === 4 ? pairs * BLOCK_ROWS : Math.ceil(dimension / 4) * 96,
      tail: ip ? 0 : 1,
      m: bits,
      ksub: 0,
      books: 2 * pad16(dimension * 4),
      bookBytes: 0,
      epsilon: 0,
    });
    this.word = `SQ${bits}`;
    this.tableBytes = TABLE_HEAD + this.rowBytes + pad16(2 * (dimension + 3));
  }

  protected override get centred(): boolean {
    return !this.shape.ip;
  }

  protected *learn({ residuals, rows, stride }: CodecSample): Tasks<void> {
    const { space, shape, fields } = this;
    const { dimension, residual } = shape;
    const words = this.rowBytes >>> 2;
    const levels = 2 ** fields.m - 1;
    const n = Math.min(rows, TRAIN_ROWS);
    const column = new Float32Array(n);
    for (let j = 0; j < dimension; j++) {
      if (j % COMPONENTS_A_TURN === 0) yield turnOf(j, dimension);
      const data = space.f32(residuals);
      const books = space.f32("codeBooks");
      // Without lists, the centre is what rows are coded relative to.
      const home = residual ? 0 : books[j]!;
      for (let i = 0; i < n; i++) {
        column[i] = data[Math.floor((i * rows) / n) * (stride >>> 2) + j]! - home;
      }
      const { low, high } = bestRange(column.sort(), levels);
      books[words + j] = low;
      books[2 * words + j] = (high - low) / levels;
    }
  }

  override check(refuse: Refuse): void {
    super.check(refuse);
    const steps = this.space.f32("codeBooks").subarray((2 * this.rowBytes) >>> 2);
    if (steps.some((step) => step < 0)) refuse("steps of codes are not negative");
  }
}

const turnOf = (done: number, of: number) =>
  ({ fn: "pqStart", scratch: [0], args: [], total: 0, chunk: 1, phase: "ranges", done, of }) as const;

/** Of ranges between quantiles of the sorted values, the one that rounding and cutting off cost least. */
function bestRange(values: Float32Array, levels: number): { low: number; high: number } {
  const n = values.length;
  let best = { low: values[0]!, high: values[n - 1]! };
  let least = Number.POSITIVE_INFINITY;
  for (const cut of CUTS) {
    const out = Math.floor(cut * n);
    const low = values[out]!;
    const high = values[n - 1 - out]!;
    let error = (n * ((high - low) / levels) ** 2) / 12;
    for (let i = 0; i < out; i++) error += (low - values[i]!) ** 2 + (values[n - 1 - i]! - high) ** 2;
    if (error < least) {
      least = error;
      best = { low, high };
    }
  }
  return best;
}
