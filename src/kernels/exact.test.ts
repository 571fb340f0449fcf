import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Answer,
  answers,
  bruteForce,
  drawSample,
  KINDS,
  request,
  type Sample,
  type Staged,
  searchAll,
  stage,
} from "../../test/helpers/exact.ts";
import { testableBuilds } from "../../test/helpers/relaxed.ts";
import { createRng } from "../core/rng.ts";
import { Arena } from "./arena.ts";
import { Engine } from "./engine.ts";
import {
  beginExact,
  countExact,
  EXACT_RANGE_ROOM,
  EXACT_STORE_BYTES,
  type ExactPath,
  type ExactRows,
  encodeExact,
  exactCodeBytes,
  exactCodeSizes,
  exactScratchBytes,
  finishExact,
  scoredExact,
  searchExact,
  trainExact,
  writeExactStore,
} from "./exact.ts";
import { RangeSink } from "./exact-range.ts";

const PATHS: readonly ExactPath[] = ["scan", "codes", "product"];
const BUILDS = testableBuilds();
const RUNS = Number(process.env["VICINAL_EXACT_RUNS"] ?? 100);

const dimensions = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(63, 64, 65, 127, 128, 129, 200, 255, 256, 257, 384, 512, 513),
);

/** Samples of up to 2,000 rows, fewer where rows are long. */
const samples = fc
  .record({
    seed: fc.integer(),
    kind: fc.constantFrom(...Object.keys(KINDS)),
    metric: fc.constantFrom("l2sq" as const, "ip" as const),
    d: dimensions,
    rows: fc.integer({ min: 0, max: 2000 }),
    nq: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ seed, kind, metric, d, rows, nq }) => {
    const n = Math.min(rows, 30 + Math.floor(150_000 / d));
    return drawSample(seed, kind, metric, n, d, nq);
  });

