import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, permutation } from "../../core/index.ts";
import type { Key } from "../contract.ts";
import { KeyTable, NONE } from "./keys.ts";

function slotsFrom(start: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => start + i);
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isVicinalError(error) ? error.code : `not typed: ${error}`;
  }
  return undefined;
}

function reread(table: KeyTable<Key>): KeyTable<Key> {
  const { facts, sections } = table.toSections();
  return KeyTable.fromSections(JSON.parse(JSON.stringify(facts)), (name) =>
    unaligned(sections.find((s) => s.name === name)?.bytes),
  );
}

/** The same bytes at an odd offset of a larger buffer, as a reader of a file may hold them. */
function unaligned(bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  const held = new Uint8Array(bytes.length + 3);
  held.set(bytes, 1);
  return held.subarray(1, 1 + bytes.length);
}

function content(table: KeyTable<Key>): unknown[] {
  return slotsFrom(0, table.slots).map((slot) => (table.isLive(slot) ? table.keyOf(slot) : undefined));
}

describe("KeyTable.fromSections", () => {
  const tables: Record<string, () => KeyTable<Key>> = {
    identity() {
      const table = new KeyTable<Key>();
      table.insert(slotsFrom(0, 13));
      table.removeSlot(4);
      return table;
    },
    pairs() {
      const table = new KeyTable<Key>();
      table.insert(slotsFrom(0, 12));
      table.permute(permutation(12, createRng(3)));
      table.removeSlot(11);
      return table;
    },
    general() {
      const table = new KeyTable<Key>();
      table.insert(slotsFrom(0, 7), ["é", "b", 7, -2n, 1n << 200n, 2 ** 50, ""]);
      table.removeSlot(1);
      table.removeSlot(6);
      return table;
    },
  };

  test("keeps an emptied last slot and the next running number", () => {
    for (const make of Object.values(tables)) {
      const table = make();
      expect(content(reread(table))).toEqual(content(table));
      expect(reread(table).nextAutomatic).toBe(table.nextAutomatic);
    }
  });

  test("a table that lost most of its rows is written in a form its reader takes", () => {
    const table = new KeyTable<Key>();
    table.insert(slotsFrom(0, 50_000));
    const order = new Uint32Array(50_000).fill(NONE);
    for (let slot = 0; slot < 50_000; slot++) if (slot % 5000 !== 17) table.removeSlot(slot);
    for (let i = 0; i < 10; i++) order[i * 5000 + 17] = 9 - i;
    table.permute(order);
    expect(table.bytes).toBeLessThan(2000);
    expect(content(reread(table))).toEqual(content(table));
  });

  test("damaged facts and sections of wrong length give FORMAT", () => {
    for (const [name, make] of Object.entries(tables)) {
      const { facts, sections } = make().toSections();
      const find = (section: string): Uint8Array | undefined =>
        sections.find((s) => s.name === section)?.bytes;
      const badFacts: unknown[] = [null, 5, [], {}, "x"];
      for (const field of ["slots", "size", "next", "form"]) {
        for (const value of [-1, 1.5, 2 ** 32, 2 ** 53, Number.NaN, "9", null, undefined, {}]) {
          if (field === "next" && value === 2 ** 32) continue; // a fine next number
          badFacts.push({ ...facts, [field]: value });
        }
      }
      badFacts.push({ ...facts, size: facts.size - 1 }, { ...facts, slots: facts.slots + 9 });
      if (name !== "general") badFacts.push({ ...facts, next: facts.next - 3 });
      for (const bad of badFacts) {
        expect(
          codeOf(() => KeyTable.fromSections(bad, find)),
          JSON.stringify(bad),
        ).toBe("FORMAT");
      }
      for (const cut of sections) {
        for (const bytes of [undefined, cut.bytes.subarray(1), new Uint8Array(cut.bytes.length + 1)]) {
          const get = (s: string): Uint8Array | undefined => (s === cut.name ? bytes : find(s));
          expect(codeOf(() => KeyTable.fromSections(facts, get))).toBe("FORMAT");
        }
      }
    }
  });

  test("any change of a byte is refused as FORMAT or gives a consistent table", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(tables)),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (name, at, flip) => {
          const { facts, sections } = tables[name]!().toSections();
          const total = sections.reduce((sum, s) => sum + s.bytes.length, 0);
          let offset = at % total;
          for (const s of sections) {
            if (offset >= 0 && offset < s.bytes.length) s.bytes[offset]! ^= flip;
            offset -= s.bytes.length;
          }
          try {
            const table = KeyTable.fromSections(
              facts,
              (name) => sections.find((s) => s.name === name)?.bytes,
            );
            const live = slotsFrom(0, table.slots).filter((slot) => table.isLive(slot));
            expect(live.length).toBe(table.size);
            for (const slot of live) expect(table.slotOf(table.keyOf(slot))).toBe(slot);
          } catch (error) {
            if (!isVicinalError(error, "FORMAT")) throw error;
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test("half a character, a byte order mark and a repeated key are told apart", () => {
    const one = (tags: number[], offsets: number[], values: number[]): string | undefined =>
      codeOf(() =>
        KeyTable.fromSections({ form: "general", slots: tags.length, size: tags.length, next: 0 }, (name) => {
          if (name === "keys.tags") return Uint8Array.from(tags);
          if (name === "keys.offsets") return new Uint8Array(Uint32Array.from(offsets).buffer);
          return Uint8Array.from(values);
        }),
      );
    expect(one([2], [0, 3], [0xef, 0xbb, 0xbf])).toBeUndefined();
    expect(one([2], [0, 2], [0xef, 0xbb])).toBe("FORMAT");
    expect(one([2, 2], [0, 1, 2], [65, 65])).toBe("FORMAT");
    expect(one([2, 2], [0, 2, 1], [65, 66])).toBe("FORMAT");
    expect(one([2], [1, 2], [65, 66])).toBe("FORMAT");
    expect(one([3], [0, 2], [1, 0])).toBe("FORMAT");
    expect(one([3], [0, 1], [1])).toBe("FORMAT");
    expect(one([1], [0, 8], [0, 0, 0, 0, 0, 0, 0, 0x80])).toBe("FORMAT");
    expect(one([9], [0, 1], [1])).toBe("FORMAT");
  });
});
