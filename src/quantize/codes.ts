import { type Matrix, matrix, type RunOptions, runAsync, runSync, VicinalError } from "../core/index.ts";
import { Engine } from "../kernels/index.ts";
import { Space } from "../kernels/space.ts";
import { here, onThreads, type Tasks, usableThreads } from "../kernels/task.ts";
import { BLOCK_ROWS, type BlockCodec, type CodecShape } from "./blockCodec.ts";

/** Codes of rows, in blocks of 32. */
export interface Codes {
  readonly rows: number;
  /** Codes of the rows, interleaved within each block; the lanes of a last block that are not rows are zero. */
  readonly blocks: Uint8Array;
}

/** Rows that a call encodes or decodes. */
const ROWS_A_CALL = 256;

/**
 * A trained codec for float32 rows, to encode, decode and rank them without an index.
 *
 * Ranks are estimates of squared distances, or of negative inner products. All calls copy.
 */
export class Quantizer {
  readonly #space: Space;
  readonly #codec: BlockCodec;
  readonly dimension: number;

  /** @internal */
  constructor(space: Space, codec: BlockCodec, dimension: number) {
    this.#space = space;
    this.#codec = codec;
    this.dimension = dimension;
  }

  /** Canonical word of the codec, such as `PQ16x4fs`. */
  get word(): string {
    return this.#codec.word;
  }

  /** Bytes that the codes of 32 rows take. */
  get blockBytes(): number {
    return this.#codec.blockBytes;
  }

  /** Bytes of what was learned. */
  get trainedBytes(): number {
    return this.#codec.sizes().codeBooks!;
  }

  /**
   * @param rows float32[n × d]
   * @throws VicinalError DIM_MISMATCH, OUT_OF_MEMORY
   */
  encode(rows: Matrix): Codes {
    this.#checkDimension("rows", rows.cols);
    const codec = this.#codec;
    const bytes = Math.ceil(rows.rows / BLOCK_ROWS) * codec.blockBytes;
    const space = this.#room({ rows: rows.rows * codec.rowBytes, blocks: bytes, work: codec.workBytes });
    stage(space, "rows", rows, codec.rowBytes);
    space.u8("blocks").fill(0);
    this.#chunks(rows.rows, (begin, end) => {
      const { exports } = space.engine;
      exports.codecEncode(
        space.ptr("work"),
        codec.prepare(),
        space.ptr("rows"),
        codec.rowBytes,
        space.ptr("blocks"),
        codec.blockBytes,
        begin,
        end,
      );
    });
    return { rows: rows.rows, blocks: space.u8("blocks").slice(0, bytes) };
  }

  /** The rows that codes stand for, float32[n × d]. */
  decode(codes: Codes): Matrix {
    const codec = this.#codec;
    const space = this.#take(codes, { rows: codes.rows * codec.rowBytes, work: codec.workBytes });
    this.#chunks(codes.rows, (begin, end) => {
      space.engine.exports.codecDecode(
        space.ptr("work"),
        codec.prepare(),
        space.ptr("blocks"),
        codec.blockBytes,
        space.ptr("rows"),
        codec.rowBytes,
        begin,
        end,
      );
    });
    const out = new Float32Array(codes.rows * this.dimension);
    const from = space.f32("rows");
    const stride = codec.rowBytes >>> 2;
    for (let i = 0; i < codes.rows; i++) {
      out.set(from.subarray(i * stride, i * stride + this.dimension), i * this.dimension);
    }
    return matrix(out, this.dimension, codes.rows);
  }

  /** Estimated ranks of the coded rows for a query, float32[n]. */
  ranks(query: Float32Array, codes: Codes): Float32Array {
    return this.#rank(query, codes, false);
  }

  /**
   * What the true ranks of the coded rows are not below, float32[n]: RaBitQ's bound, which fails for about
   * three rows in a hundred.
   *
   * @throws VicinalError UNSUPPORTED for codecs that have no bound
   */
  bounds(query: Float32Array, codes: Codes): Float32Array {
    if (!this.#codec.bounded) {
      throw new VicinalError("UNSUPPORTED", { what: `A bound of ${this.word}`, rule: "RaBitQ has one" });
    }
    return this.#rank(query, codes, true);
  }

  #rank(query: Float32Array, codes: Codes, bounds: boolean): Float32Array {
    this.#checkDimension("query", query.length);
    const codec = this.#codec;
    const blocks = Math.ceil(codes.rows / BLOCK_ROWS);
    const space = this.#take(codes, {
      rows: codec.rowBytes,
      table: codec.tableBytes,
      ranks: blocks * BLOCK_ROWS * 4,
    });
    stage(space, "rows", matrix(query, this.dimension), codec.rowBytes);
    space.engine.exports.codecRank(
      space.ptr("table"),
      codec.prepare(),
      space.ptr("rows"),
      space.ptr("blocks"),
      codec.blockBytes,
      codes.rows,
      space.ptr("ranks"),
      bounds ? 1 : 0,
    );
    return space.f32("ranks").slice(0, codes.rows);
  }

  /** Gives the memory back; nothing else may be called after it. */
  dispose(): void {
    this.#space.engine.dispose();
  }

  #checkDimension(what: string, got: number): void {
    if (got !== this.dimension) throw new VicinalError("DIM_MISMATCH", { what, got, want: this.dimension });
  }

  #room(sizes: Record<string, number>): Space {
    for (const [name, bytes] of Object.entries(sizes)) this.#space.atLeast(name, bytes);
    return this.#space;
  }

  #take({ rows, blocks }: Codes, sizes: Record<string, number>): Space {
    const want = Math.ceil(rows / BLOCK_ROWS) * this.#codec.blockBytes;
    if (blocks.length !== want) {
      throw new VicinalError("BAD_INPUT", {
        what: "codes",
        got: `${blocks.length} bytes for ${rows} rows`,
        rule: `${want} bytes, as encode() of this quantizer gives them`,
      });
    }
    const space = this.#room({ blocks: want, ...sizes });
    space.u8("blocks").set(blocks);
    return space;
  }

  #chunks(rows: number, call: (begin: number, end: number) => void): void {
    for (let begin = 0; begin < rows; begin += ROWS_A_CALL) call(begin, Math.min(rows, begin + ROWS_A_CALL));
  }
}

