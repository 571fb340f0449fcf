import type { Space } from "../kernels/space.ts";
import { pad16 } from "../kernels/space.ts";
import type { Tasks } from "../kernels/task.ts";

/** Rows whose codes lie together (wasm/codecs/layout.ts). */
export const BLOCK_ROWS = 32;

/** Rows in a space that a codec learns from. */
export interface CodecSample {
  readonly rows: number;
  /** Bytes from one row to the next: a multiple of 16, zero beyond the dimension. */
  readonly stride: number;
  /** Section with the rows, float32. */
  readonly vectors: string;
  /** Section with what is coded: rows less their centroids, or `vectors` again. */
  readonly residuals: string;
  readonly threads: number;
}

/** What rows are coded for. */
export interface CodecShape {
  readonly dimension: number;
  /** Ranks are −dot rather than squared distances. */
  readonly ip: boolean;
  /** Codes are of what is left of rows after the centroid of their list. */
  readonly residual: boolean;
  readonly seed: number;
}

/** Numbers of wasm/codecs/layout.ts `Coder` that a codec has before it is trained. */
export interface CoderFields {
  readonly kind: number;
  readonly constants: boolean;
  /** Bytes of the codes of 32 rows. */
  readonly codes: number;
  /** f32s a row behind the codes. */
  readonly tail: number;
  readonly m: number;
  readonly ksub: number;
  /** Bytes of what is learned, behind the centre. */
  readonly books: number;
  readonly bookBytes: number;
  readonly epsilon: number;
}

/** The names of wasm/codecs/layout.ts. */
export const CODEC_KINDS = { pq: 1, fast: 2, sq: 3, rabitq: 4 } as const;

const STRUCT_BYTES = 64;
/** Struct at the head of a thread's table. */
export const TABLE_HEAD = 16;
/** Rows that are looked at for a mean. */
const MEAN_ROWS = 1 << 14;

export type Refuse = (rule: string, got?: string) => never;

/**
 * A codec over blocks of 32 rows in a space. All it learns is float32 in one section, `codeBooks`: a centre of the rows,
 * then what the codec is made of; `codeStruct` holds the struct that the loops in wasm/codecs/ go by.
 */
export abstract class BlockCodec {
  abstract readonly word: string;
  /** Bytes a thread needs for the tables of a query. */
  abstract readonly tableBytes: number;
  /** Rows it takes to learn from. */
  readonly leastRows: number = 1;
  /** Whether scans can say what no row's true rank is below. */
  readonly bounded: boolean = false;
  readonly residual: boolean;
  readonly saved: readonly (readonly [name: string, dtype: "f32"])[] = [["codeBooks", "f32"]];
  protected readonly space: Space;
  protected readonly shape: CodecShape;
  protected readonly fields: CoderFields;

  constructor(space: Space, shape: CodecShape, fields: CoderFields) {
    this.space = space;
    this.shape = shape;
    this.fields = fields;
    this.residual = shape.residual;
  }

  /** How many times more errors along a row count than those across. */
  get eta(): number {
    return 1;
  }

  get kind(): number {
    return this.fields.kind;
  }

  /** Bytes of a row, float32 and padded. */
  get rowBytes(): number {
    return pad16(this.shape.dimension * 4);
  }

  get blockBytes(): number {
    return pad16(this.fields.codes) + this.fields.tail * 4 * BLOCK_ROWS;
  }

  /** Bytes a thread needs while it encodes or decodes. */
  get workBytes(): number {
    return this.rowBytes;
  }

  sizes(): Record<string, number> {
    return { codeStruct: STRUCT_BYTES, codeBooks: this.rowBytes + this.fields.books };
  }

  prepare(): number {
    const { space, shape, fields } = this;
    const ptr = space.ptr("codeStruct");
    const books = space.ptr("codeBooks");
    const w = space.engine.u32;
    const at = ptr >>> 2;
    w[at] = fields.kind;
    w[at + 1] = shape.dimension;
    w[at + 2] = this.rowBytes;
    w[at + 3] = shape.ip ? 1 : 0;
    w[at + 4] = fields.constants ? 1 : 0;
    w[at + 5] = pad16(fields.codes);
    w[at + 6] = books;
    w[at + 7] = fields.m;
    w[at + 8] = fields.ksub;
    w[at + 9] = books + this.rowBytes;
    w[at + 10] = fields.bookBytes;
    space.engine.f32[at + 11] = fields.epsilon;
    space.engine.f32[at + 12] = this.eta;
    return ptr;
  }

  *train(sample: CodecSample): Tasks<void> {
    this.space.set(this.sizes());
    this.space.f32("codeBooks").fill(0);
    if (this.centred) {
      const mean = meanRow(this.space, sample, this.shape.dimension);
      this.space.f32("codeBooks").set(mean);
    }
    yield* this.learn(sample);
  }

  /** Whether the centre is the mean of the rows rather than zero. */
  protected get centred(): boolean {
    return this.shape.residual && !this.shape.ip;
  }

  protected abstract learn(sample: CodecSample): Tasks<void>;

  /** Refuses numbers from a file that the loops could not go by. */
  check(refuse: Refuse): void {
    const bad = this.space.f32("codeBooks").findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) refuse("codebooks are finite numbers", `one at ${bad} that is none`);
  }
}

function meanRow(space: Space, { vectors, rows, stride }: CodecSample, dimension: number): Float64Array {
  const data = space.f32(vectors);
  const mean = new Float64Array(dimension);
  const n = Math.min(rows, MEAN_ROWS);
  for (let i = 0; i < n; i++) {
    const at = Math.floor((i * rows) / n) * (stride >>> 2);
    for (let j = 0; j < dimension; j++) mean[j]! += data[at + j]!;
  }
  return mean.map((sum) => sum / Math.max(1, n));
}
