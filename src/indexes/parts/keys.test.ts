import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, permutation } from "../../core/index.ts";
import type { Key } from "../contract.ts";
import { KeyMap } from "./keyMap.ts";
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

const anyKey = fc.oneof(
  fc.integer({ min: -5, max: 30 }),
  fc.maxSafeInteger(),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "", "1", "\ufeffx", "𝕏"),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt({ min: -(1n << 255n), max: 1n << 255n }),
);

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("auto" as const), n: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("keys" as const), keys: fc.array(anyKey) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("remove" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("permute" as const), seed: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("reread" as const) }) },
);

/** The model: a Map from key to slot, and a list of slots to reuse, last in first out. */
function replay(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void {
  let table = new KeyTable<Key>();
  let model = new Map<Key, number>();
  let slots = 0;
  let largest = -1;
  let free: number[] = [];
  const take = (n: number): number[] => Array.from({ length: n }, () => free.pop() ?? slots++);
  for (const s of steps) {
    if (s.op === "auto") {
      const into = take(s.n);
      table.insert(into);
      for (const slot of into) {
        do largest++;
        while (model.has(largest));
        model.set(largest, slot);
      }
    } else if (s.op === "keys") {
      const fresh = [...new Set(s.keys)].every((key) => !model.has(key));
      const once = new Set(s.keys).size === s.keys.length;
      const code = codeOf(() => table.check(s.keys, s.keys.length));
      expect(code).toBe(fresh && once ? undefined : "DUPLICATE_KEY");
      const keys = [...new Set(s.keys)];
      table.check(keys, keys.length, { allowExisting: true });
      const into = take(keys.length);
      table.insert(into, keys);
      keys.forEach((key, i) => {
        const old = model.get(key);
        if (old !== undefined) free.push(old);
        model.set(key, into[i]!);
        if (key === largest + 1) largest++;
      });
    } else if (s.op === "remove" && model.size > 0) {
      const [key, slot] = [...model][s.at % model.size]!;
      expect(table.slotOf(key)).toBe(slot);
      expect(table.removeSlot(slot)).toBe(true);
      expect(table.removeSlot(slot)).toBe(false);
      model.delete(key);
      free.push(slot);
    } else if (s.op === "permute") {
      const order = permutation(model.size, createRng(s.seed));
      const renumbered = new Uint32Array(table.slots).fill(NONE);
      [...model.values()].forEach((slot, i) => {
        renumbered[slot] = order[i]!;
      });
      table.permute(renumbered);
      model = new Map([...model].map(([key, slot]) => [key, renumbered[slot]!]));
      slots = model.size;
      free = [];
    } else if (s.op === "reread") {
      table = reread(table);
    }
  }
  expect(table.size).toBe(model.size);
  expect(table.slots).toBe(slots);
  for (const [key, slot] of model) {
    expect(table.slotOf(key)).toBe(slot);
    expect(table.keyOf(slot)).toBe(key);
  }
  expect(new Set(table.keys())).toEqual(new Set(model.keys()));
  expect(content(reread(table))).toEqual(content(table));
}

describe("KeyTable", () => {
  test("behaves as a Map under any sequence of insertions, removals, renumberings and rereads", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => replay(steps)),
      { numRuns: 400 },
    );
  });

  test("stores nothing for running numbers, a bit a slot after a removal, 8 bytes a row after renumbering", () => {
    const table = new KeyTable();
    table.insert(slotsFrom(0, 1000));
    expect(table.bytes).toBe(0);
    table.check([1000, 1001], 2);
    table.insert([1000, 1001], [1000, 1001]);
    expect(table.bytes).toBe(0);
    expect(table.isIdentity).toBe(true);
    table.removeSlot(7);
    expect(table.bytes).toBeLessThanOrEqual(200);
    expect(table.slotOf(7)).toBe(-1);
    table.insert([7], [7]);
    expect(table.isIdentity).toBe(true);
    const reversed = Uint32Array.from({ length: 1002 }, (_, i) => 1001 - i);
    table.permute(reversed);
    expect(table.bytes).toBe(8 * 1002);
    expect(table.slotOf(1001)).toBe(0);
    table.permute(reversed);
    expect(table.bytes).toBe(0);
  });

  test("upserting held running numbers at their slots or at new ones does not make the table general", () => {
    const table = new KeyTable();
    table.insert(slotsFrom(0, 100));
    table.insert([5], [5]);
    expect(table.bytes).toBe(0);
    table.insert([100], [5]);
    expect(table.slotOf(5)).toBe(100);
    expect(table.isLive(5)).toBe(false);
    expect(table.toSections().facts.form).toBe("pairs");
  });

  test("running numbers are never given out twice and pass over keys that are taken", () => {
    const table = new KeyTable<Key>();
    table.insert([0, 1, 2]);
    table.removeSlot(2);
    table.insert([2]);
    expect(table.keyOf(2)).toBe(3);
    table.insert([3, 4], ["a", 5]);
    expect(table.nextAutomatic).toBe(4);
    table.insert([5, 6]);
    expect([table.keyOf(5), table.keyOf(6)]).toEqual([4, 6]);
  });

  test("churn that replaces every row many times does not grow the table without bound", () => {
    const table = new KeyTable();
    table.insert(slotsFrom(0, 2000));
    for (let round = 0; round < 60; round++) {
      for (let slot = 0; slot < 2000; slot++) {
        table.removeSlot(slot);
        table.insert([slot]);
      }
    }
    expect(table.size).toBe(2000);
    expect(table.nextAutomatic).toBe(122000);
    expect(table.bytes).toBeLessThan(250_000);
  });

  test("1, 1n and '1' are different keys and −0 is 0", () => {
    const table = new KeyTable<Key>();
    table.check([1, 1n, "1", -0], 4);
    table.insert([0, 1, 2, 3], [1, 1n, "1", -0]);
    expect([1, 1n, "1", 0, 0n, "0"].map((key) => table.slotOf(key))).toEqual([0, 1, 2, 3, -1, -1]);
    expect(Object.is(table.keyOf(3), 0)).toBe(true);
    expect(table.slotOf(-0)).toBe(3);
    expect(codeOf(() => table.check([0], 1))).toBe("DUPLICATE_KEY");
    expect(codeOf(() => new KeyTable<Key>().check([0, -0], 2))).toBe("DUPLICATE_KEY");
  });

  test("refuses what is no key, before anything changes", () => {
    const table = new KeyTable<Key>();
    table.insert([0], ["held"]);
    const before = JSON.stringify(table.toSections().facts);
    const bad = [null, undefined, Number.NaN, 1.5, Infinity, 2 ** 53, {}, [], Symbol("s"), true, () => 1];
    for (const key of [...bad, "\ud800", "x".repeat(65537), "€".repeat(21846), 1n << 256n]) {
      expect(
        codeOf(() => table.check(["fine", key as never], 2)),
        String(typeof key),
      ).toBe("KEY_TYPE");
    }
    expect(codeOf(() => table.check(new Array<Key>(3), 3))).toBe("KEY_TYPE");
    for (const keys of [["a"], "ab", 5, null, { length: 2 }, new DataView(new ArrayBuffer(2))]) {
      expect(codeOf(() => table.check(keys as never, 2))).toBe("BAD_INPUT");
    }
    expect(codeOf(() => table.check(["fine", "held"], 2))).toBe("DUPLICATE_KEY");
    expect(codeOf(() => table.check(["fine", "fine"], 2))).toBe("DUPLICATE_KEY");
    expect(JSON.stringify(table.toSections().facts)).toBe(before);
    for (const key of [null, undefined, Number.NaN, 1.5, {}, Symbol("s"), "\ud800n", "\ud800"]) {
      expect(table.has(key)).toBe(false);
    }
  });

  test("takes the outermost keys, and names of Object.prototype as plain strings", () => {
    const keys: Key[] = [0, 2 ** 53 - 1, -(2 ** 53) + 1, "", "x".repeat(65536), "€".repeat(21845)];
    keys.push("__proto__", "constructor", "toString", (1n << 256n) - 1n, -(1n << 255n), 1n << 64n);
    const table = new KeyTable<Key>();
    expect(table.has("constructor")).toBe(false);
    table.check(keys, keys.length);
    table.insert(slotsFrom(0, keys.length), keys);
    const again = reread(table);
    keys.forEach((key, slot) => {
      expect(again.slotOf(key)).toBe(slot);
      expect(again.keyOf(slot)).toBe(key);
    });
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test("wide bigints that agree in their low 64 bits stay fast to tell apart", () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => BigInt(i + 1) << 64n);
    const table = new KeyTable<bigint>();
    table.check(keys, keys.length);
    table.insert(slotsFrom(0, keys.length), keys);
    expect(table.slotOf(77n << 64n)).toBe(76);
  });

  test("the version grows when a slot gets another key, not when rows come or go", () => {
    const table = new KeyTable<Key>();
    table.insert([0, 1], ["a", "b"]);
    table.insert([1], ["b"]);
    table.removeSlot(0);
    table.insert([2], ["c"]);
    expect(table.version).toBe(0);
    table.insert([1], ["d"]);
    expect(table.has("b")).toBe(false);
    expect(table.version).toBe(1);
    table.insert([0], ["e"]);
    expect(table.version).toBe(2);
    table.permute(Uint32Array.of(2, 1, 0));
    expect(table.version).toBe(3);
  });

  test("refuses a renumbering that loses or doubles a live row", () => {
    const table = new KeyTable();
    table.insert([0, 1, 2]);
    table.removeSlot(1);
    for (const order of [
      [0, 1],
      [0, 1, NONE],
      [0, NONE, 0],
      [0, NONE, 2],
      [0, 1, 3],
      [0, 1, 2, 3],
    ]) {
      expect(codeOf(() => table.permute(Uint32Array.from(order)))).toBe("BAD_INPUT");
    }
    table.permute(Uint32Array.from([2, 1, 0]));
    expect(content(table)).toEqual([2, undefined, 0]);
  });

  test("says its heap bytes within 5 %", () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const used = (): number => {
      for (let i = 0; i < 4; i++) gc();
      return process.memoryUsage().heapUsed;
    };
    const n = 150_000;
    // V8 keeps a concatenation as a pair of halves for a while; a parsed string is one piece.
    const flat = (text: string): string => JSON.parse(`"${text}"`);
    const kinds: Record<string, (i: number) => Key> = {
      small: (i) => i * 3 + 1,
      big: (i) => 2 ** 40 + i,
      string: (i) => flat(`item-${1_000_000 + i}`),
      wide: (i) => flat(`предмет-${1_000_000 + i}`),
      bigint: (i) => (1n << 61n) + BigInt(i),
    };
    const kept: KeyTable<Key>[] = []; // all alive to the end, so that no difference includes a release
    for (const [name, make] of Object.entries(kinds)) {
      const before = used();
      const table = new KeyTable<Key>();
      for (let i = 0; i < n; i++) table.insert([i], [make(i)]);
      kept.push(table);
      const measured = used() - before;
      expect(table.bytes / measured, name).toBeGreaterThan(0.95);
      expect(table.bytes / measured, name).toBeLessThan(1.05);
    }
    expect(kept.every((table) => table.size === n)).toBe(true);
  });
});

describe("KeyMap", () => {
  test("spreads over several maps when one is full", () => {
    const map = new KeyMap(10);
    for (let i = 0; i < 35; i++) map.add(`k${i}`, i);
    map.set("k3", 99);
    for (let i = 0; i < 35; i += 2) map.delete(`k${i}`);
    map.delete("absent");
    expect(map.size).toBe(17);
    expect([map.get("k3"), map.get("k33"), map.get("k34"), map.get("k0")]).toEqual([99, 33, -1, -1]);
  });
});
