import { VicinalError } from "../core/errors.ts";
import { type Program, SEARCH } from "./program.ts";
import { unpackModule } from "./unpack.ts";

/** Which of the two modules: portable SIMD, or relaxed SIMD (fused multiply-add, 7-bit dot products). */
export type Build = "plain" | "relaxed";

/** The inlined module of that build, as a fresh copy. Compiles a small module to unpack it. */
export function inlinedBytes(build: Build, program: Program = SEARCH): Uint8Array<ArrayBuffer> {
  return unpackModule(build, program);
}

// Hand-made modules. The first: a function without arguments, (i32.const 0; i8x16.splat; drop).
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const SIMD_PROBE = [
  ...MAGIC,
  1,
  4,
  1,
  0x60,
  0,
  0,
  3,
  2,
  1,
  0,
  10,
  9,
  1,
  7,
  0,
  0x41,
  0,
  0xfd,
  0x0f,
  0x1a,
  0x0b,
];

// The second: `f(x, y)` adds the relaxed dot product of splat(x) and splat(y) twice to a zero vector and
// returns lane 0.
const ADD_DOT = [0x20, 0, 0xfd, 0x0f, 0x20, 1, 0xfd, 0x0f, 0x20, 2, 0xfd, 0x93, 0x02, 0x21, 2];
const DOT_BODY = [1, 1, 0x7b, ...ADD_DOT, ...ADD_DOT, 0x20, 2, 0xfd, 0x1b, 0, 0x0b];
const RELAXED_PROBE = [
  ...[...MAGIC, 1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0],
  ...[10, DOT_BODY.length + 2, 1, DOT_BODY.length, ...DOT_BODY],
];

/** Whether this runtime runs the plain build at all. */
export function simdSupported(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(Uint8Array.from(SIMD_PROBE));
}

let relaxed = false;

/**
 * Whether this runtime runs the relaxed build, and rightly: where relaxed SIMD was still experimental (Node
 * 20 behind its flag) the dot product loses its third argument in the baseline compiler.
 */
export function relaxedSupported(): boolean {
  if (relaxed) return true;
  const probe = Uint8Array.from(RELAXED_PROBE);
  if (!simdSupported() || !WebAssembly.validate(probe)) return false;
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(probe));
    relaxed = (exports["f"] as (x: number, y: number) => number)(-128, 127) === -128 * 127 * 8;
  } catch {
    return false;
  }
  return relaxed;
}

/** Reads unsigned LEB128 numbers and names of a WebAssembly binary. */
class Reader {
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw notAModule("it ends early");
    return value;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw notAModule("a number is too long");
  }

  name(): string {
    const length = this.number();
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.byte());
    return text;
  }
}

function notAModule(why: string): VicinalError {
  return new VicinalError("BAD_INPUT", { what: "WebAssembly module", got: why, rule: "one of dist/wasm/" });
}

/** A reader at the contents of the section with that number, or undefined. */
function section(bytes: Uint8Array, id: number): Reader | undefined {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    throw notAModule("without the magic number");
  }
  const reader = new Reader(bytes, 8);
  while (reader.at < bytes.length) {
    const found = reader.byte();
    const size = reader.number();
    if (found === id) return reader;
    reader.at += size;
  }
  return undefined;
}

/** Names of the functions that both builds export: known where compiling is forbidden too. */
export function exportedFunctions(program: Program = SEARCH): string[] {
  return program.exports.split(" ");
}

/**
 * The same module, importing a shared memory instead of a plain one: one bit of the import's limits differs.
 * A copy. Our modules import exactly one thing, the memory `env.memory` with a maximum.
 */
export function withSharedMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = section(bytes, 2);
  const count = reader?.number();
  const what = count === 1 ? `${reader!.name()}.${reader!.name()}` : "";
  if (what !== "env.memory" || reader!.byte() !== 2) throw notAModule("one that does not import env.memory");
  const flags = reader!.byte();
  if (flags !== 1 && flags !== 3) throw notAModule(`one whose memory has limits flag ${flags}`);
  const copy = new Uint8Array(bytes);
  copy[reader!.at - 1] = 3;
  return copy;
}
