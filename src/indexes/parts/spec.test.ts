import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError } from "../../core/index.ts";
import { formatSpec, parseSpec, type Spec } from "./spec.ts";

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

const anySpec: fc.Arbitrary<Spec> = fc.oneof<fc.Arbitrary<Spec>[]>(
  fc.constantFrom<Spec[]>({ kind: "Flat" }, { kind: "Auto" }),
  fc
    .tuple(
      fc.integer({ min: 2, max: 100 }),
      fc.constantFrom(undefined, "SQ8" as const, "SQ7" as const),
      fc.boolean(),
    )
    .map(([M, codes, refine]) => ({ kind: "HNSW", M, codes, refine: refine && codes !== undefined })),
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
    };
    for (const [text, want] of Object.entries(canonical)) expect(formatSpec(parseSpec(text))).toBe(want);
  });

  test("points at the wrong token and says what could stand there", () => {
    const cases: [string, number, string, RegExp][] = [
      ["", 0, "", /Flat, HNSW<M>, Auto/],
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
      ["IVF16,Flat", 0, "IVF16", /one of/],
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

  test("any text gives a specification or a typed error", () => {
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
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (t) => {
        failureOf(t);
      }),
      { numRuns: 2000 },
    );
  });
});
