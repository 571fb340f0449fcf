import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine, FIRST_ADDRESS } from "./engine.ts";
import { HASH_STATE_BYTES } from "./exports/hash.ts";
import { xxh64 } from "./reference.ts";

const engine = Engine.create();
const OUT = 4096;
const STATE = 8192;
const DATA = 16384;

const result = (): bigint => new DataView(engine.u8.buffer).getBigUint64(OUT, true);
const half = (seed: bigint): [number, number] => [Number(seed & 0xffffffffn), Number(seed >> 32n)];

function wasmHash(bytes: Uint8Array, seed: bigint, shift = 0): bigint {
  engine.u8.set(bytes, DATA + shift);
  engine.exports.hash64(DATA + shift, bytes.length, ...half(seed), OUT);
  return result();
}

/** The byte sequence of the algorithm's own self-test. */
function selfTestBytes(length: number): Uint8Array {
  let state = 2654435761n;
  return Uint8Array.from({ length }, () => {
    const byte = Number(state >> 56n);
    state = (state * 11400714785074694797n) & 0xffffffffffffffffn;
    return byte;
  });
}

describe("XXH64", () => {
  const text = (s: string): Uint8Array => new TextEncoder().encode(s);
  const prime = 2654435761n;
  test.each([
    [text(""), 0n, 0xef46db3751d8e999n],
    [text("a"), 0n, 0xd24ec4f1a98c6e5bn],
    [text("abc"), 0n, 0x44bc2cf5ad770999n],
    [text("Nobody inspects the spammish repetition"), 0n, 0xfbcea83c8a378bf1n],
    [text(""), prime, 0xac75fda2929b17efn],
    [selfTestBytes(1), 0n, 0xe934a84adb052768n],
    [selfTestBytes(1), prime, 0x5014607643a9b4c3n],
    [selfTestBytes(4), 0n, 0x9136a0dca57457een],
    [selfTestBytes(14), 0n, 0x8282dcc4994e35c8n],
    [selfTestBytes(14), prime, 0xc3bd6bf63deb6df0n],
    [selfTestBytes(222), 0n, 0xb641ae8cb691c174n],
    [selfTestBytes(222), prime, 0x20cb8ab7ae10c14an],
  ])("gives published value %#, as the reference does", (bytes, seed, want) => {
    expect(xxh64(bytes, seed)).toBe(want);
    expect(wasmHash(bytes, seed)).toBe(want);
  });

  const bytes = fc.uint8Array({ maxLength: 300 });
  const seeds = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

  test("equals the reference for any bytes, seed and alignment", () => {
    fc.assert(
      fc.property(bytes, seeds, fc.nat(7), (data, seed, shift) => {
        expect(wasmHash(data, seed, shift)).toBe(xxh64(data, seed));
      }),
    );
  });

  test("a stream cut anywhere gives the hash of the whole, at every cut, and stays within its state", () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), seeds, (parts, seed) => {
        engine.u8.fill(0x33, STATE, STATE + HASH_STATE_BYTES + 8);
        engine.exports.hashInit(STATE, ...half(seed));
        let whole = new Uint8Array(0);
        for (const part of parts) {
          engine.u8.set(part, DATA);
          engine.exports.hashUpdate(STATE, DATA, part.length);
          whole = Uint8Array.of(...whole, ...part);
          engine.exports.hashDigest(STATE, OUT);
          expect(result()).toBe(xxh64(whole, seed));
        }
        expect(engine.u8.slice(STATE + HASH_STATE_BYTES, STATE + HASH_STATE_BYTES + 8)).toEqual(
          new Uint8Array(8).fill(0x33),
        );
        expect(STATE).toBeGreaterThan(FIRST_ADDRESS);
      }),
    );
  });
});
