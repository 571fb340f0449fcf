import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError } from "../core/errors.ts";
import { Arena, SECTION_ALIGN } from "./arena.ts";
import { Engine, FIRST_ADDRESS, PAGE_BYTES } from "./engine.ts";

const NAMES = ["a", "b", "c", "d", "e"];

/** Sizes that cross alignment and page borders, and stay small enough to compare whole memories. */
const size = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 3000 }),
  fc.constantFrom(SECTION_ALIGN, 2 * SECTION_ALIGN, PAGE_BYTES - FIRST_ADDRESS, PAGE_BYTES + 1),
);
const sizes = fc.array(size, { minLength: 1, maxLength: NAMES.length });

function record(list: readonly number[]): Record<string, number> {
  return Object.fromEntries(list.map((bytes, i) => [NAMES[i]!, bytes]));
}

describe("Arena", () => {
  test("any sequence of resizes equals a model that copies each section aside", () => {
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 6 }), fc.nat(250), (steps, salt) => {
        const engine = Engine.create({ build: "plain" });
        const arena = new Arena(engine);
        let model: Uint8Array[] = [];
        steps.forEach((list, step) => {
          // A name once given stays: later, shorter lists give those sections no bytes.
          const wanted = model.map((_, i) => list[i] ?? 0).concat(list.slice(model.length));
          arena.resize(record(wanted));
          model = wanted.map((bytes, i) => {
            const next = new Uint8Array(bytes);
            next.set((model[i] ?? new Uint8Array(0)).subarray(0, bytes));
            return next;
          });

          let end = FIRST_ADDRESS;
          const expected = new Uint8Array(engine.byteLength);
          model.forEach((bytes, i) => {
            const ptr = arena.ptr(NAMES[i]!);
            expect(ptr % SECTION_ALIGN).toBe(0);
            expect(ptr).toBeGreaterThanOrEqual(end);
            expect(arena.bytes(NAMES[i]!)).toBe(bytes.length);
            expected.set(bytes, ptr);
            end = ptr + bytes.length;
          });
          expect(arena.total).toBe(end);
          expect(Arena.totalOf(record(wanted))).toBe(end);
          expect(Buffer.compare(engine.u8, expected)).toBe(0);

          model.forEach((bytes, i) => {
            for (let j = 0; j < bytes.length; j++) bytes[j] = 1 + ((j * 7 + i * 31 + step * 53 + salt) % 255);
            engine.u8.set(bytes, arena.ptr(NAMES[i]!));
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  test("a refused resize changes nothing", () => {
    const arena = new Arena(Engine.create({ build: "plain" }));
    arena.resize({ a: 10, b: 20 });
    const before = [arena.ptr("b"), arena.bytes("b"), arena.total];
    for (const [given, code] of [
      [{ a: 10, b: 2 ** 33 }, "OUT_OF_MEMORY"],
      [{ a: -1, b: 20 }, "OPTION_RANGE"],
      [{ a: 1.5, b: 20 }, "OPTION_RANGE"],
      [{ b: 20, a: 10 }, "BAD_INPUT"],
      [{ a: 10 }, "BAD_INPUT"],
      [{ a: 10, c: 1, b: 20 }, "BAD_INPUT"],
    ] as const) {
      let got = "nothing thrown";
      try {
        arena.resize(given as Record<string, number>);
      } catch (error) {
        if (isVicinalError(error)) got = error.code;
      }
      expect(got).toBe(code);
    }
    expect([arena.ptr("b"), arena.bytes("b"), arena.total]).toEqual(before);
  });

  test("trim gives back the pages that a smaller layout leaves unused", () => {
    const engine = Engine.create({ build: "plain" });
    const arena = new Arena(engine);
    arena.resize({ a: 100, b: 5 * PAGE_BYTES });
    engine.u8[arena.ptr("b")] = 9;
    arena.resize({ a: 200, b: 1000 });
    expect(engine.byteLength).toBe(6 * PAGE_BYTES);
    arena.trim();
    expect(engine.byteLength).toBe(PAGE_BYTES);
    expect(engine.u8[arena.ptr("b")]).toBe(9);
  });

  test("growing the last section touches no page beyond the contents", () => {
    // Four gibibytes are asked for; a fill or copy over them would take seconds and all memory.
    const engine = Engine.create({ build: "plain" });
    const arena = new Arena(engine);
    arena.resize({ a: 100, b: 100 });
    engine.u8.fill(7, arena.ptr("b"), arena.ptr("b") + 100);
    arena.resize({ a: 100, b: 3 * 2 ** 30 });
    const rss = process.memoryUsage().rss;
    expect(rss).toBeLessThan(2 * 2 ** 30);
    expect(engine.u8[arena.ptr("b") + 99]).toBe(7);
    engine.dispose();
  });
});
