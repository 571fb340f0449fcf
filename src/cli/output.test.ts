import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, formatCount, printable, shortFloat32 } from "./output.ts";

test("a shortened distance reads back as the same float32, in no more digits than 9", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const short = shortFloat32(x);
      expect(Math.fround(short)).toBe(x);
      expect(short.toPrecision(9).length).toBeLessThanOrEqual(x.toPrecision(9).length);
    }),
  );
  expect(shortFloat32(Math.fround(0.1))).toBe(0.1);
});

test("control characters and direction overrides are spelled out, letters are not", () => {
  expect(printable("né\u001b[31m\u202e😀")).toBe("né\\u001b[31m\\u202e😀");
  expect(printable("a\nb")).toBe("a b");
});

test("counts and sizes are grouped and scaled", () => {
  expect([0, 999, 1000, 1234567.8].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,568"]);
  expect([0, 1023, 1024, 1.5 * 2 ** 20, 2 ** 40].map(formatBytes)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1.00 KiB",
    "1.50 MiB",
    "1.00 TiB",
  ]);
});
