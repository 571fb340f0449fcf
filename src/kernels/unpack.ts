import { type Program, SEARCH } from "./program.ts";
import { UNPACKER } from "./wasm.generated.ts";

/** What wasm/unpack/index.ts exports. */
interface Unpacker {
  workingBytes(): number;
  unpack(from: number, to: number, size: number, work: number): void;
  restoreLocals(module: number, order: number): void;
}

const PAGE_BYTES = 65536;

/**
 * The packed modules (scripts/pack.mjs) up to and with the one asked for: the relaxed one stands first and needs
 * nothing else, the plain one is told mostly as copies from it. A fresh copy. About 2 ms; unpacking runs as
 * WebAssembly itself, since this happens once, before a JavaScript engine would have compiled such a loop.
 */
export function unpackModule(
  build: "plain" | "relaxed",
  { packed, relaxedBytes, plainBytes }: Program = SEARCH,
): Uint8Array<ArrayBuffer> {
  const start = build === "relaxed" ? 0 : relaxedBytes;
  const length = build === "relaxed" ? relaxedBytes : plainBytes;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(hexadecimal(UNPACKER)), {
    env: { memory },
  });
  const { workingBytes, unpack, restoreLocals } = exports as unknown as Unpacker;
  const work = 1024;
  const text = work + workingBytes();
  // One byte before the output is read as what precedes it, and must be zero.
  const to = text + packed.length + 1;
  memory.grow(Math.ceil((to + start + length) / PAGE_BYTES) - 1);
  const bytes = new Uint8Array(memory.buffer);
  for (let i = 0; i < packed.length; i++) bytes[text + i] = packed.charCodeAt(i);
  unpack(text, to, start + length, work);
  restoreLocals(to + start, work);
  return bytes.slice(to + start, to + start + length);
}

function hexadecimal(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}
