import { describe, expect, test } from "vitest";
import { catalogue } from "./catalogue.ts";
import { emojiCode, hasSkinTone, identityOfCode, identityOfName } from "./identity.ts";
import { EMOJI_STYLES, openStyle } from "./styles.ts";

const packages = EMOJI_STYLES.map(openStyle);
const everything = catalogue(packages, { tones: true });
const plain = catalogue(packages);

describe("identity", () => {
  test("a toned sequence has the code and the identity of its untoned one, for every listed code", () => {
    const codes = packages.flatMap((pkg) => Object.keys(pkg.codes)).filter(hasSkinTone);
    expect(codes.length).toBeGreaterThan(5000);
    for (const code of codes) {
      const bare = code.replace(/-?1f3f[b-f]/g, "");
      if (bare === "") continue;
      expect(emojiCode(code), code).toBe(emojiCode(bare));
      expect(identityOfCode(code), code).toBe(identityOfCode(bare));
    }
  });

  test("man-, woman- and neutral drawings of one name share an identity, in every style", () => {
    let pairs = 0;
    for (const { style } of packages) {
      const of = new Map(plain.filter((d) => d.style === style).map((d) => [d.name, d.identity]));
      for (const [name, identity] of of) {
        const tail = /^woman-(.*)$/.exec(name)?.[1];
        for (const other of tail === undefined ? [] : [`man-${tail}`, `person-${tail}`, tail]) {
          if (!of.has(other)) continue;
          expect(of.get(other), `${style}: ${name} and ${other}`).toBe(identity);
          pairs++;
        }
      }
    }
    expect(pairs).toBeGreaterThan(300);
  });

  test("one code has one identity across styles, and unrelated emoji keep theirs apart", () => {
    const apple = plain.filter((d) => d.code === "1f34e");
    expect(apple.map((d) => d.style)).toEqual(EMOJI_STYLES);
    expect(new Set(apple.map((d) => d.identity))).toEqual(new Set(["1f34e"]));
    const distinct = ["1f34e", "1f34f", "1f436", "1f1eb-1f1f7", "1f1ee-1f1f9", "1f468", "1f466", "1f474"];
    expect(new Set(distinct.map(identityOfCode)).size).toBe(distinct.length);
  });

  test("families of any make-up are one identity, a lone adult or child is not", () => {
    for (const code of [
      "1f46a",
      "1f468-200d-1f469-200d-1f466",
      "1f469-200d-1f467-200d-1f467",
      "1f9d1-200d-1f9d2",
    ]) {
      expect(identityOfCode(code), code).toBe("1f46a");
    }
    expect(identityOfCode("1f469")).not.toBe("1f46a");
    expect(identityOfCode("1f467")).not.toBe("1f46a");
  });

  test("presentation selectors and leading zeros do not make another emoji", () => {
    expect(emojiCode("0031-FE0F-20E3")).toBe(emojiCode("31-20e3"));
    expect(identityOfCode("1f3f3-fe0f-200d-1f308")).toBe(identityOfCode("1f3f3-200d-1f308"));
  });

  test("names alone lose gender and tone but nothing else", () => {
    expect(identityOfName("man-juggling-dark-skin-tone")).toBe(identityOfName("woman-juggling"));
    expect(identityOfName("mango")).toBe("name:mango");
  });
});

describe("catalogue", () => {
  test("the default set has no skin tone, by code or by name, and every style", () => {
    const toned = new Set(
      packages.flatMap((pkg) =>
        Object.entries(pkg.codes)
          .filter(([code]) => hasSkinTone(code))
          .map(([, name]) => `${pkg.style}:${name}`),
      ),
    );
    for (const { style, name } of plain) {
      expect(toned.has(`${style}:${name}`), `${style}:${name}`).toBe(false);
      expect(name).not.toMatch(/-skin-tone/);
    }
    expect(new Set(plain.map((d) => d.style))).toEqual(new Set(EMOJI_STYLES));
    expect(plain.length).toBe(9139);
    expect(everything.length).toBeGreaterThan(plain.length + 7000);
  });

  test("2,520 listed code sequences have no skin tone", () => {
    const codes = new Set(packages.flatMap((pkg) => Object.keys(pkg.codes)));
    expect([...codes].filter((code) => !hasSkinTone(code)).length).toBe(2520);
  });

  test("every emojione drawing finds its code among the other styles", () => {
    const lost = plain.filter((d) => d.style === "emojione" && d.code === null);
    expect(lost.map((d) => d.name)).toEqual([]);
  });

  test("no two drawings of one style have one name, and the order is by style, then name", () => {
    const keys = plain.map((d) => `${EMOJI_STYLES.indexOf(d.style)} ${d.name}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
  });
});
