import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError, VicinalError } from "../../core/index.ts";
import type { Filter, Key, Metadata, Where } from "../contract.ts";
import { countBits, evaluateFilter, type FilterContext, makeMask, type SkipBits } from "./filter.ts";
import { KeyTable } from "./keys.ts";
import { MetadataTable } from "./metadata.ts";
import { compileWhere } from "./where.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isVicinalError(error) ? error.code : `not typed: ${error}`;
  }
  return undefined;
}

interface Row {
  key: Key;
  metadata?: Metadata;
  removed?: boolean;
}

function contextOf(rows: readonly Row[], automatic = false): FilterContext {
  const keys = new KeyTable<Key>();
  const metadata = new MetadataTable();
  const slots = rows.map((_, slot) => slot);
  keys.insert(slots, automatic ? undefined : rows.map((row) => row.key));
  MetadataTable.prepare(
    rows.map((row) => row.metadata),
    rows.length,
  )!.forEach((record, slot) => {
    metadata.set(slot, record);
  });
  rows.forEach((row, slot) => {
    if (row.removed) keys.removeSlot(slot);
  });
  return {
    slots: keys.slots,
    live: (slot) => keys.isLive(slot),
    keyOf: (slot) => keys.keyOf(slot),
    slotOf: (key) => keys.slotOf(key),
    metadataOf: (slot) => metadata.get(slot),
    version: 1,
    owner: keys,
    keysAreSlots: keys.isIdentity,
  };
}

function selected({ bits }: SkipBits, slots: number): number[] {
  return Array.from({ length: slots }, (_, slot) => slot).filter(
    (slot) => (bits[slot >> 3]! & (1 << (slot & 7))) === 0,
  );
}

const rowsOf = fc.uniqueArray(
  fc.record({
    key: fc.oneof(
      fc.integer({ min: -2, max: 40 }),
      fc.bigInt({ min: 0n, max: 9n }),
      fc.string({ maxLength: 2 }),
    ),
    removed: fc.boolean(),
  }),
  { selector: (row) => row.key, maxLength: 40 },
);

