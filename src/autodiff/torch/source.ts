import { VicinalError } from "../../core/index.ts";

/** Says that the file breaks a rule. */
export type Fail = (rule: string, got?: string) => never;

/** A file's bytes, read one after another; nothing is read past their end. */
export class Source {
  readonly bytes: Uint8Array;
  readonly what: string;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, what: string, at = 0) {
    this.bytes = bytes;
    this.what = what;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  readonly fail: Fail = (rule, got) => {
    const params = got === undefined ? { what: this.what, rule } : { what: this.what, rule, got };
    throw new VicinalError("FORMAT", params);
  };

  /** So many bytes, a view. */
  take(count: number): Uint8Array {
    const from = this.step(count);
    return this.bytes.subarray(from, from + count);
  }

  u8(): number {
    return this.#view.getUint8(this.step(1));
  }

  u16(): number {
    return this.#view.getUint16(this.step(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.step(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.step(4), true);
  }

  /** A length of eight bytes. */
  u64(): number {
    const value = this.#view.getBigUint64(this.step(8), true);
    const plain = Number(value);
    return Number.isSafeInteger(plain) ? plain : this.fail("lengths are below 2⁵³", String(value));
  }

  /** As pickles have it: big-endian. */
  f64(): number {
    return this.#view.getFloat64(this.step(8), false);
  }

  text(count: number): string {
    const bytes = this.take(count);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.fail(`its text at byte ${this.at - count} is UTF-8`);
    }
  }

  /** Text as far as the end of the line, of at most so many bytes. */
  line(most: number): string {
    const end = this.bytes.subarray(this.at, this.at + most + 1).indexOf(10);
    if (end < 0) this.fail(`the line at byte ${this.at} ends within ${most} bytes`);
    const text = this.text(end);
    this.at++;
    return text;
  }

  step(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from) {
      this.fail(`it has ${count} bytes from ${from} on`, String(this.bytes.length - from));
    }
    this.at = from + count;
    return from;
  }
}
