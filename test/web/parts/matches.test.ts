import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesOf, plain } from "../../../web/src/parts/matches.ts";

const titles = ["The Émigrés", "Emma", "Dilemma", "Emma Brown", "Go Tell It on the Mountain", "emmanuel"];

test("texts that begin with what is typed come first, then words that do, then the rest; short before long", () => {
  expect(matchesOf(titles, "emm", 10).map((i) => titles[i])).toEqual([
    "Emma",
    "emmanuel",
    "Emma Brown",
    "Dilemma",
  ]);
  expect(matchesOf(titles, "em", 10).map((i) => titles[i])).toEqual([
    "Emma",
    "emmanuel",
    "Emma Brown",
    "The Émigrés",
    "Dilemma",
  ]);
});

test("case and accents make no difference, and nothing typed finds nothing", () => {
  expect(matchesOf(titles, "EMIGRES", 10)).toEqual([0]);
  expect(matchesOf(titles, " émigr", 10)).toEqual([0]);
  expect(matchesOf(titles, "  ", 10)).toEqual([]);
  expect(matchesOf(titles, "zebra", 10)).toEqual([]);
});

test("what is found holds what is typed, and nothing is left out unless the limit is reached", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "É", " ", "e"), maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 30 }),
      word,
      fc.integer({ min: 1, max: 8 }),
      (texts, typed, limit) => {
        const wanted = plain(typed.trim());
        const holders = texts.filter((text) => wanted !== "" && plain(text).includes(wanted)).length;
        const found = matchesOf(texts, typed, limit);
        expect(found.length).toBe(Math.min(limit, holders));
        expect(new Set(found).size).toBe(found.length);
        for (const place of found) expect(plain(texts[place]!)).toContain(wanted);
      },
    ),
  );
});
