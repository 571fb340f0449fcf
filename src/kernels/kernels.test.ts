import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testableBuilds } from "../../test/helpers/relaxed.ts";
import { createRng, type Rng } from "../core/rng.ts";
import { inlinedBytes } from "./binary.ts";
import { Engine, FIRST_ADDRESS } from "./engine.ts";
import type { EngineExports } from "./exports.ts";
import * as reference from "./reference.ts";

type Call = (...args: number[]) => number;
type Row = Float32Array | Uint8Array | Int8Array;
type Distance = (a: Row, b: Row) => number;

/** One family of exports: pair, many and gather kernels, and what they must return. */
interface Family {
  readonly name: string;
  readonly draw: (rng: Rng, d: number) => Row;
  /** Where the query differs from rows. */
  readonly drawQuery?: (rng: Rng, d: number) => Row;
  readonly expected: Distance;
  readonly pair: string | undefined;
  readonly lists: readonly string[];
  /** Fast kernels: error allowed, relative to the sum of magnitudes of the terms. */
  readonly fast?: Distance;
}

const floats = (rng: Rng, d: number): Float32Array =>
  Float32Array.from({ length: d }, () => rng.normal() * 3);
const unsigned = (rng: Rng, d: number): Uint8Array =>
  Uint8Array.from({ length: d }, () => (rng.below(4) === 0 ? 255 * rng.below(2) : rng.below(256)));
const signed = (rng: Rng, d: number): Int8Array => new Int8Array(unsigned(rng, d).buffer);
const sevenBit = (rng: Rng, d: number): Uint8Array => unsigned(rng, d).map((x) => x & 127);

const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1);
const lists = (name: string): string[] => [`many${capital(name)}`, `gather${capital(name)}`];
const magnitudes = (a: Row, b: Row): number => {
  let sum = 0;
  for (let e = 0; e < a.length; e++) sum += Math.abs(a[e]! * b[e]!);
  return sum;
};

const FLOAT_METRICS: readonly [metric: string, strict: Distance, exact: Distance][] = [
  ["l2sq", reference.l2sqF32, reference.l2sq],
  ["dot", reference.dotF32, reference.dot],
  ["l1", reference.l1F32, reference.l1],
  ["linf", reference.linfF32, reference.linf],
];

const FAMILIES: readonly Family[] = [
  ...FLOAT_METRICS.flatMap(([metric, strict, exact]): Family[] => {
    const name = `${metric}F32`;
    const families: Family[] = [
      { name, draw: floats, expected: strict, pair: name, lists: lists(name) },
      ...(["U8", "I8"] as const).map((type) => ({
        name: metric + type,
        draw: type === "U8" ? unsigned : signed,
        expected: exact,
        pair: metric + type,
        lists: lists(metric + type),
      })),
    ];
    if (metric === "linf") return families;
    const fast: Family = {
      name: `${name}Fast`,
      draw: floats,
      expected: exact,
      fast: metric === "dot" ? magnitudes : exact,
      pair: metric === "l1" ? undefined : `${name}Fast`,
      lists: [`gather${capital(name)}Fast`],
    };
    return [...families, fast];
  }),
  {
    name: "hammingBits",
    draw: unsigned,
    expected: reference.hammingBits,
    pair: "hammingBits",
    lists: lists("hammingBits"),
  },
  {
    name: "dotCodes7",
    draw: sevenBit,
    drawQuery: signed,
    expected: reference.dot,
    pair: "dotCodes7",
    lists: lists("dotCodes7"),
  },
  {
    name: "l2sqCodes8",
    draw: unsigned,
    drawQuery: unsigned,
    expected: reference.l2sq,
    pair: "l2sqCodes8",
    lists: lists("l2sqCodes8"),
  },
];

const padTo16 = (bytes: number): number => (bytes + 15) & ~15;
const sized = fc.record({ d: fc.integer({ min: 0, max: 513 }), shift: fc.nat(15), seed: fc.nat() });

function check(family: Family, got: number, a: Row, b: Row): void {
  if (family.fast === undefined) expect(got).toBe(family.expected(a, b));
  else expect(Math.abs(got - family.expected(a, b))).toBeLessThanOrEqual(1e-5 * family.fast(a, b));
}

