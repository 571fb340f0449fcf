import { describe, expect, test } from "vitest";
import { isVicinalError } from "../../core/index.ts";
import type { Key } from "../contract.ts";
import { KeyTable } from "./keys.ts";
import { NeighborsResult, RangeResult } from "./results.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isVicinalError(error) ? error.code : `not typed: ${error}`;
  }
  return undefined;
}

function tableOf(...keys: Key[]): KeyTable<Key> {
  const table = new KeyTable<Key>();
  table.insert(
    keys.map((_, slot) => slot),
    keys,
  );
  return table;
}

function exampleOf(table: KeyTable<Key>): NeighborsResult {
  const result = new NeighborsResult(2, 3, table);
  result.ids.set([2, 0, 1, 1]);
  result.distances.set([0.5, 1, 2, 4]);
  result.counts.set([3, 1]);
  return result;
}

const wrongRows = [-1, 2, 0.5, Number.NaN, Infinity, "0", null, 2 ** 32];

describe("NeighborsResult", () => {
  test("reads rows as long as their counts, as views, keys and objects", () => {
    const result = exampleOf(tableOf("a", "b", 7n));
    expect(result.keys()).toEqual([7n, "a", "b"]);
    expect(result.keys(1)).toEqual(["b"]);
    expect(result.key(0, 1)).toBe("a");
    expect(result.items(1)).toEqual([{ key: "b", distance: 4 }]);
    expect([...result.row(1).ids]).toEqual([1]);
    expect(result.row(0).distances.buffer).toBe(result.distances.buffer);
  });

  test("refuses rows and places that are not there", () => {
    const result = exampleOf(tableOf("a", "b", "c"));
    for (const q of wrongRows as number[]) {
      for (const read of [
        () => result.row(q),
        () => result.keys(q),
        () => result.key(q, 0),
        () => result.items(q),
      ]) {
        expect(codeOf(read), String(q)).toBe("OPTION_RANGE");
      }
    }
    for (const i of [-1, 1, 2, 0.5]) expect(codeOf(() => result.key(1, i))).toBe("OPTION_RANGE");
    expect(codeOf(() => new NeighborsResult(0, 3, tableOf()).keys())).toBe("OPTION_RANGE");
  });

  test("reads the other keys after a removal, and none once a slot has another row, until it is filled anew", () => {
    const table = tableOf("a", "b", "c");
    const result = exampleOf(table);
    table.insert([3], ["d"]);
    expect(result.keys()).toEqual(["c", "a", "b"]);
    table.removeSlot(0);
    expect(result.key(0, 0)).toBe("c");
    expect(codeOf(() => result.key(0, 1))).toBe("KEY_UNKNOWN");
    expect(codeOf(() => result.keys())).toBe("KEY_UNKNOWN");
    table.insert([0], ["e"]);
    for (const read of [() => result.keys(), () => result.key(0, 0), () => result.items()]) {
      expect(codeOf(read)).toBe("BAD_INPUT");
    }
    expect(result.row(0).ids.length).toBe(3);
    result.renew();
    expect(result.keys()).toEqual(["c", "e", "b"]);
  });

  test("uses arrays handed to it", () => {
    const ids = Uint32Array.of(1);
    const result = new NeighborsResult(1, 1, tableOf("a", "b"), ids, Float32Array.of(2), Uint32Array.of(1));
    expect(result.ids).toBe(ids);
    expect(result.items()).toEqual([{ key: "b", distance: 2 }]);
  });
});

describe("RangeResult", () => {
  const make = (table: KeyTable<Key>): RangeResult =>
    new RangeResult(table, Uint32Array.of(0, 2, 2), Uint32Array.of(1, 0), Float32Array.of(1, 3));

  test("reads rows between offsets, also an empty one", () => {
    const result = make(tableOf("a", "b"));
    expect(result.queries).toBe(2);
    expect(result.keys()).toEqual(["b", "a"]);
    expect(result.items(0)[1]).toEqual({ key: "a", distance: 3 });
    expect(result.keys(1)).toEqual([]);
    expect(result.row(1).ids.length).toBe(0);
  });

  test("refuses rows that are not there, and keys of other rows in their slots", () => {
    const table = tableOf("a", "b");
    const result = make(table);
    for (const q of wrongRows as number[]) {
      for (const read of [() => result.row(q), () => result.keys(q), () => result.items(q)]) {
        expect(codeOf(read), String(q)).toBe("OPTION_RANGE");
      }
    }
    table.insert([1], ["c"]);
    expect(codeOf(() => result.keys())).toBe("BAD_INPUT");
    expect(codeOf(() => result.items(1))).toBe("BAD_INPUT");
  });
});
