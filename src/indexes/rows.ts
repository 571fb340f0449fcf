import type { Matrix } from "../core/index.ts";
import type { ScalarQuantizer } from "../quantize/index.ts";
import { metricBlockBytes, writeMetricBlock } from "./metricBlock.ts";
import type { VectorReader } from "./parts/vectors.ts";
import { augmentRows, coverNorms, encodeRows, trainOnSample, widened } from "./rowCodes.ts";
import {
  checkLatitudes,
  flipSigns,
  normalize,
  permuteRows,
  refuseZeroBytes,
  squaredNorm,
} from "./rowMath.ts";
import type { RowOptions } from "./rowOptions.ts";
import { pad16, type Space } from "./space.ts";

/** Rows held before an index over codes alone drops its vectors: fewer would train a poor quantizer. */
const WARM_UP_ROWS = 1024;
/** Once trained on this many rows, codes are not trained again. */
const TRAINED_ENOUGH = 1 << 16;
/** Bytes of a block of rows that stay reserved when the structure has coded them. */
const MOST_INCOMING = 1 << 20;
/** Rows read at a time when vectors are not kept. */
const INCOMING = 256;

/**
 * The rows of an index: vectors, codes, or both, by slot. Slots are dense, 0 … rows−1; removed rows keep
 * theirs, marked in a bitmap, until the index is compacted.
 */
export class RowStore {
  readonly options: RowOptions;
  /** float32 components of a stored vector: the dimension, plus one when augmented. */
  readonly floats: number;
  readonly rowBytes: number;
  readonly codeBytes: number;
  readonly #space: Space;
  #rows = 0;
  #removed = 0;
  #capacity = 0;
  #order = 0;
  #hasVectors: boolean;
  /** The first slot whose vector is in section "vectors". */
  #vectorsFrom = 0;
  /** Gives the vector of a slot whose code only the structure knows. */
  #decode: ((slot: number) => Float32Array) | undefined;
  #quantizer: ScalarQuantizer | undefined;
  #trainedOn = 0;
  /** R²: the largest squared norm so far, for inner product. */
  #maxNorm = 0;

  constructor(space: Space, options: RowOptions) {
    this.#space = space;
    this.options = options;
    this.floats = options.dimension + (options.augment ? 1 : 0);
    this.rowBytes =
      options.dtype === "f32"
        ? pad16(this.floats * 4)
        : pad16(options.dtype === "bits" ? Math.ceil(options.dimension / 8) : options.dimension);
    this.codeBytes = options.codes === "sq7" || options.codes === "sq8" ? pad16(this.floats) : 0;
    this.#hasVectors = true;
    space.set({ ...this.sizes(0), metric: metricBlockBytes(options) });
    writeMetricBlock(options, space.u8("metric"));
  }

  /** Slots in use, removed rows included. */
  get rows(): number {
    return this.#rows;
  }

  get removed(): number {
    return this.#removed;
  }

  get live(): number {
    return this.#rows - this.#removed;
  }

  /** Counts renumberings: what was derived from rows by slot is stale after one. */
  get order(): number {
    return this.#order;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get hasVectors(): boolean {
    return this.#hasVectors;
  }

  get quantizer(): ScalarQuantizer | undefined {
    return this.#quantizer;
  }

  get trainedOn(): number {
    return this.#trainedOn;
  }

  get maxNorm(): number {
    return this.#maxNorm;
  }

  /** Bytes a staged query takes: the vector padded to whole code blocks. */
  get queryStride(): number {
    return this.options.dtype === "f32" ? pad16(this.floats) * 4 : this.rowBytes;
  }

  /** Bytes of a stored vector before padding. */
  get usedBytes(): number {
    const { dtype, dimension } = this.options;
    return dtype === "f32" ? this.floats * 4 : dtype === "bits" ? Math.ceil(dimension / 8) : dimension;
  }

  get levels(): number {
    return this.codeBytes === 0 ? 0 : this.options.codes === "sq7" ? 127 : 255;
  }

