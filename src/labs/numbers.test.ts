import { expect, test } from "vitest";
import { bytes, count, qps, seconds, share, times } from "./numbers.ts";

test("counts have thousands apart", () => {
  expect([0, 999, 1000, 9137, 1234567].map(count)).toEqual(["0", "999", "1,000", "9,137", "1,234,567"]);
});

test("a share below one never reads as one", () => {
  expect([0.5, 0.99999, 1, 0].map((v) => share(v, 3))).toEqual(["0.500", "0.999", "1.000", "0.000"]);
});

test("speeds keep three digits, small ones fewer", () => {
  expect([123456, 1234, 99.6, 12.34, 3.21].map(qps)).toEqual(["123,000", "1,230", "100", "12", "3"]);
});

test("seconds, bytes and ratios carry their unit", () => {
  expect([0.004, 9.994, 12.34].map(seconds)).toEqual(["0.00 s", "9.99 s", "12.3 s"]);
  expect([2048, 3 * 2 ** 20, 2 ** 31].map(bytes)).toEqual(["2.0 KiB", "3.0 MiB", "2.00 GiB"]);
  expect([0.84, 3.14, 1234].map(times)).toEqual(["0.8×", "3.1×", "1,234×"]);
});
