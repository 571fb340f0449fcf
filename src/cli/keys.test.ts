import fc from "fast-check";
import { expect, test } from "vitest";
import { keysOfText } from "./keys.ts";

test.each<[string, string[], string]>([
  ["1\n2\n", ["1", "2"], "number"],
  ["-5\n0", ["-5", "0"], "number"],
  ["9007199254740992\n1", ["9007199254740992", "1"], "bigint"],
  ["1\nb", ["1", "b"], "string"],
  ["007\n8", ["007", "8"], "string"],
  ["-0", ["-0"], "string"],
  ["1.5", ["1.5"], "string"],
  ["a\r\nb\r\n", ["a", "b"], "string"],
  ["a\n\nb", ["a", "", "b"], "string"],
  ["", [], "none"],
])("%j gives %j, each a %s", (text, keys, type) => {
  const found = keysOfText(text);
  expect(found.map(String)).toEqual(keys);
  for (const key of found) expect(typeof key).toBe(type);
});

test("keys read back as they were written, whatever whole numbers they are", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })), (values) => {
      expect(keysOfText(values.join("\n")).map(String)).toEqual(values.map(String));
    }),
  );
});