  /** Bytes of each section for that many rows. */
  sizes(capacity: number): Record<string, number> {
    const { codes } = this.options;
    return {
      vectors: this.#hasVectors ? capacity * this.rowBytes : 0,
      codes: capacity * this.codeBytes,
      norms: codes === "sq7" ? capacity * 4 : 0,
      offsets: this.codeBytes * 4,
      staged: this.codeBytes * 4,
      incoming: this.#hasVectors || codes === "own" ? 0 : INCOMING * this.rowBytes,
      dead: Math.ceil(capacity / 8),
    };
  }

  /** Notes that sections for that many rows are in place. */
  setCapacity(capacity: number): void {
    this.#capacity = capacity;
  }

  /**
   * Puts the reader's rows at the next slots, for which there is room. Throws before anything counts:
   * NOT_FINITE, ZERO_VECTOR and the like leave the store as it was.
   */
  append(reader: VectorReader): void {
    const first = this.#rows;
    const end = first + reader.rows;
    if (this.#hasVectors) {
      const maxNorm = this.#place(reader, "vectors", first, 0, reader.rows);
      this.#rows = end;
      this.#afterPlacing(first, end, maxNorm);
      return;
    }
    if (this.options.codes === "own") {
      // The block's vectors stay until the structure has coded them.
      this.#space.atLeast("vectors", reader.rows * this.rowBytes);
      this.#place(reader, "vectors", 0, 0, reader.rows);
      this.#vectorsFrom = first;
      this.#rows = end;
      return;
    }
    // Codes alone: everything is read once before anything counts, so that a bad row leaves no trace.
    let maxNorm = 0;
    for (let from = 0; from < reader.rows; from += INCOMING) {
      const to = Math.min(from + INCOMING, reader.rows);
      maxNorm = Math.max(maxNorm, this.#place(reader, "incoming", 0, from, to));
    }
    if (maxNorm > this.#maxNorm) this.#raiseNorm(maxNorm);
    for (let from = 0; from < reader.rows; from += INCOMING) {
      const to = Math.min(from + INCOMING, reader.rows);
      this.#place(reader, "incoming", 0, from, to);
      this.#augment("incoming", 0, to - from);
      encodeRows(this.#space, this, "incoming", 0, first + from, to - from);
    }
    this.#rows = end;
  }

  /** Copies and prepares rows from … to of the reader; returns the largest squared norm seen (for ip). */
  #place(reader: VectorReader, section: string, slot: number, from: number, to: number): number {
    const { dtype, metric, dimension } = this.options;
    const stride = dtype === "f32" ? this.rowBytes / 4 : this.rowBytes;
    const all = dtype === "f32" ? this.#space.f32(section) : this.#space.u8(section);
    const dest = all.subarray(slot * stride, (slot + to - from) * stride);
    dest.fill(0);
    try {
      reader.copyInto(dest as Float32Array & Uint8Array, stride, from, to);
      if (dtype === "i8" && this.#isBiased) flipSigns(dest as Uint8Array, stride, dimension, to - from);
      if (dtype !== "f32") {
        if (metric === "cosine") refuseZeroBytes(dest as Uint8Array, stride, to - from, from);
        return 0;
      }
      if (metric === "haversine") checkLatitudes(dest as Float32Array, 0, stride, to - from);
      let maxNorm = 0;
      for (let i = from; i < to; i++) {
        const at = (i - from) * stride;
        if (metric === "cosine") normalize(dest as Float32Array, at, dimension, i, "vectors");
        else if (this.options.augment)
          maxNorm = Math.max(maxNorm, squaredNorm(dest as Float32Array, at, dimension));
      }
      return maxNorm;
    } catch (error) {
      dest.fill(0);
      throw error;
    }
  }

  /** Signed bytes under translation-invariant metrics are kept with 128 added, as unsigned bytes. */
  get #isBiased(): boolean {
    return this.options.dtype === "i8" && !["ip", "cosine"].includes(this.options.metric);
  }

  /** Brings augmentation and codes up to date with rows first … end. */
  #afterPlacing(first: number, end: number, maxNorm: number): void {
    let from = first;
    if (maxNorm > this.#maxNorm) {
      this.#maxNorm = maxNorm;
      from = 0;
    }
    if (this.options.augment) this.#augment("vectors", from, end);
    if (this.codeBytes === 0 || end === 0) return;
    const due = this.#trainedOn === 0 || (end >= 2 * this.#trainedOn && this.#trainedOn < TRAINED_ENOUGH);
    if (due || (this.options.augment && from === 0)) {
      this.#train();
      from = 0;
    }
    encodeRows(this.#space, this, "vectors", from, from, end - from);
  }

  /** To be called when added rows are there to stay: an index over codes alone drops its vectors now. */
  settle(): void {
    const due = this.codeBytes > 0 && this.#hasVectors && !this.options.keepVectors;
    if (due && this.#rows >= WARM_UP_ROWS) this.#dropVectors();
  }

  /** Drops vectors that the structure has coded (or given up); from now on it answers for them. */
  release(): void {
    this.#vectorsFrom = this.#rows;
    // Room for a few rows stays: blocks that come one after the other would move all that follows back and forth.
    if (this.#hasVectors || this.#space.bytes("vectors") > MOST_INCOMING) this.#dropVectors();
  }

  /** Takes what gives vectors back from the structure's codes. */
  decodeWith(decode: (slot: number) => Float32Array): void {
    this.#decode = decode;
  }

  /** Address of a slot's vector, which is in the store. */
  vectorAt(slot: number): number {
    return this.#space.ptr("vectors") + (slot - this.#vectorsFrom) * this.rowBytes;
  }

  #augment(section: string, first: number, end: number): void {
    const { augment, dimension } = this.options;
    if (augment)
      augmentRows(this.#space.f32(section), this.rowBytes / 4, dimension, this.#maxNorm, first, end);
  }

  #train(): void {
    const data = this.#space.f32("vectors");
    const rows: Matrix = { data, rows: this.#rows, cols: this.floats, stride: this.rowBytes / 4 };
    this.setQuantizer(this.#coverNorms(trainOnSample(rows, this.levels)), this.#rows);
  }

  #coverNorms(trained: ScalarQuantizer): ScalarQuantizer {
    return this.options.augment ? coverNorms(trained, this.options.dimension, this.#maxNorm) : trained;
  }

  /** Takes a quantizer, trained on that many rows; codes are not touched. */
  setQuantizer(quantizer: ScalarQuantizer, trainedOn: number): void {
    this.#quantizer = quantizer;
    this.#trainedOn = trainedOn;
    this.#space.f32("offsets").fill(0);
    this.#space.f32("offsets").set(quantizer.offsets);
  }

  /** Codes alone, and a longer row than any so far: all last components change, so all codes are made anew. */
  #raiseNorm(maxNorm: number): void {
    const s = this.#space;
    const before = this.#quantizer!;
    // Components are longer as rows are.
    const factor = this.#maxNorm > 0 ? Math.sqrt(maxNorm / this.#maxNorm) : 1;
    this.#maxNorm = maxNorm;
    const after = this.#coverNorms(widened(before, factor));
    for (let from = 0; from < this.#rows; from += INCOMING) {
      const count = Math.min(INCOMING, this.#rows - from);
      this.setQuantizer(before, this.#trainedOn);
      for (let i = 0; i < count; i++) {
        const code = s.ptr("codes") + (from + i) * this.codeBytes;
        const row = s.ptr("incoming") + i * this.rowBytes;
        s.engine.exports.decodeRow(code, s.ptr("offsets"), before.step, this.floats, row);
      }
      this.#augment("incoming", 0, count);
      this.setQuantizer(after, this.#trainedOn);
      encodeRows(this.#space, this, "incoming", 0, from, count);
    }
    this.setQuantizer(after, this.#trainedOn);
  }

  #dropVectors(): void {
    this.#hasVectors = false;
    this.#space.set(this.sizes(this.#capacity));
    this.#space.trim();
  }

  /** Writes queries from … to of the reader at `ptr`, prepared as rows are. */
  stageQueries(reader: VectorReader, ptr: number, from: number, to: number): void {
    const { dtype, dimension, metric } = this.options;
    const n = to - from;
    if (dtype === "f32") {
      const stride = this.queryStride / 4;
      const data = this.#space.engine.f32;
      const at = ptr >>> 2;
      if (stride !== dimension) {
        for (let i = 0; i < n; i++) data.fill(0, at + i * stride + dimension, at + (i + 1) * stride);
      }
      reader.copyInto(data, stride, from, to, at);
      if (metric === "haversine") checkLatitudes(data, at, stride, n);
      if (metric === "cosine") {
        for (let i = 0; i < n; i++) normalize(data, at + i * stride, dimension, from + i, "queries");
      }
      return;
    }
    const dest = this.#space.engine.u8.subarray(ptr, ptr + n * this.rowBytes);
    dest.fill(0);
    reader.copyInto(dest, this.rowBytes, from, to);
    if (this.#isBiased) flipSigns(dest, this.rowBytes, dimension, n);
    if (metric === "cosine") refuseZeroBytes(dest, this.rowBytes, n, from);
  }

  /** A copy of the stored vector at a slot: decoded when only codes are kept, unit length under cosine. */
  vector(slot: number): Float32Array | Uint8Array | Int8Array {
    const { dtype, dimension } = this.options;
    const s = this.#space;
    if (this.#decode !== undefined && slot < this.#vectorsFrom) return this.#decode(slot);
    if (!this.#hasVectors && this.codeBytes > 0) {
      s.engine.exports.decodeRow(
        s.ptr("codes") + slot * this.codeBytes,
        s.ptr("offsets"),
        this.#quantizer!.step,
        this.floats,
        s.ptr("staged"),
      );
      return s.f32("staged").slice(0, dimension);
    }
    if (dtype === "f32") {
      const at = ((slot - this.#vectorsFrom) * this.rowBytes) / 4;
      return s.f32("vectors").slice(at, at + dimension);
    }
    const bytes = s.u8("vectors").slice(slot * this.rowBytes, (slot + 1) * this.rowBytes);
    if (dtype === "bits") return bytes.slice(0, Math.ceil(dimension / 8));
    if (dtype === "u8") return bytes.slice(0, dimension);
    if (this.#isBiased) flipSigns(bytes, this.rowBytes, dimension, 1);
    return new Int8Array(bytes.buffer.slice(0, dimension));
  }

  isRemoved(slot: number): boolean {
    return (this.#space.u8("dead")[slot >> 3]! & (1 << (slot & 7))) !== 0;
  }

  markRemoved(slot: number): void {
    const dead = this.#space.u8("dead");
    dead[slot >> 3]! |= 1 << (slot & 7);
    this.#removed++;
  }

  /** Moves rows so that old slot s stands at newSlotOfOld[s], keeps the first `kept`, zeroes the rest. */
  permute(newSlotOfOld: Uint32Array, kept: number): void {
    const s = this.#space;
    if (this.#hasVectors) permuteRows(s.u8("vectors"), this.rowBytes, newSlotOfOld, kept);
    if (this.codeBytes > 0) permuteRows(s.u8("codes"), this.codeBytes, newSlotOfOld, kept);
    if (this.options.codes === "sq7") permuteRows(s.u8("norms"), 4, newSlotOfOld, kept);
    this.#rows = kept;
    if (this.#vectorsFrom > 0) this.#vectorsFrom = kept;
    this.#order++;
    if (this.#removed > 0) {
      s.u8("dead").fill(0);
      this.#removed = 0;
    }
  }

  /** Takes over what a file held: `rows` rows whose sections are in place. @internal */
  restore(facts: {
    rows: number;
    removed: number;
    hasVectors: boolean;
    quantizer?: ScalarQuantizer;
    trainedOn: number;
    maxNorm: number;
  }): void {
    this.#rows = facts.rows;
    this.#removed = facts.removed;
    this.#hasVectors = facts.hasVectors;
    this.#vectorsFrom = facts.hasVectors ? 0 : facts.rows;
    this.#maxNorm = facts.maxNorm;
    this.#trainedOn = facts.trainedOn;
    this.#quantizer = facts.quantizer;
  }

  /** Decides, before sections are laid out for a file, whether vectors are among them. @internal */
  expectVectors(present: boolean): void {
    this.#hasVectors = present;
  }
}
