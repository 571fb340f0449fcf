import { VicinalError } from "../core/errors.ts";
import type { Build } from "./binary.ts";
import type { BuildExports, EngineExports } from "./exports.ts";
import { compiledModule } from "./modules.ts";
import { type Program, SEARCH } from "./program.ts";

export const PAGE_BYTES = 65536;

/** 4 GiB less one page, so that an address just past the last byte still fits 32 bits. */
export const MAX_MEMORY_BYTES: number = 65535 * PAGE_BYTES;

/** Addresses below belong to the engine: 64 … 127 coordinate workers, the rest is kept free. */
export const FIRST_ADDRESS = 1024;

export interface EngineOptions<E extends BuildExports = EngineExports> {
  /** What the engine can do; default: what searches. */
  program?: Program<E>;
  /** Whether several threads may work in the memory; default false. */
  shared?: boolean;
  /** Which module to run; default "auto", relaxed where the runtime has it. */
  build?: "auto" | Build;
}

/** Views over a whole memory. */
export interface Views {
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
}

/**
 * One WebAssembly instance over one linear memory. The views `u8` … `f32` span the whole memory and are
 * fresh whenever read; keep none across a call that may grow the memory, and read `exports` anew after
 * {@link share} and {@link shrink}. Exported functions keep nothing in globals between calls, so a new instance over the
 * same bytes goes on where the old one stopped.
 */
export class Engine<E extends BuildExports = EngineExports> {
  readonly program: Program<E>;
  #module: WebAssembly.Module;
  #build: "auto" | Build;
  #shared: boolean;
  #memory: WebAssembly.Memory | undefined;
  #exports: E;
  #buffer: ArrayBufferLike | undefined;
  #views: Views | undefined;
  #onDispose = new Set<() => void>();

  private constructor(program: Program<E>, build: "auto" | Build, shared: boolean) {
    this.program = program;
    this.#module = compiledModule(build, shared, program);
    this.#build = build;
    this.#shared = shared;
    this.#memory = createMemory(1, shared);
    this.#exports = instantiate(this.#module, this.#memory);
  }

  /** A new engine with one page of zeroed memory. Throws WASM_UNAVAILABLE, UNSUPPORTED, OUT_OF_MEMORY. */
  static create<E extends BuildExports = EngineExports>({
    program = SEARCH as Program as Program<E>,
    shared = false,
    build = "auto",
  }: EngineOptions<E> = {}): Engine<E> {
    return new Engine(program, build, shared);
  }

  /** Whether this is the relaxed build: `fma` may round once, so fast float kernels may differ in last bits. */
  get relaxed(): boolean {
    return this.exports.relaxedBuild() === 1;
  }

  get shared(): boolean {
    return this.#shared;
  }

  get disposed(): boolean {
    return this.#memory === undefined;
  }

