import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError } from "../../core/index.ts";
import type { Metadata } from "../contract.ts";
import { fieldFault, MetadataTable } from "./metadata.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isVicinalError(error) ? error.code : `not typed: ${error}`;
  }
  return undefined;
}

function tableOf(records: (Metadata | undefined)[]): MetadataTable {
  const table = new MetadataTable();
  MetadataTable.prepare(records, records.length)!.forEach((record, slot) => {
    table.set(slot, record);
  });
  return table;
}

function reread(table: MetadataTable, slots: number): MetadataTable {
  const { facts, sections } = table.toSections(slots);
  return MetadataTable.fromSections(JSON.parse(JSON.stringify(facts)), (name) => {
    const bytes = sections.find((s) => s.name === name)?.bytes;
    if (bytes === undefined) return undefined;
    const held = new Uint8Array(bytes.length + 2);
    held.set(bytes, 1);
    return held.subarray(1, 1 + bytes.length);
  });
}

const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const record = fc.dictionary(
  fc.string({ minLength: 1 }).filter((name) => fieldFault(name) === undefined),
  fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 4 })),
  { maxKeys: 7, noNullPrototype: true },
);

describe("MetadataTable", () => {
  test("gives back what was put in, also after a file and a renumbering", () => {
    fc.assert(
      fc.property(fc.array(fc.option(record, { nil: undefined }), { maxLength: 12 }), (records) => {
        const want = records.map((r) => (r === undefined ? undefined : JSON.parse(JSON.stringify(r))));
        const table = tableOf(records);
        const again = reread(table, records.length);
        const reversed = Uint32Array.from(records, (_, slot) => records.length - 1 - slot);
        records.forEach((_, slot) => {
          const got = table.get(slot);
          expect(got === undefined ? undefined : { ...got }).toEqual(want[slot]);
          expect(again.get(slot)).toEqual(got);
        });
        table.permute(reversed);
        records.forEach((_, slot) => {
          expect(table.get(records.length - 1 - slot)).toEqual(again.get(slot));
        });
        expect(table.count).toBe(again.count);
        records.forEach((_, slot) => {
          table.remove(slot);
        });
        expect(table.count).toBe(0);
        expect(table.bytes).toBeLessThanOrEqual(9 * records.length);
      }),
      { numRuns: 300 },
    );
  });

  test("stores nothing when no row has a record", () => {
    const table = tableOf([undefined, undefined]);
    expect(table.bytes).toBe(0);
    expect(table.toSections(2).sections).toEqual([]);
    expect(reread(table, 2).get(1)).toBeUndefined();
    expect(MetadataTable.prepare(undefined, 5)).toBeUndefined();
  });

  test("copies and freezes: neither the caller nor a reader can change a record", () => {
    const tags = ["a", "b"];
    const given = { year: 1999, tags, gone: undefined, zero: -0 } as unknown as Metadata;
    const table = tableOf([given]);
    tags.push("c");
    (given as { year: number }).year = 2000;
    const held = table.get(0)!;
    expect({ ...held }).toEqual({ year: 1999, tags: ["a", "b"], zero: 0 });
    expect(Object.getPrototypeOf(held)).toBeNull();
    expect(Object.isFrozen(held) && Object.isFrozen(held["tags"])).toBe(true);
    expect("toString" in held).toBe(false);
  });

  test("refuses names and values that are no metadata, naming row and field, before anything changes", () => {
    const nested = JSON.parse('{"__proto__": {"polluted": true}}');
    const values = [
      () => 1,
      {},
      new Date(0),
      Number.NaN,
      Infinity,
      1n,
      Symbol("s"),
      [[1]],
      [null],
      [undefined],
    ];
    const bad: unknown[] = [
      ...values.map((value) => ({ field: value })),
      nested,
      5,
      null,
      "x",
      [],
      new Map(),
    ];
    bad.push({ constructor: "x" }, { prototype: 1 }, { $gt: 1 }, new (class A {})(), {
      list: [1, Number.NaN],
    });
    for (const row of bad) {
      expect(codeOf(() => MetadataTable.prepare([{ ok: 1 }, row as never], 2))).toBe("BAD_INPUT");
    }
    try {
      MetadataTable.prepare([{ ok: 1 }, { year: Number.NaN }], 2);
    } catch (error) {
      expect((error as { params: unknown }).params).toMatchObject({
        what: 'field "year" in metadata of row 1',
        got: "NaN",
      });
    }
    expect(codeOf(() => MetadataTable.prepare([{}], 2))).toBe("BAD_INPUT");
    expect(codeOf(() => MetadataTable.prepare("ab" as never, 2))).toBe("BAD_INPUT");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("limits fields, members and length, so that every record accepted can be read back", () => {
    const wide = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`f${i}`, i]));
    expect(codeOf(() => MetadataTable.prepare([wide], 1))).toBe("LIMIT");
    expect(codeOf(() => MetadataTable.prepare([{ a: new Array(1001).fill(1) }], 1))).toBe("LIMIT");
    expect(codeOf(() => MetadataTable.prepare([{ a: "x".repeat(1 << 21) }], 1))).toBe("LIMIT");
    const table = tableOf([{ a: "\u0001".repeat((1 << 21) - 3) }]);
    expect(reread(table, 1).get(0)).toEqual(table.get(0));
  });

  test("accepts plain objects of any realm and with no prototype", () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    const foreign = Object.assign(Object.create(Object.create(null)), { a: 1 });
    for (const row of [bare, foreign]) expect(tableOf([row]).get(0)).toEqual(tableOf([{ a: 1 }]).get(0));
  });
});

describe("MetadataTable.fromSections", () => {
  test("damaged facts, offsets, text and records give FORMAT or a table of the counts named", () => {
    const table = tableOf([{ a: "é", b: [1, 2] }, undefined, { c: null }, { d: true }]);
    const { facts, sections } = table.toSections(4);
    for (const bad of [
      null,
      1,
      {},
      { ...facts, slots: 3 },
      { ...facts, records: 2 },
      { slots: 1e12, records: 1 },
    ]) {
      expect(
        codeOf(() => MetadataTable.fromSections(bad, (n) => sections.find((s) => s.name === n)?.bytes)),
      ).toBe("FORMAT");
    }
    fc.assert(
      fc.property(fc.nat(1), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, at, flip) => {
        const copies = sections.map((s) => ({ name: s.name, bytes: s.bytes.slice() }));
        const bytes = copies[which]!.bytes;
        bytes[at % bytes.length]! ^= flip;
        try {
          const got = MetadataTable.fromSections(facts, (n) => copies.find((s) => s.name === n)?.bytes);
          expect(got.count).toBe(3);
        } catch (error) {
          if (!isVicinalError(error, "FORMAT")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("hostile records in a file give FORMAT and leave Object.prototype alone", () => {
    for (const text of [
      '{"__proto__":{"x":1}}',
      '{"constructor":1}',
      "[1]",
      "5",
      '{"a":{"b":1}}',
      '{"a":',
      "\ufeff{}",
    ]) {
      const bytes = new TextEncoder().encode(text);
      const offsets = new Uint8Array(Uint32Array.of(0, bytes.length).buffer);
      const get = (name: string): Uint8Array => (name === "metadata.offsets" ? offsets : bytes);
      expect(codeOf(() => MetadataTable.fromSections({ slots: 1, records: 1 }, get))).toBe("FORMAT");
    }
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});
