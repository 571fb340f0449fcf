import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { majority } from "./votes.ts";

describe("majority", () => {
  test("is the commonest label, among equals the lowest, whatever the order", () => {
    expect(majority(["b", "a", "b"])).toBe("b");
    expect(majority(["c", "b", "a", "b", "c"])).toBe("b");
    expect(majority([])).toBe(undefined);
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }), (labels) => {
        const counts = [...new Set(labels)]
          .sort()
          .map((label) => [label, labels.filter((l) => l === label).length] as const);
        const most = Math.max(...counts.map(([, n]) => n));
        expect(majority(labels)).toBe(counts.find(([, n]) => n === most)![0]);
      }),
    );
  });
});
