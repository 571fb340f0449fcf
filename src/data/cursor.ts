import { badFormat } from "./limits.ts";
import { type ByteSource, streamSource } from "./source.ts";

/** Reads a source's bytes once, in order, in pieces of the caller's choosing. */
export class ByteCursor {
  readonly name: string;
  /** Bytes taken so far. */
  position = 0;
  readonly #size: number | undefined;
  readonly #maxSize: number | undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: ByteSource) {
    this.name = source.name;
    this.#size = source.size;
    this.#maxSize = source.maxSize;
    this.#chunks = source.chunks()[Symbol.asyncIterator]();
  }

  /** Bytes not taken yet, when the size is known. */
  get remaining(): number | undefined {
    return this.#size === undefined ? undefined : this.#size - this.position;
  }

  /** The most bytes that can still come; Infinity when nothing is known. */
  get mostRemaining(): number {
    return (this.#size ?? this.#maxSize ?? Number.POSITIVE_INFINITY) - this.position;
  }

  async #more(): Promise<boolean> {
    while (!this.#ended) {
      const step = await this.#chunks.next();
      if (step.done) {
        this.#ended = true;
        return false;
      }
      const { value } = step;
      if (value.length === 0) continue;
      if (this.#held.length === 0) {
        this.#held = value;
      } else {
        const joined = new Uint8Array(this.#held.length + value.length);
        joined.set(this.#held);
        joined.set(value, this.#held.length);
        this.#held = joined;
      }
      return true;
    }
    return false;
  }

  /** A view of the next bytes, up to n, without taking them. For small n. */
  async peek(n: number): Promise<Uint8Array> {
    while (this.#held.length < n && (await this.#more()));
    return this.#held.subarray(0, n);
  }

  /** The next bytes in whatever size they come, or undefined at the end. A view. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0 && !(await this.#more())) return undefined;
    const part = this.#held;
    this.#held = new Uint8Array(0);
    this.position += part.length;
    return part;
  }

  /** Up to n bytes as a copy, aligned for any element type; fewer only at the end. */
  async takeUpTo(n: number): Promise<Uint8Array> {
    const out = new Uint8Array(n);
    let done = 0;
    while (done < n) {
      if (this.#held.length === 0 && !(await this.#more())) break;
      const part = this.#held.subarray(0, n - done);
      out.set(part, done);
      this.#held = this.#held.subarray(part.length);
      done += part.length;
    }
    this.position += done;
    return done === n ? out : out.subarray(0, done);
  }

  /** Exactly n bytes, as a copy. @throws FORMAT when the data end sooner */
  async take(n: number, what: string): Promise<Uint8Array> {
    if (n > this.mostRemaining) {
      throw badFormat(
        this.name,
        `${n} bytes of ${what} at byte ${this.position}`,
        `at most ${this.mostRemaining}`,
      );
    }
    const from = this.position;
    const out = await this.takeUpTo(n);
    if (out.length < n) throw badFormat(this.name, `${n} bytes of ${what} at byte ${from}`, out.length);
    return out;
  }

  /** True when nothing is left. */
  async atEnd(): Promise<boolean> {
    return this.#held.length === 0 && !(await this.#more());
  }

  /** @throws FORMAT when bytes are left over */
  async expectEnd(): Promise<void> {
    if (!(await this.atEnd())) {
      throw badFormat(this.name, `it ends after byte ${this.position}`, "more bytes");
    }
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#chunks.return?.();
  }

  /** What is left, as a source with the manners of `like`; for streams, which cannot begin again. */
  asSource(like: ByteSource): ByteSource {
    const rest = (): AsyncGenerator<Uint8Array> => this.#rest();
    return streamSource(rest(), like.name, like.maxSize, () => like.close());
  }

  async *#rest(): AsyncGenerator<Uint8Array> {
    for (let part = await this.next(); part !== undefined; part = await this.next()) yield part;
  }
}
