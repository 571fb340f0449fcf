import { describe, expect, test } from "vitest";
import { type Key, open } from "../../src/indexes/index.ts";
import { failureOf, make, makeRows, ONE_EACH } from "./support.ts";

const DIMENSION = 6;
const rows = makeRows(200, DIMENSION, "f32");

/** Keys that tables, files or objects might mistake for something else. */
const STRANGE: readonly Key[] = [
  ...[0, 1, -1, 2 ** 31, 2 ** 32, -(2 ** 53) + 1, 2 ** 53 - 1],
  ...[0n, 1n, -1n, 2n ** 64n, -(2n ** 100n)],
  ...["", "0", "1", " ", "\0", "__proto__", "constructor", "prototype", "toString", "hasOwnProperty"],
  ...["ñ", "n\u0303", "🙂", "𝟘", "\u2028", "a".repeat(65_536), '"', "\\"],
];

describe.each(ONE_EACH)("$spec", (c) => {
  test("keys of every type are told apart, found, saved and removed", async () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, STRANGE.length), { keys: STRANGE });
    const again = await open(index.toBytes());
    for (const held of [index, again]) {
      STRANGE.forEach((key, i) => {
        expect(held.has(key)).toBe(true);
        expect(held.search(rows[i]!, { k: 1 }).keys()).toEqual([key]);
      });
      expect([...held.keys()]).toEqual(STRANGE);
      STRANGE.forEach((key, i) => {
        expect(held.remove([key])).toBe(1);
        expect(held.has(key)).toBe(false);
        expect(held.size).toBe(STRANGE.length - i - 1);
      });
    }
    expect(Object.keys({})).toEqual([]);
  });

  test("−0 is 0, and numbers, bigints and digits are three keys", () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, 3), { keys: [-0, 0n, "0"] });
    expect(index.has(0)).toBe(true);
    expect(Object.is([...index.keys()][0], 0)).toBe(true);
    expect(index.remove(0)).toBe(1);
    expect([index.has(0n), index.has("0"), index.has(0)]).toEqual([true, true, false]);
  });

  test("what is no key is refused, and nothing is added", async () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, 2));
    const bad = [1.5, Number.NaN, Infinity, 2 ** 53, null, undefined, true, {}, [], Symbol("x"), () => 0];
    for (const key of bad) {
      const error = await failureOf(() => index.add([rows[3]!], { keys: [key as Key] }));
      expect(error.code).toBe("KEY_TYPE");
    }
    expect(index.size).toBe(2);
  });

  test("a key given twice or held already is refused by add, and nothing is added", async () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, 3), { keys: ["a", "b", "c"] });
    const before = index.toBytes();
    for (const keys of [
      ["d", "d"],
      ["d", "a"],
    ]) {
      const error = await failureOf(() => index.add(rows.slice(3, 5), { keys }));
      expect(error.code).toBe("DUPLICATE_KEY");
      expect((await failureOf(() => index.addAsync(rows.slice(3, 5), { keys }))).code).toBe("DUPLICATE_KEY");
    }
    expect((await failureOf(() => index.upsert(rows.slice(3, 5), { keys: ["x", "x"] }))).code).toBe(
      "DUPLICATE_KEY",
    );
    expect(Buffer.compare(index.toBytes(), before)).toBe(0);
  });

  test("upsert replaces what a key stands for and adds what is new", () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, 100));
    for (let round = 0; round < 6; round++) {
      const from = 100 + 15 * round;
      index.upsert(rows.slice(from, from + 10), { keys: [0, 1, 2, 3, 4, `n${round}`, 95, 96, 97, 98] });
      expect(index.size).toBe(101 + round);
      expect(index.search(rows[from + 5]!, { k: 1 }).keys()).toEqual([`n${round}`]);
      expect(index.search(rows[from]!, { k: 1 }).keys()).toEqual([0]);
      const all = index.search(rows[0]!, { k: 1000 }).keys();
      expect(new Set(all).size).toBe(101 + round);
    }
  });

  test("automatic keys run on after removals, compaction and reopening; none is given twice", async () => {
    let index = make(c, DIMENSION);
    index.add(rows.slice(0, 10));
    index.remove([8, 9]);
    index.add(rows.slice(10, 12));
    expect([...index.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 11]);
    index.compact();
    index = await open(index.toBytes());
    index.add(rows.slice(12, 14));
    expect(new Set(index.keys())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]));
    index.add([rows[20]!], { keys: [14] });
    index.add([rows[21]!]);
    expect(index.has(15)).toBe(true);
    index.remove(index.keys());
    expect(index.size).toBe(0);
    index.add([rows[0]!]);
    expect([...index.keys()]).toEqual([16]);
  });

  test("remove passes unknown keys over, counts each key once, and forgets for good", async () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, 50));
    expect(index.remove([1, 1, 2, 999, "x"] as Key[])).toBe(2);
    expect(index.remove(new Set<Key>([1, 3]))).toBe(1);
    expect(index.remove(4)).toBe(1);
    for (const key of [1, 2, 3, 4]) {
      expect(index.has(key)).toBe(false);
      expect((await failureOf(() => index.get(key))).code).toBe("KEY_UNKNOWN");
      expect((await failureOf(() => index.metadata(key))).code).toBe("KEY_UNKNOWN");
    }
  });

  test("compaction leaves no byte of a removed vector or key in the file", () => {
    const index = make(c, DIMENSION);
    const secret = new Float32Array(DIMENSION).fill(1234.5678);
    index.add(rows.slice(0, 60));
    index.add([secret], { keys: ["the-secret-key"], metadata: [{ note: "the-secret-note" }] });
    const holds = (text: string | Buffer): boolean => Buffer.from(index.toBytes()).includes(text);
    const vector = Buffer.from(secret.buffer, 0, 8);
    expect([holds("the-secret-key"), holds("the-secret-note"), holds(vector)]).toEqual([true, true, true]);
    index.remove("the-secret-key");
    index.compact();
    expect([holds("the-secret-key"), holds("the-secret-note"), holds(vector)]).toEqual([false, false, false]);
  });

  test("a result is read while slots mean what they meant, and refused after that", async () => {
    const index = make(c, DIMENSION);
    index.add(rows.slice(0, 80));
    const found = index.search(rows[0]!, { k: 5 });
    const keys = found.keys();
    index.remove(keys.slice(0, 2));
    expect(found.keys(), "removal alone does not disturb it").toEqual(keys);
    index.compact();
    expect((await failureOf(() => found.keys())).code).toBe("BAD_INPUT");
  });

  test("records with names that could reach Object.prototype are refused", async () => {
    const index = make(c, DIMENSION);
    const evil = [
      JSON.parse('{"__proto__": {"polluted": true}}'),
      { constructor: "x" },
      { prototype: "x" },
      { $where: "x" },
    ];
    for (const record of evil) {
      expect((await failureOf(() => index.add([rows[0]!], { metadata: [record] }))).code).toBe("BAD_INPUT");
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(index.size).toBe(0);
  });
});
