import { expect, test } from "vitest";
import { averaged } from "../../../web/src/client/engine/averaged.ts";

test("each number is the mean of its block, channel by channel", () => {
  // 4 × 4 to 2 × 2, two channels: the second is ten times the first.
  const grey = [1, 3, 10, 10, 5, 7, 10, 10, 0, 0, 1, 2, 0, 8, 3, 4];
  const both = grey.flatMap((value) => [value, 10 * value]);
  expect(averaged(both, 4, 2, 2)).toEqual([4, 40, 10, 100, 2, 20, 2.5, 25]);
});

test("at the same size nothing changes", () => {
  expect(averaged([9, 8, 7, 6], 2, 2, 1)).toEqual([9, 8, 7, 6]);
});
