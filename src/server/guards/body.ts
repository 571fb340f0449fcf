import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { ServerLimits } from "../limits.ts";
import { Refusal } from "../refusal.ts";

/** Bodies without a stated length are gathered in parts and joined, which is not done to large ones. */
const UNSTATED_BYTES = 64 * 2 ** 20;
/** Room that a body of stated length begins with. */
const FIRST_BYTES = 2 ** 20;

type BodyLimits = Pick<ServerLimits, "stallMs" | "bytesPerSecond">;

/**
 * The body of a request, at most `limit` bytes, refused as soon as it is known to be larger, stalls or drips.
 * The buffer is the caller's own, to keep or to transfer.
 *
 * @throws Refusal TOO_LARGE, LENGTH_NEEDED, TIMED_OUT, BAD_REQUEST
 */
export async function readBody(context: Context, limit: number, limits: BodyLimits): Promise<ArrayBuffer> {
  const stated = context.req.header("content-length");
  const length = stated === undefined ? undefined : Number(stated);
  if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
    throw new Refusal("BAD_REQUEST", "Content-Length is no whole number.");
  }
  if (length !== undefined && length > limit) throw tooLarge(length, limit);
  const { incoming } = (context.env ?? {}) as { incoming?: IncomingMessage };
  // Straight from the socket where there is one: a web stream in between costs more than all else of a request.
  const chunks: AsyncIterable<Uint8Array> =
    incoming === undefined ? webChunks(context.req.raw) : incoming.iterator({ destroyOnReturn: false });
  const into = length === undefined ? new Gathered(limit) : new Filled(length);
  const watch = incoming === undefined ? undefined : new DripWatch(incoming, limits);
  try {
    for await (const chunk of chunks) {
      into.take(chunk);
      watch?.saw(chunk.length);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (watch?.expired) {
      throw new Refusal("TIMED_OUT", "The body came too slowly.", { connection: "close" }, { cause: error });
    }
    throw new Refusal("BAD_REQUEST", "The body ended before its time.", {}, { cause: error });
  } finally {
    watch?.stop();
  }
  return into.buffer();
}

function tooLarge(got: number | string, limit: number): Refusal {
  return new Refusal(
    "TOO_LARGE",
    `The body has ${got} bytes, over the limit of ${limit}; send less at a time.`,
  );
}

async function* webChunks(request: Request): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** A body of stated length. Memory is taken as bytes come: to state a length costs its sender nothing. */
class Filled {
  readonly #length: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = new Uint8Array(Math.min(length, FIRST_BYTES));
  }

  take(chunk: Uint8Array): void {
    const to = this.#at + chunk.length;
    if (to > this.#length) throw tooLarge("more", this.#length);
    if (to > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#length, Math.max(to, 4 * this.#bytes.length)));
      grown.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#at);
    this.#at = to;
  }

  buffer(): ArrayBuffer {
    if (this.#at < this.#length) {
      throw new Refusal(
        "BAD_REQUEST",
        `The body has ${this.#at} of the ${this.#length} bytes it was said to have.`,
      );
    }
    return this.#bytes.buffer;
  }
}

/** A body of unstated length. */
class Gathered {
  readonly #chunks: Uint8Array[] = [];
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) throw tooLarge("more", this.#limit);
    if (this.#bytes > UNSTATED_BYTES) {
      throw new Refusal("LENGTH_NEEDED", `Bodies over ${UNSTATED_BYTES} bytes need a Content-Length.`);
    }
    this.#chunks.push(chunk);
  }

  buffer(): ArrayBuffer {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole.buffer;
  }
}

/** Ends a body that stands still, or comes by drops, which would hold its connection for as long as its sender likes. */
class DripWatch {
  expired = false;
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #last = 0;
  #elapsed = 0;

  constructor(incoming: IncomingMessage, { stallMs, bytesPerSecond }: BodyLimits) {
    this.#timer = setInterval(() => {
      this.#elapsed += stallMs;
      const tooFew = this.#bytes < (this.#elapsed / 1000) * bytesPerSecond;
      if (this.#bytes > this.#last && !tooFew) {
        this.#last = this.#bytes;
        return;
      }
      this.expired = true;
      incoming.destroy(new Error("the body came too slowly"));
    }, stallMs);
    this.#timer.unref();
  }

  saw(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
