import { createRng } from "../core/index.ts";
import type { Space } from "../kernels/space.ts";
import type { Tasks } from "../kernels/task.ts";
import { BlockCodec, CODEC_KINDS, type CodecShape, type Refuse, TABLE_HEAD } from "./blockCodec.ts";

/** Rounds of wasm/codecs/turn.ts. */
const ROUNDS = 4;
/** Standard errors that the bound allows, as in the paper. */
const EPSILON = 1.9;

/** Components after the rotation. */
const turnedTo = (dimension: number): number => (dimension + 15) & ~15;

/**
 * RaBitQ: one bit a component after a random rotation, and three numbers a row (two for inner products) with which
 * estimates of distances are unbiased and their errors bounded: rows whose bound is beyond the answers found need not
 * be compared themselves.
 *
 * @see Gao & Long, RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound, 2024
 */
export class RabitqCodec extends BlockCodec {
  readonly word = "RaBitQ";
  readonly tableBytes: number;
  override readonly bounded = true;

  constructor(space: Space, shape: CodecShape) {
    const width = turnedTo(shape.dimension);
    const m = width / 4;
    super(space, shape, {
      kind: CODEC_KINDS.rabitq,
      constants: !shape.ip,
      codes: m * 16,
      tail: shape.ip ? 2 : 3,
      m,
      ksub: 16,
      books: ROUNDS * width * 4,
      bookBytes: 0,
      epsilon: EPSILON,
    });
    this.tableBytes = TABLE_HEAD + width * 4 + m * 80 + 128;
  }

  override get workBytes(): number {
    return 2 * turnedTo(this.shape.dimension) * 4;
  }

  /** Without lists, rows are coded relative to their mean whatever the metric. */
  protected override get centred(): boolean {
    return !(this.shape.residual && this.shape.ip);
  }

  // biome-ignore lint/correctness/useYield: nothing here takes long.
  protected *learn(): Tasks<void> {
    const rng = createRng(this.shape.seed, "rabitq");
    const signs = this.#signs();
    for (let i = 0; i < signs.length; i++) signs[i] = rng.next() < 0.5 ? 1 : -1;
  }

  override check(refuse: Refuse): void {
    super.check(refuse);
    if (this.#signs().some((x) => x !== 1 && x !== -1)) refuse("signs of the rotation are 1 and -1");
  }

  #signs(): Float32Array {
    return this.space.f32("codeBooks").subarray(this.rowBytes >>> 2);
  }
}