  get exports(): E {
    if (this.#memory === undefined) throw new VicinalError("CLOSED", { what: "The engine" });
    return this.#exports;
  }

  get byteLength(): number {
    return this.#open().buffer.byteLength;
  }

  /** All views at once: one look at the buffer instead of one a view. */
  get views(): Views {
    return this.#fresh();
  }

  get u8(): Uint8Array {
    return this.#fresh().u8;
  }

  get i8(): Int8Array {
    return this.#fresh().i8;
  }

  get u16(): Uint16Array {
    return this.#fresh().u16;
  }

  get i32(): Int32Array {
    return this.#fresh().i32;
  }

  get u32(): Uint32Array {
    return this.#fresh().u32;
  }

  get f32(): Float32Array {
    return this.#fresh().f32;
  }

  /** What a worker needs to join: the module and the shared memory. @internal */
  get shareable(): { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory } {
    return { module: this.#module, memory: this.#open() };
  }

  /** Makes the memory at least that many bytes, in whole pages; new bytes are zero. Throws OUT_OF_MEMORY. */
  grow(toBytes: number): void {
    const memory = this.#open();
    const have = memory.buffer.byteLength;
    if (toBytes <= have) return;
    if (!(toBytes <= MAX_MEMORY_BYTES)) {
      throw new VicinalError("OUT_OF_MEMORY", {
        needBytes: toBytes,
        limitBytes: MAX_MEMORY_BYTES,
        fix: "use an index over codes, fewer dimensions, or several indexes that each hold a part of the rows",
      });
    }
    try {
      memory.grow(Math.ceil(toBytes / PAGE_BYTES) - have / PAGE_BYTES);
    } catch (error) {
      throw new VicinalError(
        "OUT_OF_MEMORY",
        {
          needBytes: toBytes,
          limitBytes: have,
          fix: "the runtime refused to enlarge it: close other indexes, reserve less, or free memory of the process",
        },
        { cause: error },
      );
    }
  }

  /** Moves everything into shared memory, at the same addresses; needs both memories for a moment. */
  share(): void {
    if (!this.#shared) this.#move(this.byteLength, true);
  }

  /**
   * Keeps only the first bytes, in whole pages, and gives the rest back; needs both memories for a moment.
   * Worker pools of this engine are closed.
   */
  shrink(toBytes: number): void {
    if (Math.max(1, Math.ceil(toBytes / PAGE_BYTES)) * PAGE_BYTES < this.byteLength) {
      this.#move(toBytes, this.#shared);
    }
  }

  #move(bytes: number, shared: boolean): void {
    const from = this.#open();
    const module = compiledModule(this.#build, shared, this.program);
    const memory = createMemory(Math.max(1, Math.ceil(bytes / PAGE_BYTES)), shared);
    const exports = instantiate<E>(module, memory);
    new Uint8Array(memory.buffer).set(new Uint8Array(from.buffer, 0, memory.buffer.byteLength));
    this.#close();
    this.#module = module;
    this.#memory = memory;
    this.#exports = exports;
    this.#shared = shared;
  }

  #close(): void {
    for (const close of this.#onDispose) close();
    this.#onDispose.clear();
    this.#views = undefined;
    this.#buffer = undefined;
  }

  /** Gives the memory back and closes what depends on this engine; everything but `disposed` throws then. */
  dispose(): void {
    if (this.#memory === undefined) return;
    this.#memory = undefined;
    this.#exports = {} as E;
    this.#close();
  }

  /** Calls back once, when the engine is disposed of or its memory replaced. @internal */
  onDispose(close: () => void): void {
    this.#onDispose.add(close);
  }

  #open(): WebAssembly.Memory {
    if (this.#memory === undefined) throw new VicinalError("CLOSED", { what: "The engine" });
    return this.#memory;
  }

  #fresh(): Views {
    const { buffer } = this.#open();
    if (buffer !== this.#buffer || this.#views === undefined) {
      this.#buffer = buffer;
      this.#views = {
        u8: new Uint8Array(buffer),
        i8: new Int8Array(buffer),
        u16: new Uint16Array(buffer),
        i32: new Int32Array(buffer),
        u32: new Uint32Array(buffer),
        f32: new Float32Array(buffer),
      };
    }
    return this.#views;
  }
}

/** Pages that a memory may grow to: some systems refuse to reserve all, so smaller limits are tried. */
const MAXIMA = [MAX_MEMORY_BYTES / PAGE_BYTES, 32768, 16384, 8192, 4096];

function createMemory(initial: number, shared: boolean): WebAssembly.Memory {
  let cause: unknown;
  for (const maximum of MAXIMA) {
    if (maximum < initial) break;
    try {
      return new WebAssembly.Memory({ initial, maximum, shared });
    } catch (error) {
      cause = error;
    }
  }
  throw new VicinalError(
    "OUT_OF_MEMORY",
    {
      needBytes: initial * PAGE_BYTES,
      limitBytes: MAX_MEMORY_BYTES,
      fix: `the runtime refused to create ${shared ? "shared " : ""}memory: close other indexes, or raise the limit on address space`,
    },
    { cause },
  );
}

function instantiate<E>(module: WebAssembly.Module, memory: WebAssembly.Memory): E {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as E;
}
