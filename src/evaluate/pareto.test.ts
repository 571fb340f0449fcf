import fc from "fast-check";
import { expect, test } from "vitest";
import { paretoFront, pointAtRecall, type Tradeoff } from "./pareto.ts";

const points = fc.array(fc.record({ recall: fc.nat(5), qps: fc.nat(5) }));
const beats = (a: Tradeoff, b: Tradeoff): boolean =>
  a.recall >= b.recall && a.qps >= b.qps && (a.recall > b.recall || a.qps > b.qps);

test("the front holds exactly the values that no point beats, in ascending recall", () => {
  fc.assert(
    fc.property(points, (all) => {
      const front = paretoFront(all);
      const best = all.filter((p) => !all.some((other) => beats(other, p)));
      const text = (p: Tradeoff): string => `${p.recall} ${p.qps}`;
      expect(front.map(text)).toEqual([...new Set(best.map(text))].sort());
    }),
  );
});

test("the point at a recall is the fastest that reaches it", () => {
  fc.assert(
    fc.property(points, fc.nat(6), (all, recall) => {
      const able = all.filter((p) => p.recall >= recall);
      const found = pointAtRecall(all, recall);
      if (able.length === 0) expect(found).toBeUndefined();
      else expect(found!.qps).toBe(Math.max(...able.map((p) => p.qps)));
    }),
  );
});
