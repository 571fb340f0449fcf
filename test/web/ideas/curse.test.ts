import { expect, test } from "vitest";
import { createRng } from "../../../src/core/rng.ts";
import { crowdsOf, DIMENSIONS, HUB_K, POINTS, rowsOf } from "../../../web/src/pages/ideas/curse/sample.ts";

test("a crowd's numbers are those of distances taken one by one", () => {
  const d = 20;
  const data = rowsOf("anywhere", createRng(3));
  const at = (i: number): number[] => Array.from(data.subarray(1000 * i, 1000 * i + d));
  const points = Array.from({ length: POINTS }, (_, i) => at(i));
  const away = points.map((a) => points.map((b) => Math.hypot(...a.map((value, c) => value - b[c]!))));
  const others = away.map((row, i) => row.filter((_, j) => j !== i).sort((a, b) => a - b));
  const contrasts = others.map((row) => (row.at(-1)! - row[0]!) / row[0]!).sort((a, b) => a - b);
  const popular = points.map(
    (_, j) => others.filter((row, i) => i !== j && away[i]![j]! <= row[HUB_K - 1]!).length,
  );

  const crowd = crowdsOf("anywhere", createRng(3))[DIMENSIONS.indexOf(d)]!;
  expect(crowd.contrast).toBeCloseTo(contrasts[POINTS >> 1]!, 9);
  expect(crowd.most).toBe(Math.max(...popular));
  expect(crowd.never).toBe(popular.filter((times) => times === 0).length);
  expect(crowd.distances.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(crowd.named.reduce((sum, count) => sum + count, 0)).toBe(POINTS);
});

test("with more dimensions points anywhere lose contrast, points on a sheet keep that of the plane", () => {
  const anywhere = crowdsOf("anywhere", createRng(1)).map(({ contrast }) => contrast);
  for (let i = 1; i < anywhere.length; i++) expect(anywhere[i]).toBeLessThan(anywhere[i - 1]!);
  const sheet = crowdsOf("sheet", createRng(1)).slice(1);
  for (const { contrast } of sheet) expect(contrast).toBeGreaterThan(anywhere[1]! / 2);
});
