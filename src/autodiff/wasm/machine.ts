import { wholeNumber } from "../../core/index.ts";
import { Engine, type EngineOptions, PAGE_BYTES } from "../../kernels/engine.ts";
import type { Ptr } from "../../kernels/exports.ts";
import { Team, threadsAvailable } from "../../kernels/team.ts";
import type { Address } from "../kernels.ts";
import { LEARN, type LearnExports } from "./program.ts";

/**
 * Bytes below the heap: the engine's own, the team's, structs for kernels from {@link STRUCTS} on, and from 3072 on the
 * constants of wasm/learn/functions.ts.
 */
export const HEAP_START = 4096;
const CONTROL: Ptr = 1024;
const STRUCTS: Ptr = 2048;
const LINE = 64;

const alignUp = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

/** The byte address of an element. */
export const ptr = (address: Address): Ptr => address * 4;

/**
 * The memory that tensors and kernels share. Tensors have the first part, as far as {@link reserve} was asked
 * for; behind it lies the kernels' scratch space, which holds nothing between two kernels, so that it moves when
 * the heap grows.
 */
export class Machine {
  readonly engine: Engine<LearnExports>;
  readonly threads: number;
  readonly #team: Team<LearnExports> | undefined;
  #heapEnd = HEAP_START;
  /** Bytes behind the heap that may have been written to. */
  #scratchEnd = HEAP_START;
  #scratch: readonly Ptr[] = [0];

  constructor(threads: number, build: NonNullable<EngineOptions["build"]>) {
    wholeNumber("threads", threads, 1, 64);
    const several = threads > 1 && threadsAvailable(LEARN);
    this.threads = several ? threads : 1;
    this.engine = Engine.create({ program: LEARN, build, shared: several });
    this.engine.grow(HEAP_START);
    this.call("prepareFunctions", []);
    this.#room(0, 1024);
    this.#team = several ? new Team(this.engine, threads, CONTROL) : undefined;
  }

  get heap(): Float32Array {
    return this.engine.f32;
  }

  get relaxed(): boolean {
    return this.engine.relaxed;
  }

  reserve(elements: number): void {
    const end = alignUp(elements * 4);
    if (end <= this.#heapEnd) return;
    this.engine.grow(end);
    this.engine.u8.fill(0, this.#heapEnd, Math.min(end, this.#scratchEnd));
    this.#heapEnd = end;
    this.#scratchEnd = Math.max(end, this.#scratchEnd);
    this.#room(0, 1024);
  }

  /**
   * Scratch space for the next calls of {@link run}: so many bytes for each thread, and so many for all, whose
   * address is returned. It holds anything. Throws OUT_OF_MEMORY.
   */
  room(shared: number, own: number): Ptr {
    return this.#room(shared, own);
  }

  #room(shared: number, own: number): Ptr {
    const step = alignUp(Math.max(own, 1024));
    const first = this.#heapEnd;
    const all = first + step * this.threads;
    const end = alignUp(all + shared);
    if (end > this.engine.byteLength) this.engine.grow(Math.ceil(end / PAGE_BYTES) * PAGE_BYTES);
    this.#scratchEnd = Math.max(this.#scratchEnd, end);
    this.#scratch = Array.from({ length: this.threads }, (_, i) => first + i * step);
    return all;
  }

  /** Writes whole numbers where kernels find them, and returns the address; they stay until the next call. */
  struct(numbers: readonly number[]): Ptr {
    this.engine.i32.set(numbers, STRUCTS >>> 2);
    return STRUCTS;
  }

  /** The same for numbers in float32. */
  floats(numbers: readonly number[]): Ptr {
    this.engine.f32.set(numbers, STRUCTS >>> 2);
    return STRUCTS;
  }

  /** Calls a function that is no work for threads. */
  call(fn: string, args: readonly number[]): number {
    return this.engine.exports[fn]!(...args) as number;
  }

  /**
   * Calls `fn(scratch, ...args, begin, end)` for chunks of 0 … total − 1. Items write to places of their own, so
   * nothing depends on which thread does which, nor on `chunk`.
   */
  run(fn: string, args: readonly number[], total: number, chunk: number): void {
    if (this.#team !== undefined) {
      this.#team.run(fn, this.#scratch, args, total, chunk);
      return;
    }
    const call = this.engine.exports[fn]!;
    const scratch = this.#scratch[0]!;
    for (let begin = 0; begin < total; begin += chunk) {
      call(scratch, ...args, begin, Math.min(begin + chunk, total));
    }
  }

  dispose(): void {
    this.engine.dispose();
  }
}
