import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError } from "../../core/index.ts";
import { formatSpec, type ListCodes, parseSpec, type Spec } from "./spec.ts";

function failureOf(
  text: string,
): { code: string; at?: number; token?: string; expected?: string } | undefined {
  try {
    parseSpec(text);
  } catch (error) {
    if (isVicinalError(error)) return { code: error.code, ...error.params };
    throw error;
  }
  return undefined;
}

const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const pq = fc
  .tuple(whole(1, 65_535), fc.constantFrom<[4 | 8, boolean][]>([8, false], [4, false], [4, true]))
  .map(([m, [nbits, fastScan]]): ListCodes => ({ kind: "PQ", m, nbits, fastScan }));
const otherCodes = fc.oneof(
  fc.constantFrom(4, 6, 8).map((bits): ListCodes => ({ kind: "SQ", bits: bits as 4 | 6 | 8 })),
  fc.constant<ListCodes>({ kind: "RaBitQ" }),
);
const opqs = fc
  .tuple(whole(1, 256), maybe(whole(1, 256)))
  .map(([m, times]) => ({ m, dimension: times && Math.min(65_535 - (65_535 % m), m * times) }));
const lists = fc.tuple(whole(1, 2 ** 24), maybe(whole(2, 100).map((M) => ({ M }))));

const anyLists: fc.Arbitrary<Spec> = fc
  .oneof(
    fc.record({ opq: fc.constant(undefined), list: maybe(lists), codes: fc.oneof(pq, otherCodes) }),
    fc.record({ opq: opqs, list: maybe(lists), codes: pq }),
    fc.record({ opq: fc.constant(undefined), list: lists, codes: fc.constant({ kind: "Flat" } as const) }),
  )
  .chain(({ opq, list, codes }) =>
    fc.boolean().map((refine): Spec => {
      const [nlist, coarse] = list ?? [];
      return { kind: "Lists", opq, nlist, coarse, codes, refine: refine && codes.kind !== "Flat" };
    }),
  );

const graphCodes = fc
  .tuple(fc.constantFrom(undefined, "SQ8" as const, "SQ7" as const), fc.boolean())
  .map(([codes, refine]) => ({ codes, refine: refine && codes !== undefined }));
const SIZE: Readonly<Record<string, string>> = {
  ...{ HNSW: "M", NNDescent: "K", ANNG: "edges", ONNG: "edges", Vamana: "R" },
};

const anySpec: fc.Arbitrary<Spec> = fc.oneof<fc.Arbitrary<Spec>[]>(
  fc.constantFrom<Spec[]>({ kind: "Flat" }, { kind: "Auto" }, { kind: "KDTree" }, { kind: "BallTree" }),
  fc
    .tuple(fc.constantFrom("HNSW", "NNDescent", "ANNG", "ONNG", "Vamana"), whole(4, 100), graphCodes)
    .map(([kind, size, codes]) => ({ kind, [SIZE[kind]!]: size, ...codes }) as Spec),
  whole(1, 1000).map((trees) => ({ kind: "RPForest", trees })),
  whole(2, 500).map((M) => ({ kind: "QG", M })),
  fc.record({ kind: fc.constant("ScaNN"), nlist: maybe(whole(1, 2 ** 24)), soar: fc.boolean() }),
  anyLists,
);

