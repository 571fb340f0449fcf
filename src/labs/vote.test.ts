import { describe, expect, test } from "vitest";
import { majority } from "../apply/index.ts";
import { createRng, matrix, runSync } from "../core/index.ts";
import { create } from "../indexes/index.ts";
import { leaveIdentityOut, tally } from "./vote.ts";

test("tally counts what was right, by label, and the largest label's share", () => {
  const result = tally(["a", "a", "a", "b"], ["a", "b", "a", "b"], 3);
  expect(result).toMatchObject({ queries: 4, k: 3, accuracy: 0.75, majority: 0.75 });
  expect(result.labels).toEqual([
    { label: "a", queries: 3, correct: 2 },
    { label: "b", queries: 1, correct: 1 },
  ]);
});

describe("leaveIdentityOut", () => {
  const n = 220;
  const d = 3;
  const rng = createRng(5, "vote test");
  const vectors = matrix(
    Float32Array.from({ length: n * d }, () => rng.next()),
    d,
    n,
  );
  const labels = Array.from({ length: n }, () => "xyz"[rng.below(3)]!);
  // One large family whose members are never enough strangers for one another, many small ones.
  const identities = Array.from({ length: n }, (_, i) => (i < 90 ? "family" : `id ${i % 50}`));

  /** The same by comparing with every row, from the definition. */
  function slowly(k: number, queries: readonly number[]): string[] {
    return queries.map((q) => {
      const others = identities.flatMap((identity, i) => (identity === identities[q] ? [] : [i]));
      const distance = (i: number): number => {
        let sum = 0;
        for (let c = 0; c < d; c++) sum += (vectors.data[i * d + c]! - vectors.data[q * d + c]!) ** 2;
        return sum;
      };
      const near = others.sort((a, b) => distance(a) - distance(b) || a - b).slice(0, k);
      return majority(near.map((i) => labels[i]!))!;
    });
  }

  test.each([1, 5, 8])("k = %i: agrees with a slow loop, families larger than the search included", (k) => {
    const index = create<number>("Flat", { dimension: d, metric: "l2" });
    index.add(vectors);
    const queries = Array.from({ length: n }, (_, i) => i).filter((i) => i % 2 === 0);
    const found = runSync(leaveIdentityOut(index, vectors, { labels, identities, queries, k }));
    const expected = tally(
      queries.map((i) => labels[i]!),
      slowly(k, queries),
      k,
    );
    expect(found).toEqual(expected);
    index.close();
  });

  test("an approximate index gives the same, for the search is exact", () => {
    const index = create<number>("HNSW4", { dimension: d, metric: "l2", seed: 1 });
    index.add(vectors);
    const found = runSync(leaveIdentityOut(index, vectors, { labels, identities, k: 5 }));
    const all = labels.map((_, i) => i);
    expect(found).toEqual(tally(labels, slowly(5, all), 5));
    index.close();
  });
});