function stage(space: Space, section: string, rows: Matrix, rowBytes: number): void {
  const out = space.f32(section);
  const stride = rowBytes >>> 2;
  for (let i = 0; i < rows.rows; i++) {
    const from = i * rows.stride;
    out.set(rows.data.subarray(from, from + rows.cols), i * stride);
    out.fill(0, i * stride + rows.cols, (i + 1) * stride);
  }
}

/** A codec about to be trained on rows. @internal */
export interface Training {
  readonly space: Space;
  tasks(threads: number): Tasks<Quantizer>;
}

/** @internal */
export function prepareTraining(
  rows: Matrix,
  shape: Omit<CodecShape, "dimension" | "residual">,
  make: (space: Space, shape: CodecShape) => BlockCodec,
  engine: Engine = Engine.create(),
): Training {
  if (rows.rows < 1) throw new VicinalError("EMPTY_INDEX", { what: "Training a quantizer" });
  const space = new Space(engine);
  const codec = make(space, { ...shape, dimension: rows.cols, residual: false });
  space.set({ rows: rows.rows * codec.rowBytes });
  stage(space, "rows", rows, codec.rowBytes);
  function* tasks(threads: number): Tasks<Quantizer> {
    yield* codec.train({
      rows: rows.rows,
      stride: codec.rowBytes,
      vectors: "rows",
      residuals: "rows",
      threads,
    });
    return new Quantizer(space, codec, rows.cols);
  }
  return { space, tasks };
}

/** @internal */
export function trainNow({ space, tasks }: Training): Quantizer {
  return runSync(here(space.engine, tasks(1)));
}

/** On this thread with pauses, or on workers; the outcome is the same. @internal */
export async function trainLater(
  { space, tasks }: Training,
  { threads: asked, ...run }: RunOptions & { threads?: number },
): Promise<Quantizer> {
  const threads = usableThreads(asked);
  run.signal?.throwIfAborted();
  if (threads === 1) return runAsync(here(space.engine, tasks(1)), run);
  space.engine.share();
  return onThreads(space.engine, tasks(threads), threads, run);
}
