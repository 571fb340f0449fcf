import { createRng } from "../../src/core/index.ts";
import { type Interactions, interactions, type Triple } from "../../src/learn/factor/index.ts";

/** People of a few tastes, each with items mostly of their own taste: user u and item i have taste u % tastes, i % tastes. */
export function tastes(users: number, items: number, count = 3, each = 8, seed = 1): Interactions {
  const rng = createRng(seed, "tastes");
  const triples: Triple[] = [];
  for (let u = 0; u < users; u++) {
    for (let n = 0; n < each; n++) {
      const own = rng.next() < 0.9;
      const item = own ? (u % count) + count * rng.below(Math.floor(items / count)) : rng.below(items);
      triples.push([u, item, 1 + rng.below(20)]);
    }
  }
  return interactions(triples, { users, items });
}
