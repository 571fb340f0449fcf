import { Arena } from "./arena.ts";
import { Engine } from "./engine.ts";

/** Memory past this share of what is laid out is spare. */
const SPARE_SHARE = 1.04;

/**
 * The memory of one index: an engine and named sections in it. Whoever changes a size calls {@link set}; every
 * address may move then, so addresses are read anew for each use.
 */
export class Space {
  readonly engine: Engine;
  readonly #arena: Arena;
  #sizes: Record<string, number> = {};
  /** Grows whenever addresses may have moved. */
  version = 0;

  constructor(engine: Engine = Engine.create()) {
    this.engine = engine;
    this.#arena = new Arena(engine);
  }

  /** Gives the named sections these sizes in bytes; others keep theirs. Throws OUT_OF_MEMORY, nothing changed. */
  set(sizes: Readonly<Record<string, number>>): void {
    const next = { ...this.#sizes, ...sizes };
    if (Object.keys(sizes).every((name) => this.#sizes[name] === sizes[name])) return;
    this.#arena.resize(next);
    this.#sizes = next;
    this.version++;
  }

  /** Makes a section at least that large. */
  atLeast(name: string, bytes: number): void {
    if ((this.#sizes[name] ?? -1) < bytes) this.set({ [name]: bytes });
  }

  /** Gives back memory past the last section. Cost: a copy of what stays. */
  trim(): void {
    this.#arena.trim();
    this.version++;
  }

  /** Gives back what building laid out and let go, if that is more than a 25th of what is laid out now and `least` bytes. */
  trimSpare(least: number): void {
    if (this.engine.byteLength > SPARE_SHARE * this.total + least) this.trim();
  }

  ptr(name: string): number {
    return this.#arena.ptr(name);
  }

  bytes(name: string): number {
    return this.#sizes[name] ?? 0;
  }

  /** Bytes laid out, scratch space included. */
  get total(): number {
    return this.#arena.total;
  }

  u8(name: string): Uint8Array {
    const ptr = this.ptr(name);
    return this.engine.u8.subarray(ptr, ptr + this.bytes(name));
  }

  u32(name: string): Uint32Array {
    const ptr = this.ptr(name) >>> 2;
    return this.engine.u32.subarray(ptr, ptr + (this.bytes(name) >>> 2));
  }

  f32(name: string): Float32Array {
    const ptr = this.ptr(name) >>> 2;
    return this.engine.f32.subarray(ptr, ptr + (this.bytes(name) >>> 2));
  }
}

/** The smallest multiple of 16 that is >= n. */
export const pad16 = (n: number): number => (n + 15) & ~15;
