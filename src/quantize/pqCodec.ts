import { VicinalError } from "../core/index.ts";
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
import { BookTrainer, bookBytes, ROUNDS } from "./pqBooks.ts";

/** m parts of 2^nbits centroids each. */
export interface PqOptions {
  readonly m: number;
  readonly nbits: 4 | 8;
  /** Codes laid out for sixteen lookups an instruction, tables rounded to bytes; nbits is 4. */
  readonly fastScan: boolean;
}

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
    const book = bookBytes({ d: dimension, m, ksub });
    const constants = shape.residual && !shape.ip;
    super(space, shape, {
      kind: fastScan ? CODEC_KINDS.fast : CODEC_KINDS.pq,
      constants,
      codes: fastScan ? m * 16 : Math.ceil((m * nbits) / 8) * BLOCK_ROWS,
      tail: constants ? 1 : 0,
      m,
      ksub,
      books: m * book,
      bookBytes: book,
      epsilon: 0,
    });
    this.#options = options;
    this.word = `PQ${m}${nbits === 8 ? "" : "x4"}${fastScan ? "fs" : ""}`;
    this.leastRows = LEAST_ROWS;
    const more = fastScan ? m * 16 + 128 : nbits === 4 ? Math.ceil(m / 2) * 1024 : 0;
    this.tableBytes = TABLE_HEAD + this.rowBytes + m * ksub * 4 + pad16(more);
  }

  protected *learn({ residuals, rows, stride, threads }: CodecSample): Tasks<void> {
    const { dimension: d, seed } = this.shape;
    const shape = { d, m: this.#options.m, ksub: this.fields.ksub };
    const sample = { section: residuals, rows, stride };
    const books = { section: "codeBooks", at: this.rowBytes };
    const trainer = new BookTrainer(this.space, shape, sample, books, threads);
    try {
      trainer.pickFirst(seed);
      yield* trainer.rounds(ROUNDS, true);
    } finally {
      trainer.release();
    }
  }
}
