import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, type Rng } from "../../src/core/index.ts";
import { create, type Index, open } from "../../src/indexes/index.ts";
import {
  encodeSnapshot,
  type Json,
  loadSnapshot,
  openSnapshot,
  type Section,
} from "../../src/persist/index.ts";
import { failureOf } from "./helpers.ts";

const SPECS = ["Flat", "HNSW4", "HNSW4,SQ7", "HNSW4,SQ8,Refine"];
const DAMAGE = ["CORRUPT", "FORMAT", "FORMAT_UNKNOWN", "FORMAT_VERSION"];
const ROWS = 60;

/** An index with string keys, metadata and a removed row. */
function sample(spec: string): Index<string> {
  const rng = createRng(3, spec);
  const rows = Array.from({ length: ROWS }, () => Float32Array.from({ length: 4 }, () => rng.normal()));
  const index = create<string>(spec, { dimension: 4, metric: "l2" });
  index.add(rows, { keys: rows.map((_, i) => `k${i}`), metadata: rows.map((_, i) => ({ i })) });
  index.remove("k3");
  return index;
}

/** Asks everything of an index that a wrong number inside could break. */
function exercise(index: Index<string>): void {
  const query = new Float32Array(index.dimension).fill(0.25);
  index.search(query, { k: 5 }).items();
  index.search(query, { k: 70, filter: () => true }).items();
  for (const key of index.keys()) {
    index.has(key);
    index.metadata(key);
  }
  index.add([query], { keys: ["new"] });
  index.remove("k7");
  index.health();
  index.compact();
  index.search(query, { k: 5 }).items();
}

describe("an index file", () => {
  for (const spec of SPECS) {
    test(`${spec}: any of 500 bit flips is refused`, async () => {
      const good = sample(spec).toBytes();
      const rng = createRng(31, spec);
      for (let i = 0; i < 500; i++) {
        const bytes = good.slice();
        const at = rng.below(bytes.length);
        bytes[at]! ^= 1 << rng.below(8);
        expect(DAMAGE, `byte ${at}`).toContain((await failureOf(() => open(bytes))).code);
      }
    });

    test(`${spec}: every tenth truncation is refused`, async () => {
      const good = sample(spec).toBytes();
      for (let length = 0; length < good.length; length += 10) {
        expect(DAMAGE).toContain((await failureOf(() => open(good.slice(0, length)))).code);
      }
    });

    test(`${spec}: 400 changes with checksums put right are refused or harmless`, async () => {
      const good = sample(spec).toBytes();
      const reader = await openSnapshot(good);
      const table = reader.header.sections;
      await reader.close();
      const { kind, facts, sections } = await loadSnapshot(good);
      const rng = createRng(32, spec);
      let refused = 0;
      for (let i = 0; i < 400; i++) {
        const changed = structuredClone(facts) as Record<string, Json>;
        const list: Section[] = table.map(({ name, dtype }) => ({
          name,
          dtype,
          data: sections.get(name)!.slice(),
        }));
        const way = rng.below(4);
        if (way === 0 || way === 3) changeFact(changed, rng);
        if (way === 1 || way === 3) changeBytes(list, rng);
        if (way === 2) changeTable(list, rng);
        const bytes = encodeSnapshot({ kind, facts: changed, sections: list });
        let index: Index<string> | undefined;
        try {
          index = await open<string>(bytes);
          exercise(index);
        } catch (error) {
          if (!isVicinalError(error)) throw error;
          if (index === undefined) {
            expect(DAMAGE).toContain(error.code);
            refused++;
          }
        } finally {
          index?.close();
        }
      }
      expect(refused).toBeGreaterThan(200);
    });
  }
});

const EXTREMES: readonly Json[] = [
  ...[-1, 0, 1, 2, 3, 0.5, -0.5, 59, 61, 100, 1e308],
  ...[2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53],
  ...["", "x", "HNSW99999", null, true, [], {}],
];

/** Puts an extreme value at a random place of the facts, nested ones included. */
function changeFact(facts: Record<string, Json>, rng: Rng): void {
  let place = facts;
  for (;;) {
    const names = Object.keys(place);
    const name = names[rng.below(names.length)];
    if (name === undefined) return;
    const inner = place[name];
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner) && rng.below(4) > 0) {
      place = inner as Record<string, Json>;
      continue;
    }
    place[name] = EXTREMES[rng.below(EXTREMES.length)]!;
    return;
  }
}

function changeBytes(sections: Section[], rng: Rng): void {
  const bytes = sections[rng.below(sections.length)]!.data as Uint8Array;
  for (let n = 1 + rng.below(4); n > 0 && bytes.length > 0; n--)
    bytes[rng.below(bytes.length)] = rng.below(256);
}

/** Leaves a section out, shortens, lengthens or moves it. */
function changeTable(sections: Section[], rng: Rng): void {
  const at = rng.below(sections.length);
  const section = sections[at]!;
  const bytes = section.data as Uint8Array;
  const way = rng.below(4);
  if (way === 0) sections.splice(at, 1);
  else if (way === 1) {
    sections[at] = {
      ...section,
      data: bytes.subarray(0, Math.max(0, bytes.length - 8 * (1 + rng.below(3)))),
    };
  } else if (way === 2) {
    const longer = new Uint8Array(bytes.length + 8 * (1 + rng.below(300)));
    longer.set(bytes);
    sections[at] = { ...section, data: longer };
  } else {
    const other = rng.below(sections.length);
    sections[at] = sections[other]!;
    sections[other] = section;
  }
}