describe("parseSpec", () => {
  test("reads back every specification that formatSpec writes, in any case and with blanks", () => {
    fc.assert(
      fc.property(anySpec, fc.func(fc.boolean()), (spec, upper) => {
        const text = formatSpec(spec);
        expect(parseSpec(text)).toEqual(spec);
        const varied = [...text].map((c, i) => (upper(i) ? c.toUpperCase() : c.toLowerCase())).join("");
        expect(parseSpec(` ${varied.replaceAll(",", " , ")} `)).toEqual(spec);
      }),
    );
  });

  test("gives FAISS's meaning to FAISS's spellings", () => {
    const canonical = {
      HNSW: "HNSW32",
      hnsw16: "HNSW16",
      "HNSW32,Flat": "HNSW32",
      HNSW32_SQ8: "HNSW32,SQ8",
      "HNSW,SQ8,RFlat": "HNSW32,SQ8,Refine",
      "HNSW8,SQ7,Refine(Flat)": "HNSW8,SQ7,Refine",
      flat: "Flat",
      AUTO: "Auto",
      RPForest: "RPForest50",
      NNDescent: "NNDescent30",
      ANNG: "ANNG10",
      ONNG: "ONNG10",
      vamana: "Vamana64",
      "Vamana32,SQ7,RFlat": "Vamana32,SQ7,Refine",
      QG: "QG32",
      ScaNN: "ScaNN",
      "scann1k,soar": "ScaNN1024,SOAR",
      "IVF4k,Flat": "IVF4096,Flat",
      "IVF1M_HNSW,SQ4": "IVF1048576_HNSW32,SQ4",
      "IVF1024_HNSW32,PQ16x4fs,RFlat": "IVF1024_HNSW32,PQ16x4fs,Refine",
      "OPQ16_64, IVF256, PQ16x8np": "OPQ16_64,IVF256,PQ16",
      "OPQ16,PQ32x4fs_32": "OPQ16,PQ32x4fs",
      "IDMap,SQ8": "SQ8",
      "PQ16,Refine(Flat),IDMap2": "PQ16,Refine",
      "ivf256,rabitq1": "IVF256,RaBitQ",
      RABITQ: "RaBitQ",
    };
    for (const [text, want] of Object.entries(canonical)) expect(formatSpec(parseSpec(text))).toBe(want);
  });

  test("points at the wrong token and says what could stand there", () => {
    const cases: [string, number, string, RegExp][] = [
      ["", 0, "", /Flat, HNSW<M>, KDTree, .*Auto, IVF<nlist>,<codes>/],
      ["Falt", 0, "Falt", /one of/],
      ["12", 0, "12", /one of/],
      ["Flat8", 4, "8", /nothing after Flat/],
      ["Flat,Refine", 5, "Refine", /the end/],
      ["Auto,SQ8", 5, "SQ8", /the end/],
      ["HNSW1", 4, "1", /M from 2 to 100/],
      ["HNSW101", 4, "101", /M from 2 to 100/],
      ["HNSW032", 4, "032", /M from 2 to 100/],
      ["HNSW99999999999999999999", 4, "99999999999999999999", /M from/],
      ["HNSW-4", 4, "-4", /whole number M/],
      ["HNSW3.5", 4, "3.5", /whole number M/],
      ["HNSW32,SQ4", 7, "SQ4", /SQ8, SQ7 or the end/],
      ["HNSW32,", 7, "", /SQ8, SQ7 or the end/],
      ["HNSW32,Refine", 7, "Refine", /SQ8 or SQ7 before Refine/],
      ["HNSW32,Flat,Refine", 12, "Refine", /SQ8 or SQ7 before Refine/],
      ["HNSW32,SQ8,SQ7", 11, "SQ7", /Refine or the end/],
      ["HNSW32, SQ8, Refine, Refine", 21, "Refine", /the end/],
      ["HNSW32,Refine,SQ8", 7, "Refine", /before Refine/],
      ["HNSW32,__proto__", 7, "", /SQ8/],
      ["HNSW32,constructor", 7, "constructor", /SQ8/],
      ["IDMap", 0, "IDMap", /one of/],
      ["IDMap,IDMap2,Flat", 6, "IDMap2", /one of/],
      ["KDTree2", 6, "2", /nothing after KDTree/],
      ["RPForest0", 8, "0", /trees from 1 to 1000/],
      ["ScaNN,Refine", 6, "Refine", /SOAR or the end/],
      ["ScaNN256M", 5, "256M", /nlist from 1 to/],
      ["IVF16", 5, "", /Flat, SQ8, SQ6, SQ4, PQ<m>/],
      ["IVF,PQ8", 3, "", /number of lists/],
      ["IVF16,HNSW32,PQ8", 6, "HNSW32", /Flat, SQ8/],
      ["IVF16_HNSW1,PQ8", 10, "1", /M from 2 to 100/],
      ["IVF16,Flat,Refine", 11, "Refine", /the end/],
      ["IVF16,PQ", 8, "", /number of parts/],
      ["IVF16,PQ8x5", 9, "x5", /x8 .*x4/],
      ["PQ8x8fs", 3, "x8fs", /4 bits/],
      ["PQ8+4", 3, "+4", /Refine/],
      ["PQ8,Refine,Refine", 11, "Refine", /the end/],
      ["PQ8,SQ8", 4, "SQ8", /Refine or the end/],
      ["SQ7", 0, "SQ7", /HNSW32,SQ7/],
      ["SQ5", 0, "SQ5", /SQ8, SQ6, SQ4/],
      ["RaBitQ4", 6, "4", /one bit a component; SQ4/],
      ["OPQ16_60,PQ16", 6, "60", /multiple of 16/],
      ["OPQ16,SQ8", 6, "SQ8", /IVF<nlist> or PQ<m>/],
      ["OPQ16,IVF9,Flat", 11, "Flat", /PQ<m>/],
      ["OPQ16", 5, "", /IVF<nlist> or PQ<m>/],
    ];
    for (const [text, at, token, expected] of cases) {
      const failure = failureOf(text);
      expect(failure, text).toMatchObject({ code: "SPEC_SYNTAX", at, token });
      expect(failure?.expected, text).toMatch(expected);
    }
    for (const text of [5, null, undefined, {}, "x".repeat(1001)]) {
      expect(failureOf(text as string)?.code).toBe("BAD_INPUT");
    }
  });

  test("names the nearest thing for words that other libraries have", () => {
    const cases: [string, number, RegExp][] = [
      ["PCA64,Flat", 0, /OPQ<m>_<dimension>/],
      ["LSH", 0, /RaBitQ/],
      ["RQ4x8", 0, /PQ<m>/],
      ["IVF256,LSQ4x8", 7, /PQ<m>/],
      ["NSG32", 0, /Vamana<R>/],
      ["IMI2x8,PQ8", 0, /IVF<nlist>_HNSW<M>/],
      ["SQfp16", 0, /SQ8/],
      ["SQ8_direct", 4, /dtype/],
      ["L2norm,Flat", 0, /cosine/],
      ["BHNSW32", 0, /hamming/],
      ["Annoy", 0, /RPForest/],
      ["IVF16,PQ8,RefinePanorama(Flat)", 10, /Refine/],
    ];
    for (const [text, at, expected] of cases) {
      const failure = failureOf(text);
      expect(failure, text).toMatchObject({ code: "SPEC_SYNTAX", at });
      expect(failure?.expected, text).toMatch(expected);
    }
  });

  test("any text gives a typed error or a specification whose canonical text stays as it is", () => {
    const words = fc.constantFrom(
      "HNSW",
      "Flat",
      "Auto",
      "32",
      ",",
      "_",
      "SQ8",
      "SQ7",
      "Refine",
      "RFlat",
      " ",
      "(",
      "IVF",
      "OPQ",
      "PQ",
      "x4",
      "fs",
      "k",
      "RaBitQ",
      "ScaNN",
      "SOAR",
      "IDMap",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (t) => {
        if (failureOf(t) !== undefined) return;
        const canonical = formatSpec(parseSpec(t));
        expect(formatSpec(parseSpec(canonical))).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });
});
