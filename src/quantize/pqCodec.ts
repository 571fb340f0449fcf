import { createRng, VicinalError } from "../core/index.ts";
import type { Space } from "../kernels/space.ts";
import { pad16 } from "../kernels/space.ts";
import type { Tasks } from "../kernels/task.ts";
import {
  BLOCK_ROWS,
  BlockCodec,
  CODEC_KINDS,
  type CodecSample,
  type CodecShape,
  TABLE_HEAD,
} from "./blockCodec.ts";

/** m parts of 2^nbits centroids each. */
export interface PqOptions {
  readonly m: number;
  readonly nbits: 4 | 8;
  /** Codes laid out for sixteen lookups an instruction, tables rounded to bytes; nbits is 4. */
  readonly fastScan: boolean;
}

const ROUNDS = 20;
const TRAIN_ROWS = 1 << 14;
/** Products of one call: a few milliseconds. */
const CALL_PRODUCTS = 1 << 26;
const LEAST_TRAIN_ROWS = 1 << 12;
const TRAINING_BYTES = 64;
/** Fewer rows than centroids are coded without error; fewer than this are hardly worth codes. */
const LEAST_ROWS = 64;

/**
 * Product quantization: a row is cut into m parts, each stored as the number of the nearest of 2^nbits centroids, so
 * that a distance is a sum of m table entries.
 *
 * @see Jégou, Douze & Schmid, Product quantization for nearest neighbor search, 2011
 * @see André, Kermarrec & Le Scouarnec, Cache locality is not enough (fast scan), 2015
 */
export class PqCodec extends BlockCodec {
  readonly word: string;
  readonly tableBytes: number;
  override readonly leastRows: number;
  readonly #options: PqOptions;

  constructor(space: Space, shape: CodecShape, options: PqOptions) {
    const { m, nbits, fastScan } = options;
    const { dimension } = shape;
    if (m > dimension) {
      throw new VicinalError("OPTION_RANGE", {
        option: "m",
        got: m,
        rule: `at most the dimension, ${dimension}`,
      });
    }
    const ksub = 2 ** nbits;
    const bookBytes = (1 + Math.ceil(dimension / m)) * ksub * 4;
    const constants = shape.residual && !shape.ip;
    super(space, shape, {
      kind: fastScan ? CODEC_KINDS.fast : CODEC_KINDS.pq,
      constants,
      codes: fastScan ? m * 16 : Math.ceil((m * nbits) / 8) * BLOCK_ROWS,
      tail: constants ? 1 : 0,
      m,
      ksub,
      books: m * bookBytes,
      bookBytes,
      epsilon: 0,
    });
    this.#options = options;
    this.word = `PQ${m}${nbits === 8 ? "" : "x4"}${fastScan ? "fs" : ""}`;
    this.leastRows = LEAST_ROWS;
    const more = fastScan ? m * 16 + 128 : nbits === 4 ? Math.ceil(m / 2) * 1024 : 0;
    this.tableBytes = TABLE_HEAD + this.rowBytes + m * ksub * 4 + pad16(more);
  }

  protected *learn({ residuals, rows, stride, threads }: CodecSample): Tasks<void> {
    const { space, shape, fields } = this;
    const { m } = this.#options;
    const { ksub, bookBytes } = fields;
    const widest = Math.ceil(shape.dimension / m);
    const most = Math.max(
      LEAST_TRAIN_ROWS,
      Math.min(TRAIN_ROWS, Math.floor(CALL_PRODUCTS / (ksub * widest))),
    );
    const step = Math.ceil(rows / most);
    const count = Math.ceil(rows / step);
    const scratchBytes = pad16(ksub * (8 * widest + 4));
    space.set({ codeTrain: TRAINING_BYTES + ksub * 4 + threads * scratchBytes });
    try {
      this.#pickFirst(count, ksub);
      for (let round = 0; round <= ROUNDS; round++) {
        const training = space.ptr("codeTrain");
        const w = space.engine.u32;
        const at = training >>> 2;
        w[at] = shape.dimension;
        w[at + 1] = m;
        w[at + 2] = ksub;
        w[at + 3] = space.ptr("codeBooks") + this.rowBytes;
        w[at + 4] = bookBytes;
        w[at + 5] = space.ptr(residuals);
        w[at + 6] = stride * step;
        w[at + 7] = count;
        w[at + 8] = training + TRAINING_BYTES;
        const scratch = Array.from(
          { length: threads },
          (_, t) => training + TRAINING_BYTES + ksub * 4 + t * scratchBytes,
        );
        yield {
          fn: round === 0 ? "pqStart" : "pqRound",
          scratch,
          args: [training],
          total: m,
          chunk: 1,
          phase: "codebooks",
          done: round * m,
          of: (ROUNDS + 1) * m,
        };
      }
    } finally {
      space.set({ codeTrain: 0 });
    }
  }

  /** Rows that the centroids begin as, spread over the sample; of a sample smaller than the book, some twice. */
  #pickFirst(count: number, ksub: number): void {
    const rng = createRng(this.shape.seed, "pq");
    const first = this.space.u32("codeTrain").subarray(TRAINING_BYTES >>> 2);
    for (let k = 0; k < ksub; k++) {
      const from = Math.floor((k * count) / ksub);
      const to = Math.max(from + 1, Math.floor(((k + 1) * count) / ksub));
      first[k] = Math.min(count - 1, from + rng.below(to - from));
    }
  }
}