describe.each(testableBuilds())("kernels, %s build", (build) => {
  const engine = Engine.create({ build });
  engine.grow(1 << 18);
  const call = (name: string, ...args: number[]): number =>
    (engine.exports as unknown as Record<string, Call>)[name]!(...args);

  test.each(FAMILIES.map((family) => [family.name, family] as const))(
    "%s equals its definition for pairs, many rows and gathered rows",
    (_name, family) => {
      fc.assert(
        fc.property(sized, fc.nat(9), ({ d, shift, seed }, n) => {
          const rng = createRng(seed, family.name);
          const query = (family.drawQuery ?? family.draw)(rng, d);
          const rows = Array.from({ length: n + 1 }, () => family.draw(rng, d));
          const bytes = padTo16(rows[0]!.byteLength);
          const stride = bytes + 16 * rng.below(3) + (seed % 3 === 0 ? 1 : 0);

          // Garbage between rows must not matter; padding must be zero.
          engine.u8.fill(0x5a, FIRST_ADDRESS, 1 << 17);
          const q = FIRST_ADDRESS + shift;
          const put = (ptr: number, row: Row): void => {
            engine.u8.fill(0, ptr, ptr + bytes);
            engine.u8.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), ptr);
          };
          if (family.name === "l2sqCodes8") {
            engine.u8.fill(0, q, q + 2 * bytes);
            const plain = 1 << 16;
            engine.u8.set(query as Uint8Array, plain);
            engine.exports.u8ToI16(plain, q, d);
          } else put(q, query);
          const base = q + 4096 + 7;
          rows.forEach((row, i) => {
            put(base + i * stride, row);
          });

          if (family.pair !== undefined) {
            check(family, call(family.pair, q, base, bytes), query, rows[0]!);
          }
          const ids = Uint32Array.from({ length: n }, () => rng.below(n + 1));
          const idsAt = 1 << 17;
          const outAt = idsAt + 1024;
          new Uint32Array(engine.u8.buffer, idsAt, n).set(ids);
          for (const list of family.lists) {
            const gathers = list.startsWith("gather");
            engine.u8.fill(0xee, outAt, outAt + 256);
            if (gathers) call(list, q, base, stride, idsAt, n, bytes, outAt);
            else call(list, q, base, stride, n, bytes, outAt);
            const out = family.draw === floats ? engine.f32 : engine.i32;
            for (let i = 0; i < n; i++) {
              check(family, out[outAt / 4 + i]!, query, rows[gathers ? ids[i]! : i]!);
            }
            expect(engine.u8[outAt + 4 * n]).toBe(0xee);
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  test("byte kernels hold their largest sums in 32 bits up to the dimension limit", () => {
    const d = 33025;
    const bytes = padTo16(d);
    const [a, b] = [1 << 16, (1 << 16) + bytes];
    engine.u8.fill(0, a, b + bytes);
    engine.u8.fill(255, a, a + d);
    expect(call("l2sqU8", a, b, bytes)).toBe(255 * 255 * d);
    expect(call("dotU8", a, a, bytes)).toBe(255 * 255 * d);
    expect(call("l1U8", a, b, bytes)).toBe(255 * d);
    engine.i8.fill(127, a, a + d);
    engine.i8.fill(-128, b, b + d);
    expect(call("l2sqI8", a, b, bytes)).toBe(255 * 255 * d);
    expect(call("dotI8", b, b, bytes)).toBe(128 * 128 * d);
    expect(call("dotCodes7", b, a, bytes)).toBe(-128 * 127 * d);
  });

  test("a gathered fast distance does not depend on its place or its neighbours", () => {
    const rng = createRng(1, "place");
    const d = 100;
    const bytes = padTo16(4 * d);
    engine.u8.fill(0, FIRST_ADDRESS, 1 << 16);
    for (let i = 0; i < 8; i++) engine.f32.set(floats(rng, d), (4096 + i * bytes) / 4);
    const [ids, out] = [1 << 17, (1 << 17) + 1024];
    const of = (list: readonly number[]): number[] => {
      engine.u32.set(list, ids / 4);
      engine.exports.gatherL2sqF32Fast(4096, 4096, bytes, ids, list.length, bytes, out);
      return [...engine.f32.slice(out / 4, out / 4 + list.length)];
    };
    const all = of([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(of([7, 6, 5, 4, 3, 2, 1, 0]).reverse()).toEqual(all);
    expect(all.map((_, i) => of([i])[0])).toEqual(all);
    expect(of([3, 5, 6])).toEqual([all[3], all[5], all[6]]);
  });

  test("checkFiniteF32 finds the first NaN or infinity wherever it stands", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(fc.nat(45)), fc.nat(3), (n, bad, shift) => {
        const values = Float32Array.from({ length: n }, (_, i) => (i % 2 ? 3.4e38 : -1e-45) * i);
        for (const i of bad) if (i < n) values[i] = [Number.NaN, Infinity, -Infinity][i % 3]!;
        const ptr = FIRST_ADDRESS + shift;
        engine.u8.fill(0xff, ptr, ptr + 4 * n + 16);
        engine.u8.set(new Uint8Array(values.buffer), ptr);
        expect(engine.exports.checkFiniteF32(ptr, n)).toBe(reference.checkFiniteF32(values));
      }),
    );
  });

  test("normalizeF32 equals the reference bit for bit, from subnormal to huge, and leaves zero alone", () => {
    fc.assert(
      fc.property(sized, fc.constantFrom(1, 1e-42, 1e30, 0), ({ d, shift, seed }, scale) => {
        const values = floats(createRng(seed), d).map((x) => x * scale);
        const ptr = FIRST_ADDRESS + shift;
        engine.u8.set(new Uint8Array(values.buffer), ptr);
        const norm = engine.exports.normalizeF32(ptr, d);
        const want = reference.normalizeF32(values);
        expect(norm).toBe(want.norm);
        expect(new Float32Array(engine.u8.slice(ptr, ptr + 4 * d).buffer)).toEqual(want.unit);
        if (norm > 0) expect(Math.abs(reference.l2sq(want.unit, new Float32Array(d)) - 1)).toBeLessThan(1e-5);
      }),
    );
  });

  test("normalizeRowsF32 normalises exactly the rows of its range", () => {
    const rng = createRng(5);
    const rows = floats(rng, 5 * 8);
    engine.f32.set(rows, FIRST_ADDRESS / 4);
    engine.f32.fill(-1, 8192 / 4, 8192 / 4 + 5);
    engine.exports.normalizeRowsF32(0, FIRST_ADDRESS, 32, 7, 8192, 1, 3);
    for (let i = 0; i < 5; i++) {
      const row = rows.subarray(i * 8, i * 8 + 8);
      const { unit, norm } = reference.normalizeF32(row.subarray(0, 7));
      const at = FIRST_ADDRESS / 4 + i * 8;
      const inside = i === 1 || i === 2;
      expect(engine.f32.slice(at, at + 8)).toEqual(inside ? Float32Array.of(...unit, row[7]!) : row);
      expect(engine.f32[8192 / 4 + i]).toBe(inside ? norm : -1);
    }
  });

  test("halfToF32 is right for all 65536 patterns, and for tails", () => {
    const [src, dst] = [1 << 16, 1 << 18];
    engine.grow(1 << 20);
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    engine.u16.set(halves, src / 2);
    engine.exports.halfToF32(src, dst, 65536);
    const got = engine.f32.subarray(dst / 4, dst / 4 + 65536);
    const wrong = halves.filter((bits) => !Object.is(got[bits], reference.halfToF32(bits)));
    expect([...wrong]).toEqual([]);
    for (const n of [0, 1, 2, 3, 5]) {
      engine.f32.fill(7, dst / 4, dst / 4 + 8);
      engine.exports.halfToF32(src + 2 * 0x3c00, dst, n);
      expect([...engine.f32.slice(dst / 4, dst / 4 + 6)].filter((x) => x !== 7).length).toBe(n);
    }
  });

  test("float64 and bytes convert as typed arrays do", () => {
    const values = Float64Array.from([1 / 3, -1e300, 5e-324, 2 ** -149, 1 + 2 ** -24, -0, 16777217]);
    engine.u8.set(new Uint8Array(values.buffer), FIRST_ADDRESS + 3);
    engine.exports.f64ToF32(FIRST_ADDRESS + 3, 8192, values.length);
    expect(engine.f32.slice(2048, 2048 + values.length)).toEqual(Float32Array.from(values));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    engine.u8.set(bytes, FIRST_ADDRESS + 1);
    engine.exports.u8ToF32(FIRST_ADDRESS + 1, 8192, 256);
    expect(engine.f32.slice(2048, 2304)).toEqual(Float32Array.from(bytes));
    engine.exports.i8ToF32(FIRST_ADDRESS + 1, 8192, 256);
    expect(engine.f32.slice(2048, 2304)).toEqual(Float32Array.from(new Int8Array(bytes.buffer)));
  });
});

describe("declared exports", () => {
  const folder = new URL("./", import.meta.url);
  const source = ["exports.ts", ...exportFiles()].map((name) => readFileSync(new URL(name, folder), "utf8"));

  function exportFiles(): string[] {
    const text = readFileSync(new URL("exports.ts", folder), "utf8");
    return [...text.matchAll(/from "\.\/(exports\/\w+\.ts)"/g)].map((match) => match[1]!);
  }

  const arity = (params: string): number => params.split(",").filter((param) => param.trim() !== "").length;

  /** Name and number of parameters of every member of every interface named …Exports. */
  function declared(): Map<string, number> {
    const text = source.join("\n").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const aliases = new Map(
      [...text.matchAll(/type (\w+) = \(([^)]*)\) =>/g)].map(([, name, params]) => [name!, arity(params!)]),
    );
    const members = new Map<string, number>();
    for (const [, body] of text.matchAll(/interface \w+Exports[^{]*\{([^}]*)\}/g)) {
      for (const [, name, params] of body!.matchAll(/(\w+)\(([^)]*)\): \w+;/g))
        members.set(name!, arity(params!));
      for (const [, name, alias] of body!.matchAll(/^\s*(\w+): (\w+);/gm)) {
        if (aliases.has(alias!)) members.set(name!, aliases.get(alias!)!);
      }
    }
    return members;
  }

  test("are exactly what the module exports, with as many parameters each", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const module = new WebAssembly.Module(inlinedBytes("plain"));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const compiled = Object.entries(exports as unknown as Record<string, Call>);
    const byName = (a: [string, number], b: [string, number]): number => (a[0] < b[0] ? -1 : 1);
    expect([...declared()].sort(byName)).toEqual(
      compiled.map(([name, fn]): [string, number] => [name, fn.length]).sort(byName),
    );
    expect("relaxedBuild" satisfies keyof EngineExports).toBe("relaxedBuild");
  });
});
