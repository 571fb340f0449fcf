import { pad16, type Space } from "../kernels/space.ts";
import type { Tasks } from "../kernels/task.ts";
import type { CodecSample, CodecShape } from "./blockCodec.ts";
import { PqCodec } from "./pqCodec.ts";

/** Components of a part. */
const PART = 2;
/** Times that codes are chosen and centroids follow, after k-means. */
const ROUNDS = 3;
/** Rows that centroids follow. */
const TRAIN_ROWS = 1 << 14;
const STRUCT_BYTES = 64;
/** Bytes of a part's tables while a row is coded, and of the sums of a codebook. */
const TABLE_BYTES = 128;
const SUM_BYTES = 640;

/**
 * How many times more an error along the row counts than one across, where answers are rows whose product with a query of
 * unit length is at least `threshold` times their norm: (d − 1) t² / (1 − t²), and never less than 1.
 */
export function scoreEta(dimension: number, threshold: number): number {
  const square = threshold * threshold;
  return Math.max(1, ((dimension - 1) * square) / (1 - square));
}

/**
 * Product quantization in parts of two components with 16 centroids, scanned like `PQ<m>x4fs`, whose codes and codebooks are
 * chosen for the products that answers are made of: the loss of error r of row x is |r|² + (eta − 1)⟨r, x/|x|⟩². With eta = 1
 * it is plain product quantization.
 *
 * @see Guo et al., Accelerating large-scale inference with anisotropic vector quantization, 2020 (arXiv:1908.10396)
 */
export class AnisotropicPqCodec extends PqCodec {
  readonly #eta: number;

  constructor(space: Space, shape: CodecShape, threshold: number) {
    super(space, shape, { m: Math.ceil(shape.dimension / PART), nbits: 4, fastScan: true });
    this.#eta = Math.fround(scoreEta(shape.dimension, threshold));
  }

  override get eta(): number {
    return this.#eta;
  }

  /** A residual, the tables of its parts and its codes. */
  override get workBytes(): number {
    const { m } = this.fields;
    return this.rowBytes + (this.eta > 1 ? m * TABLE_BYTES + pad16(m) : 0);
  }

  protected override *learn(sample: CodecSample): Tasks<void> {
    yield* super.learn(sample);
    if (this.eta === 1) return;
    const { m } = this.fields;
    const { rows, threads } = sample;
    const step = Math.ceil(rows / TRAIN_ROWS);
    const count = Math.ceil(rows / step);
    const perThread = Math.max(SUM_BYTES, m * TABLE_BYTES);
    const codes = STRUCT_BYTES + threads * perThread;
    const along = codes + pad16(count * m);
    try {
      this.space.set({ codeTrain: along + count * 8 });
      for (let round = 0; round < ROUNDS; round++) {
        const at = this.#task(sample, step, count, { codes, along });
        const scratch = Array.from({ length: threads }, (_, t) => at + STRUCT_BYTES + t * perThread);
        const report = { phase: "codebooks", done: round, of: ROUNDS };
        yield { fn: "scoreEncode", scratch, args: [at], total: count, chunk: 64, ...report };
        for (let part = 0; part < m; part++) {
          yield { fn: "scoreUpdate", scratch, args: [at, part], total: 1, chunk: 1, ...report };
        }
      }
    } finally {
      if (!this.space.engine.disposed) this.space.set({ codeTrain: 0 });
    }
  }

  /** Fills the struct ScoreTraining of wasm/codecs/anisotropic.ts; every `step`-th row of the sample trains. */
  #task(
    { vectors, residuals, stride }: CodecSample,
    step: number,
    count: number,
    offsets: { readonly codes: number; readonly along: number },
  ): number {
    const { space, fields } = this;
    const at = space.ptr("codeTrain");
    const w = space.engine.u32;
    const word = at >>> 2;
    w[word] = this.shape.dimension;
    w[word + 1] = fields.m;
    w[word + 2] = space.ptr("codeBooks") + this.rowBytes;
    w[word + 3] = fields.bookBytes;
    w[word + 4] = space.ptr(residuals);
    w[word + 5] = space.ptr(vectors);
    w[word + 6] = stride * step;
    w[word + 7] = this.rowBytes;
    w[word + 8] = count;
    space.engine.f32[word + 9] = this.eta;
    w[word + 10] = at + offsets.codes;
    w[word + 11] = at + offsets.along;
    w[word + 12] = at + offsets.along + count * 4;
    return at;
  }
}