describe("evaluateFilter", () => {
  test("a predicate, its set of keys and its bitmap of keys choose the same live rows", () => {
    fc.assert(
      fc.property(
        rowsOf,
        fc.array(fc.integer({ min: 0, max: 44 })),
        fc.boolean(),
        (rows, wanted, automatic) => {
          const ctx = contextOf(rows, automatic);
          const keyOf = (row: Row, slot: number): Key => (automatic ? slot : row.key);
          const bitmap = new Uint8Array(Math.ceil((Math.max(-1, ...wanted) + 1) / 8));
          for (const key of wanted) bitmap[key >> 3]! |= 1 << (key & 7);
          const chosen = new Set<Key>(wanted);
          const want = rows.flatMap((row, slot) =>
            !row.removed && chosen.has(keyOf(row, slot)) ? [slot] : [],
          );
          for (const filter of [(key: Key) => chosen.has(key), chosen, bitmap, Buffer.from(bitmap)]) {
            const isBuffer = Buffer.isBuffer(filter);
            const skip = evaluateFilter(filter as Filter, ctx);
            expect(selected(skip, rows.length), isBuffer ? "buffer" : typeof filter).toEqual(want);
            expect(skip.matches).toBe(want.length);
            expect(skip.bits.length).toBe(Math.ceil(rows.length / 8));
            expect(countBits(skip.bits)).toBe(skip.bits.length * 8 - want.length);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a bitmap and running numbers without gaps give the same with and without looking keys up", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.integer({ min: 0, max: 70 }), (bitmap, n) => {
        const ctx = contextOf(Array.from({ length: n }, (_, key) => ({ key })));
        expect(ctx.keysAreSlots).toBe(true);
        const quick = evaluateFilter(bitmap, ctx);
        expect(quick).toEqual(evaluateFilter(bitmap, { ...ctx, keysAreSlots: false }));
      }),
    );
  });

  test("calls a predicate once for each live row with its key and metadata, in slot order", () => {
    const ctx = contextOf([{ key: "a", metadata: { x: 1 } }, { key: "b", removed: true }, { key: 7n }]);
    const calls: unknown[] = [];
    const skip = evaluateFilter((key, metadata) => calls.push([key, metadata?.["x"]]) > 1, ctx);
    expect(calls).toEqual([
      ["a", 1],
      [7n, undefined],
    ]);
    expect(selected(skip, 3)).toEqual([2]);
  });

  test("what a predicate throws passes through; a promise for an answer is refused", () => {
    const ctx = contextOf([{ key: 1 }]);
    const mine = new Error("mine");
    expect(() =>
      evaluateFilter(() => {
        throw mine;
      }, ctx),
    ).toThrow(mine);
    expect(codeOf(() => evaluateFilter((async () => false) as never, ctx))).toBe("BAD_INPUT");
  });

  test("what is no filter is refused, typed", () => {
    const ctx = contextOf([{ key: 1 }]);
    for (const bad of [null, undefined, 5, "x", true, [], [1], new Float32Array(1), new Date(0), new Map()]) {
      expect(
        codeOf(() => evaluateFilter(bad as never, ctx)),
        String(bad),
      ).toMatch(/^BAD_INPUT$/);
    }
  });

  test("an empty bitmap matches nothing, a transferred one is refused", () => {
    const ctx = contextOf([{ key: 0 }, { key: 1 }]);
    expect(evaluateFilter(new Uint8Array(0), ctx).matches).toBe(0);
    const gone = Uint8Array.of(3);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(codeOf(() => evaluateFilter(gone, ctx))).toBe("DETACHED_BUFFER");
  });

  test("a mask is taken while its index is unchanged and by no other index", () => {
    const rows = [{ key: 1 }, { key: 2 }, { key: 3 }];
    const ctx = contextOf(rows);
    const mask = makeMask((key) => key !== 2, ctx);
    expect(mask.matches).toBe(2);
    expect(selected(evaluateFilter(mask, ctx), 3)).toEqual([0, 2]);
    expect(selected(makeMask(mask, ctx), 3)).toEqual([0, 2]);
    expect(codeOf(() => evaluateFilter(mask, { ...ctx, version: 2 }))).toBe("BAD_INPUT");
    expect(codeOf(() => evaluateFilter(mask, contextOf(rows)))).toBe("BAD_INPUT");
    expect(codeOf(() => evaluateFilter({ ...mask }, ctx))).toBe("BAD_INPUT");
  });
});

/** Meaning of a condition object, straight from the documentation, with no compilation. */
function matches(where: Where, metadata: Metadata | undefined): boolean {
  return Object.entries(where).every(([name, c]) => {
    if (name === "$and") return (c as Where[]).every((part) => matches(part, metadata));
    if (name === "$or") return (c as Where[]).some((part) => matches(part, metadata));
    if (name === "$not") return !matches(c as Where, metadata);
    const value = metadata?.[name];
    const members: unknown[] = Array.isArray(value) ? value : [value];
    const eq = (want: unknown): boolean =>
      Array.isArray(want) ? JSON.stringify(want) === JSON.stringify(value) : members.includes(want);
    if (typeof c !== "object" || c === null || Array.isArray(c)) return eq(c);
    return Object.entries(c).every(([op, x]) => {
      const ordered = (holds: (a: number, b: number) => boolean): boolean =>
        members.some((m) => typeof m === typeof x && holds(m as number, x as number));
      if (op === "$eq") return eq(x);
      if (op === "$ne") return !eq(x);
      if (op === "$in") return (x as unknown[]).some((y) => members.includes(y));
      if (op === "$nin") return !(x as unknown[]).some((y) => members.includes(y));
      if (op === "$gt") return ordered((a, b) => a > b);
      if (op === "$gte") return ordered((a, b) => a >= b);
      if (op === "$lt") return ordered((a, b) => a < b);
      if (op === "$lte") return ordered((a, b) => a <= b);
      return (value !== undefined) === x;
    });
  });
}

const value = fc.constantFrom<(string | number | boolean)[]>(0, 1, 2, "a", "b", "1", true, false);
const fieldValue = fc.oneof(value, fc.constant(null), fc.array(value, { maxLength: 3 }));
const bound = fc.constantFrom<(string | number)[]>(0, 1, 2, "a", "b", "1");
const condition = fc.oneof(
  fieldValue,
  fc
    .record(
      {
        $eq: fieldValue,
        $ne: fieldValue,
        $in: fc.array(value, { maxLength: 3 }),
        $nin: fc.array(value, { maxLength: 3 }),
        $gt: bound,
        $gte: bound,
        $lt: bound,
        $lte: bound,
        $exists: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .filter((c) => Object.keys(c).length > 0 && Object.keys(c).length < 4),
);
const { where } = fc.letrec<{ where: Where }>((tie) => ({
  where: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.dictionary(fc.constantFrom("x", "y", "z"), condition, { maxKeys: 2 }) as fc.Arbitrary<Where>,
    fc.record({ $and: fc.array(tie("where"), { maxLength: 3 }) }),
    fc.record({ $or: fc.array(tie("where"), { maxLength: 3 }) }),
    fc.record({ $not: tie("where"), x: condition }) as fc.Arbitrary<Where>,
  ),
}));

describe("compileWhere", () => {
  test("agrees with the meaning written down, for any condition and any metadata", () => {
    const metadata = fc.option(fc.dictionary(fc.constantFrom("x", "y", "z"), fieldValue), { nil: undefined });
    fc.assert(
      fc.property(where, fc.array(metadata, { minLength: 1, maxLength: 8 }), (condition, records) => {
        const test = compileWhere(condition);
        for (const record of MetadataTable.prepare(records, records.length)!) {
          expect(test(record)).toBe(matches(condition, record));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("an array field matches when any member does", () => {
    const record = { tags: ["a", "b"], years: [1990, 2010] };
    const yes: Where[] = [{ tags: "a" }, { tags: { $in: ["b", "z"] } }, { years: { $gt: 2000, $lt: 2000 } }];
    yes.push({ tags: ["a", "b"] }, { tags: { $ne: "c" } });
    const no: Where[] = [
      { tags: "c" },
      { tags: ["b", "a"] },
      { tags: { $ne: "a" } },
      { years: { $gt: 2010 } },
    ];
    for (const condition of yes)
      expect(compileWhere(condition)(record), JSON.stringify(condition)).toBe(true);
    for (const condition of no)
      expect(compileWhere(condition)(record), JSON.stringify(condition)).toBe(false);
  });

  test("a later change of the condition has no effect", () => {
    const list = ["a"];
    const test = compileWhere({ x: { $in: list } });
    list.push("b");
    expect(test({ x: "b" })).toBe(false);
  });

  test("names the path of an unknown operator or a wrong operand", () => {
    const cases: [unknown, string, string][] = [
      [{ x: { $near: 1 } }, "OPTION_UNKNOWN", "x.$near"],
      [{ $nor: [] }, "OPTION_UNKNOWN", "$nor"],
      [{ $and: [{ x: 1 }, { y: { $regex: "a" } }] }, "OPTION_UNKNOWN", "$and[1].y.$regex"],
      [{ x: { y: 1 } }, "OPTION_UNKNOWN", "x.y"],
      [{ x: { $in: 5 } }, "BAD_INPUT", "filter at x.$in"],
      [{ x: { $in: [{}] } }, "BAD_INPUT", "filter at x.$in[0]"],
      [{ x: { $gt: true } }, "BAD_INPUT", "filter at x.$gt"],
      [{ x: { $gt: Number.NaN } }, "BAD_INPUT", "filter at x.$gt"],
      [{ x: { $exists: 1 } }, "BAD_INPUT", "filter at x.$exists"],
      [{ x: {} }, "BAD_INPUT", "filter at x"],
      [{ x: undefined }, "BAD_INPUT", "filter at x"],
      [{ x: { $eq: undefined } }, "BAD_INPUT", "filter at x.$eq"],
      [{ x: () => true }, "BAD_INPUT", "filter at x"],
      [{ x: /a/ }, "BAD_INPUT", "filter at x"],
      [{ x: 1n }, "BAD_INPUT", "filter at x"],
      [{ $and: {} }, "BAD_INPUT", "filter at $and"],
      [{ $or: undefined }, "BAD_INPUT", "filter at $or"],
      [{ $not: [] }, "BAD_INPUT", "filter at $not"],
      [{ $or: [null] }, "BAD_INPUT", "filter at $or[0]"],
      [{ constructor: 1 }, "BAD_INPUT", "filter at constructor (a field name)"],
      [JSON.parse('{"__proto__": {"$eq": 1}}'), "BAD_INPUT", "filter at __proto__ (a field name)"],
    ];
    for (const [condition, code, at] of cases) {
      let caught: unknown;
      try {
        compileWhere(condition as Where);
      } catch (error) {
        caught = error;
      }
      expect(caught, at).toBeInstanceOf(VicinalError);
      const { params } = caught as VicinalError;
      expect([
        (caught as VicinalError).code,
        (params as { what?: string; got?: string }).what ?? (params as { got: string }).got,
      ]).toEqual([code, at]);
    }
    expect(Object.prototype).toEqual({});
  });

  test("limits clauses, depth, cycles and members", () => {
    const nest = (depth: number): Where => (depth === 0 ? { x: 1 } : { $not: nest(depth - 1) });
    const cycle: Where = {};
    cycle.$and = [cycle];
    const clauses = (n: number): Where => ({ $or: Array.from({ length: n / 2 }, (_, x) => ({ x })) });
    expect(codeOf(() => compileWhere(nest(100)))).toBeUndefined();
    expect(codeOf(() => compileWhere(nest(101)))).toBe("LIMIT");
    expect(codeOf(() => compileWhere(cycle))).toBe("LIMIT");
    expect(codeOf(() => compileWhere(clauses(1000)))).toBeUndefined();
    expect(codeOf(() => compileWhere(clauses(1002)))).toBe("LIMIT");
    expect(codeOf(() => compileWhere({ x: { $in: new Array(100_001).fill(1) } }))).toBe("LIMIT");
  });
});