describe.each(BUILDS)("%s build", (build) => {
  const engine = Engine.create({ build });

  test("every path answers the rows, order and bits of the definition", () => {
    fc.assert(
      fc.property(
        samples,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0.05, max: 1 }),
        fc.constantFrom(0.5, 1),
        (sample, k, trained, normFactor) => {
          const staged = stage(engine, sample, k, {
            trainedRows: Math.ceil(sample.n * trained),
            normFactor,
          });
          const want = Array.from({ length: sample.nq }, (_, q) => bruteForce(sample, q).slice(0, k));
          for (const path of PATHS) {
            const batch = searchAll(staged, request(staged, path, 0, sample.nq, k), 0, sample.n);
            expect(batch, `${path}, batch`).toEqual(want);
            for (let q = 0; q < sample.nq; q++) {
              const [single] = searchAll(staged, request(staged, path, q, 1, k), 0, sample.n);
              expect(single, `${path}, query ${q} alone`).toEqual(want[q]);
            }
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("scores are within float32 rounding of the float64 brute force, rank by rank", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 50 }), (sample, k) => {
        const staged = stage(engine, sample, k);
        const got = searchAll(staged, request(staged, "codes", 0, sample.nq, k), 0, sample.n);
        got.forEach((row, q) => {
          expectClose(sample, q, k, row);
        });
      }),
      { numRuns: RUNS },
    );
  });

  test("skipped rows, a row range, a cut and an id offset keep exactly the rows they allow", () => {
    fc.assert(
      fc.property(
        samples,
        fc.integer({ min: 1, max: 50 }),
        fc.infiniteStream(fc.nat()),
        (sample, k, numbers) => {
          const nat = (limit: number): number => numbers.next().value % (limit + 1);
          const staged = stage(engine, sample, k);
          const begin = nat(sample.n);
          const end = begin + nat(sample.n - begin);
          const every = 1 + nat(9);
          const skipped = skipRows(staged, sample.n, every);
          const nearest = bruteForce(sample, 0);
          const maxScore = nearest.length > 0 ? nearest[nat(nearest.length - 1)]!.score : 1;
          const allowed = (row: number): boolean => row >= begin && row < end && !skipped(row);
          const more = { skip: staged.skip, maxScore, idOffset: 1000 };
          for (const path of PATHS) {
            const got = searchAll(staged, request(staged, path, 0, sample.nq, k, more), begin, end);
            got.forEach((row, q) => {
              const want = bruteForce(sample, q, { allowed, maxScore }).slice(0, k);
              expect(row, path).toEqual(want.map(({ id, score }) => ({ id: id + 1000, score })));
            });
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("range searches find all rows within the radius, counts their number", () => {
    fc.assert(
      fc.property(samples, fc.nat(), fc.integer({ min: 1, max: 9 }), (sample, pick, every) => {
        const staged = stage(engine, sample, 0);
        const skipped = skipRows(staged, sample.n, every);
        const allowed = (row: number): boolean => !skipped(row);
        const nearest = bruteForce(sample, 0);
        const maxScore = nearest.length > 0 ? nearest[pick % nearest.length]!.score : 1;
        const want = Array.from({ length: sample.nq }, (_, q) =>
          bruteForce(sample, q, { allowed, maxScore }),
        );
        const { store, rows, scratches } = staged;
        for (const path of PATHS) {
          const more = { skip: staged.skip, maxScore, room: EXACT_RANGE_ROOM };
          const range = request(staged, path, 0, sample.nq, 0, { ...more, mode: "range" });
          const sink = new RangeSink();
          beginExact(engine, store, scratches[0], rows, range);
          searchExact(engine, store, scratches[0], rows, range, 0, sample.n, sink);
          const { offsets, ids, scores } = sink.finish(sample.nq);
          const count = request(staged, path, 0, sample.nq, 0, { ...more, mode: "count" });
          beginExact(engine, store, scratches[1], rows, count);
          searchExact(engine, store, scratches[1], rows, count, 0, sample.n);
          want.forEach((row, q) => {
            const got = Array.from(ids.subarray(offsets[q], offsets[q + 1]), (id, i) => {
              return { id, score: scores[offsets[q]! + i]! };
            });
            expect(got, path).toEqual(row);
            expect(countExact(engine, scratches[1], q), path).toBe(row.length);
          });
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("row ranges searched in two scratches and merged answer like one", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 50 }), fc.nat(), (sample, k, cut) => {
        const staged = stage(engine, sample, k);
        const { store, rows, scratches } = staged;
        const middle = cut % (sample.n + 1);
        const queries = request(staged, "codes", 0, sample.nq, k);
        beginExact(engine, store, scratches[0], rows, queries);
        beginExact(engine, store, scratches[1], rows, queries);
        searchExact(engine, store, scratches[0], rows, queries, middle, sample.n);
        searchExact(engine, store, scratches[1], rows, queries, 0, middle);
        engine.exports.exactMerge(scratches[0], scratches[1]);
        const want = Array.from({ length: sample.nq }, (_, q) => bruteForce(sample, q).slice(0, k));
        expect(answers(staged, queries)).toEqual(want);
      }),
      { numRuns: 40 },
    );
  });

  test("k over 128, where lists are heaps, answers in the same order", () => {
    for (const k of [128, 129, 700, 1500]) {
      const sample = drawSample(k, "few distinct", "l2sq", 1100, 12, 5);
      const staged = stage(engine, sample, k);
      const want = Array.from({ length: 5 }, (_, q) => bruteForce(sample, q).slice(0, k));
      for (const path of PATHS) {
        expect(searchAll(staged, request(staged, path, 0, 5, k), 0, sample.n), `${path} ${k}`).toEqual(want);
      }
    }
  });

  test("encoding again after rows changed gives the codes of encoding once", () => {
    const sample = drawSample(3, "normal", "ip", 203, 21, 4);
    const staged = stage(engine, sample, 10);
    const { rows, store, codes, errors } = staged;
    const sizes = exactCodeSizes(203, 21, "ip");
    const snapshot = (): Uint8Array => engine.u8.slice(codes, errors + sizes.errors);
    const before = snapshot();
    const at = (rows.rows + 100 * rows.stride) / 4;
    const kept = engine.f32.slice(at, at + 21);
    engine.f32.fill(0.25, at, at + 21);
    encodeExact(engine, store, rows, 203, 100, 101);
    expect(snapshot()).not.toEqual(before);
    engine.f32.set(kept, at);
    encodeExact(engine, store, rows, 203, 100, 101);
    expect(snapshot()).toEqual(before);
  });

  test("codes exclude nearly all rows of clustered data", () => {
    const sample = drawSample(11, "low dimensional", "l2sq", 2000, 96, 8);
    const staged = stage(engine, sample, 10);
    const queries = request(staged, "codes", 0, 8, 10);
    searchAll(staged, queries, 0, sample.n);
    expect(scoredExact(engine, staged.scratches[0])).toBeLessThan(8 * 0.15 * sample.n);
  });

  test("a range search without room, or without a drain when the room is full, throws", () => {
    const sample = drawSample(2, "all equal", "l2sq", 1500, 4, 2);
    const staged = stage(engine, sample, 0);
    const { store, rows, scratches } = staged;
    const range = request(staged, "codes", 0, 2, 0, { mode: "range" });
    const begin = (room: number): void => {
      beginExact(engine, store, scratches[0], rows, { ...range, room });
    };
    expect(() => begin(EXACT_RANGE_ROOM - 1)).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
    begin(EXACT_RANGE_ROOM);
    expect(() => searchExact(engine, store, scratches[0], rows, range, 0, 1500)).toThrow(
      expect.objectContaining({ code: "BAD_INPUT" }),
    );
    const none = request(staged, "codes", 0, 2, 0);
    expect(() => beginExact(engine, store, scratches[0], rows, none)).toThrow(
      expect.objectContaining({ code: "BAD_K" }),
    );
  });

  test("a row of more than maxNorm is reported and still answered", () => {
    const sample = drawSample(5, "normal", "ip", 300, 16, 3);
    const staged = stage(engine, sample, 5, { normFactor: 0.25 });
    expect(encodeExact(engine, staged.store, staged.rows, 300, 0, 300)).toBeGreaterThan(0);
    const want = Array.from({ length: 3 }, (_, q) => bruteForce(sample, q).slice(0, 5));
    expect(searchAll(staged, request(staged, "codes", 0, 3, 5), 0, 300)).toEqual(want);
  });
});

test("both builds write the same codes, sums and errors", () => {
  if (BUILDS.length < 2) return;
  for (const kind of Object.keys(KINDS)) {
    const sample = drawSample(21, kind, "ip", 150, 37, 2);
    const sizes = exactCodeSizes(150, 37, "ip");
    const [a, b] = BUILDS.map((build) => {
      const { engine, codes, errors } = stage(Engine.create({ build }), sample, 5);
      return engine.u8.slice(codes, errors + sizes.errors);
    });
    expect(a, kind).toEqual(b);
  }
});

test("codes cost less than d + 9 bytes a row, offsets aside", () => {
  for (const d of [1, 96, 128, 784]) {
    const { offsets } = exactCodeSizes(8000, d, "l2sq");
    expect((exactCodeBytes(8000, d, "l2sq") - offsets) / 8000).toBeLessThanOrEqual(
      Math.ceil(d / 8) * 8 + 4.5,
    );
  }
});

/** The hand-over, from start to end: what an index does with an arena. */
test("worked example: sections of an arena, two batches, one query alone", () => {
  const n = 500;
  const d = 20;
  const k = 3;
  const sample = drawSample(1, "normal", "l2sq", n, d, 6);
  const engine = Engine.create();
  const arena = new Arena(engine);
  const bytes = Math.ceil(d / 4) * 16;
  const stride = bytes;
  const sections: Record<string, number> = {
    vectors: n * stride,
    queries: 4 * stride,
    store: EXACT_STORE_BYTES,
    ...exactCodeSizes(n, d, "l2sq"),
  };
  arena.resize(sections);
  const rowsNow = (): ExactRows => ({
    rows: arena.ptr("vectors"),
    stride,
    bytes,
    dimension: d,
    metric: "l2sq",
  });
  const shape = { path: "codes", queries: 4, k } as const;
  arena.resize({ ...sections, scratch: exactScratchBytes(engine, rowsNow(), shape) });

  const rows = rowsNow();
  for (let i = 0; i < n; i++) {
    engine.f32.set(sample.base.subarray(i * d, (i + 1) * d), (rows.rows + i * stride) / 4);
  }
  const trained = trainExact(engine, rows, n, arena.ptr("offsets"));
  const store = arena.ptr("store");
  const { codes, sums, errors, offsets } = {
    codes: arena.ptr("codes"),
    sums: arena.ptr("sums"),
    errors: arena.ptr("errors"),
    offsets: arena.ptr("offsets"),
  };
  writeExactStore(engine, store, rows, { codes, sums, errors, offsets, ...trained });
  encodeExact(engine, store, rows, n, 0, n);

  const ids = new Uint32Array(6 * k);
  const scores = new Float32Array(6 * k);
  const scratch = arena.ptr("scratch");
  for (const [first, count] of [
    [0, 4],
    [4, 1],
    [5, 1],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const query = sample.queries.subarray((first + i) * d, (first + i + 1) * d);
      engine.f32.set(query, (arena.ptr("queries") + i * stride) / 4);
    }
    const batch = { ...shape, queries: count, at: arena.ptr("queries"), stride };
    beginExact(engine, store, scratch, rows, batch);
    searchExact(engine, store, scratch, rows, batch, 0, n);
    for (let i = 0; i < count; i++) finishExact(engine, scratch, i, k, ids, scores, (first + i) * k);
  }

  const want = Array.from({ length: 6 }, (_, q) => bruteForce(sample, q).slice(0, k)).flat();
  expect([...ids]).toEqual(want.map(({ id }) => id));
  expect([...scores]).toEqual(want.map(({ score }) => score));
});

/** Marks about one in `every` rows as not to be answered. */
function skipRows({ engine, skip }: Staged, n: number, every: number): (row: number) => boolean {
  const rng = createRng(every, "skip");
  const bits = new Uint8Array(Math.ceil(n / 8));
  for (let row = 0; row < n; row++) if (rng.below(every) === 0) bits[row >> 3]! |= 1 << (row & 7);
  engine.u8.set(bits, skip);
  return (row) => ((bits[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** Compares with sums in float64; a score may be off by the rounding of d + 4 float32 operations. */
function expectClose(
  { base, queries, d, n, metric }: Sample,
  q: number,
  k: number,
  got: readonly Answer[],
): void {
  const exact = (row: number): [score: number, magnitude: number] => {
    let score = 0;
    let magnitude = 0;
    for (let j = 0; j < d; j++) {
      const a = queries[q * d + j]!;
      const b = base[row * d + j]!;
      const term = metric === "ip" ? -a * b : (a - b) ** 2;
      score += term;
      magnitude += Math.abs(term);
    }
    return [score, magnitude];
  };
  const all = Array.from({ length: n }, (_, row) => exact(row));
  const slack = (d + 4) * 2 ** -23;
  const ranked = all.map(([score]) => score).sort((a, b) => a - b);
  const largest = Math.max(0, ...all.map(([, magnitude]) => magnitude));
  // Sums beyond float32 are answered as infinite; nothing to compare there.
  if (largest > 1e37) return;
  expect(got.length).toBe(Math.min(k, n));
  expect(new Set(got.map(({ id }) => id)).size).toBe(got.length);
  got.forEach(({ id, score }, rank) => {
    const [truth, magnitude] = all[id]!;
    expect(Math.abs(score - truth)).toBeLessThanOrEqual(slack * magnitude + d * 2 ** -148);
    expect(Math.abs(score - ranked[rank]!)).toBeLessThanOrEqual(2 * slack * largest + d * 2 ** -147);
  });
}
