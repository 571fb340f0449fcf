import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng, matrix } from "../../src/core/index.ts";
import { bruteForce, randomMatrix } from "../support/brute.ts";
import { document, ensureBuilt, refused, runner, workFolder, writeFvecs, writeNpy } from "./support.ts";

beforeAll(ensureBuilt, 300_000);

const folder = workFolder();
const run = runner(folder);
const at = (name: string): string => join(folder, name);
const base = randomMatrix(300, 5, 1);
const queries = randomMatrix(6, 5, 2);
writeFvecs(at("base.fvecs"), base);
writeFvecs(at("queries.fvecs"), queries);

type Rows = { id: number | string; distance: number }[][];

async function search(index: string, ...more: string[]): Promise<Rows> {
  const outcome = await run(["search", "--index", index, "--queries", "queries.fvecs", "--json", ...more]);
  return document<{ neighbors: Rows }>(outcome, "search").neighbors;
}

async function build(out: string, ...args: string[]): Promise<Record<string, unknown>> {
  return document(await run(["build", "--out", out, "--json", ...args]), "build");
}

describe("an index file", () => {
  test("answers as brute force does, with row numbers as ids", async () => {
    for (const metric of ["l2", "l2sq", "cosine", "ip", "l1", "linf"] as const) {
      const made = await build("flat.vic", "--input", "base.fvecs", "--index", "Flat", "--metric", metric);
      expect(made).toMatchObject({
        out: "flat.vic",
        metric,
        n: 300,
        d: 5,
        fileBytes: statSync(at("flat.vic")).size,
      });
      const rows = await search("flat.vic", "--k", "7");
      for (let q = 0; q < queries.rows; q++) {
        const want = bruteForce(base, queries, q, metric, 7);
        expect(rows[q]!.map((r) => r.id)).toEqual(want.map((r) => r.id));
        for (const [i, { distance }] of rows[q]!.entries())
          expect(distance).toBeCloseTo(want[i]!.distance, 4);
      }
    }
  });

  test("gives keys back as they came: words, whole numbers, and large ones as strings", async () => {
    const input = ["--input", "base.fvecs", "--index", "Flat"];
    writeFileSync(at("words.txt"), Array.from({ length: 300 }, (_, i) => `row ${i} é`).join("\r\n"));
    await build("words.vic", ...input, "--ids", "words.txt");
    const nearest = bruteForce(base, queries, 0, "l2", 1)[0]!.id;
    expect((await search("words.vic", "--k", "1"))[0]![0]!.id).toBe(`row ${nearest} é`);

    writeFileSync(at("numbers.txt"), `${Array.from({ length: 300 }, (_, i) => i - 100).join("\n")}\n`);
    await build("numbers.vic", ...input, "--ids", "numbers.txt");
    expect((await search("numbers.vic", "--k", "1"))[0]![0]!.id).toBe(nearest - 100);

    const large = BigInt64Array.from({ length: 300 }, (_, i) => 2n ** 60n + BigInt(i));
    writeNpy(at("large.npy"), "<i8", [300], large);
    await build("large.vic", ...input, "--ids", "large.npy");
    expect((await search("large.vic", "--k", "1"))[0]![0]!.id).toBe(String(large[nearest]));

    writeNpy(
      at("small.npy"),
      ">u2",
      [300, 1],
      Uint8Array.from({ length: 600 }, (_, i) => (i % 2 ? (i >> 1) & 255 : i >> 9)),
    );
    await build("small.vic", ...input, "--ids", "small.npy");
    expect((await search("small.vic", "--k", "1"))[0]![0]!.id).toBe(nearest);
  });

  test("is the same whether the input is read whole or streamed", async () => {
    const args = ["--input", "base.fvecs", "--index", "HNSW8,SQ8", "--seed", "3"];
    await build("whole.vic", ...args);
    expect(await build("streamed.vic", ...args, "--stream")).toMatchObject({ n: 300, d: 5 });
    expect(readFileSync(at("streamed.vic"))).toEqual(readFileSync(at("whole.vic")));
    for (const more of [
      ["--target-recall", "0.9"],
      ["--index", "Auto"],
    ]) {
      refused(await run(["build", ...args, "--stream", "--out", "none.vic", ...more]), "UNSUPPORTED");
    }
  });

  test("keeps metadata of its input, which a filter selects by", async () => {
    const rng = createRng(3, "metadata");
    const years = Array.from({ length: 300 }, () => 1900 + rng.below(100));
    const lines = years.map((year, i) =>
      JSON.stringify({
        id: `k${i}`,
        vector: [...base.data.subarray(i * 5, i * 5 + 5)],
        year,
        even: i % 2 === 0,
      }),
    );
    writeFileSync(at("rows.jsonl"), lines.join("\n"));
    await build("rows.vic", "--input", "rows.jsonl", "--index", "Flat");
    const rows = await search("rows.vic", "--k", "5", "--filter", "year >= 1950 and not even == true");
    for (let q = 0; q < queries.rows; q++) {
      const want = bruteForce(base, queries, q, "l2", 300).filter(
        ({ id }) => years[id]! >= 1950 && id % 2 === 1,
      );
      expect(rows[q]!.map((r) => r.id)).toEqual(want.slice(0, 5).map((r) => `k${r.id}`));
    }
    expect(await search("rows.vic", "--filter", "year > 3000")).toEqual(
      queries.rows === 6 ? [[], [], [], [], [], []] : [],
    );
  });

  test("gives every row within a range, or the k nearest of them", async () => {
    await build("flat.vic", "--input", "base.fvecs", "--index", "Flat");
    const all = await search("flat.vic", "--range", "0.35");
    const some = await search("flat.vic", "--range", "0.35", "--k", "2");
    for (let q = 0; q < queries.rows; q++) {
      const want = bruteForce(base, queries, q, "l2", 300).filter((r) => r.distance <= 0.35);
      expect(all[q]!.map((r) => r.id)).toEqual(want.map((r) => r.id));
      expect(some[q]).toEqual(all[q]!.slice(0, 2));
    }
    expect(new Set(all.map((found) => found.length)).size).toBeGreaterThan(1);
  });

  test("has rows as short as the index is small", async () => {
    writeFvecs(at("three.fvecs"), randomMatrix(3, 5, 1));
    await build("three.vic", "--input", "three.fvecs", "--index", "HNSW8");
    expect((await search("three.vic", "--k", "10")).map((found) => found.length)).toEqual([3, 3, 3, 3, 3, 3]);
  });

  test("of a graph answers exactly when asked to, and knows its parameters", async () => {
    const made = await build(
      ...(["graph.vic", "--input", "base.fvecs", "--index", "HNSW4,SQ8", "--target-recall", "0.9"] as const),
      ...["--seed", "5", "--build", "efConstruction=40"],
    );
    expect(made["chosen"]).toMatchObject({ reached: true });
    await search("graph.vic", "--param", "efSearch=30");
    const exact = await search("graph.vic", "--exact", "--k", "4");
    for (let q = 0; q < queries.rows; q++) {
      expect(exact[q]!.map((r) => r.id)).toEqual(bruteForce(base, queries, q, "l2", 4).map((r) => r.id));
    }
    const { params } = made["chosen"] as { params: { efSearch: number } };
    const info = document(await run(["info", "graph.vic", "--json"]), "info");
    expect(info).toMatchObject({ size: 300, dimension: 5, metric: "l2", exact: false, seed: 5, removed: 0 });
    expect(info["defaults"]).toMatchObject(params);
    expect((await run(["info", "graph.vic"])).stdout).toMatch(/^rows +300$/m);
  });

  test("prints neighbours as a table, control characters in keys spelled out", async () => {
    writeFileSync(at("evil.txt"), Array.from({ length: 300 }, (_, i) => `\u001b[31m${i}`).join("\n"));
    await build("evil.vic", "--input", "base.fvecs", "--index", "Flat", "--ids", "evil.txt");
    const { code, stdout } = await run([
      "search",
      "--index",
      "evil.vic",
      "--queries",
      "queries.fvecs",
      "--k",
      "1",
    ]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("\\u001b[31m");
    expect(stdout.trimEnd().split("\n")).toHaveLength(2 + queries.rows);
  });
});

describe("refused:", () => {
  const ask = ["search", "--index", "ok.vic", "--queries", "queries.fvecs"];
  beforeAll(async () => {
    await build("ok.vic", "--input", "base.fvecs", "--index", "HNSW8");
    const bytes = readFileSync(at("ok.vic"));
    writeFileSync(at("short.vic"), bytes.subarray(0, bytes.length >> 1));
    const flipped = Buffer.from(bytes);
    flipped[bytes.length >> 1]! ^= 1;
    writeFileSync(at("flipped.vic"), flipped);
    writeFileSync(at("text.vic"), "no index at all");
    writeFileSync(at("empty.vic"), "");
    writeFvecs(at("wide.fvecs"), randomMatrix(3, 6, 3));
    writeFvecs(at("nan.fvecs"), matrix(new Float32Array(5).fill(Number.NaN), 5));
    writeFileSync(at("few.txt"), "1\n2\n3\n");
    writeFileSync(at("twice.txt"), "7\n".repeat(300));
    writeNpy(at("halves.npy"), "<f8", [300], new Float64Array(300));
  });

  test.each(["short.vic", "flipped.vic", "text.vic", "empty.vic", "none.vic", "."])(
    "index file %s",
    async (name) => {
      for (const args of [
        ["info", name],
        ["search", "--index", name, "--queries", "queries.fvecs"],
      ]) {
        for (const form of [[], ["--json"]]) refused(await run([...args, ...form]), "[A-Z_]+");
      }
    },
  );

  test.each<[string, string, string[]]>([
    ["queries of another dimension", "DIM_MISMATCH", [...ask, "--queries", "wide.fvecs"]],
    ["queries with NaN", "NOT_FINITE", [...ask, "--queries", "nan.fvecs"]],
    ["queries that are not there", "FILE", [...ask, "--queries", "none.npy"]],
    ["a filter with a mistake", "FILTER_SYNTAX", [...ask, "--filter", "year >"]],
    ["a parameter the index does not know", "OPTION_UNKNOWN", [...ask, "--param", "nprobe=1"]],
    ["a list of values", "USAGE", [...ask, "--param", "efSearch=1,2"]],
    ["a range that is no number", "OPTION_RANGE", [...ask, "--range", "near"]],
    ["k of 0", "BAD_K", [...ask, "--k", "0"]],
    ["no command", "USAGE", []],
    ["an unknown command", "USAGE", ["serch"]],
    ["an unknown study", "OPTION_RANGE", ["lab", "none"]],
    ["an unknown data set", "DATASET_UNKNOWN", ["data", "path", "none"]],
    ["a missing sub-command", "USAGE", ["data"]],
  ])("%s", async (_name, code, args) => {
    refused(await run(args), code);
  });

  test.each<[string, string, string[]]>([
    ["too few keys", "BAD_INPUT", ["--ids", "few.txt"]],
    ["keys given twice", "DUPLICATE_KEY", ["--ids", "twice.txt"]],
    ["keys that are no whole numbers", "BAD_INPUT", ["--ids", "halves.npy"]],
    ["keys that are not there", "FILE", ["--ids", "none.txt"]],
    ["an input that is not there", "FILE", ["--input", "none.fvecs"]],
    ["an input with NaN", "NOT_FINITE", ["--input", "nan.fvecs"]],
    ["a wrong specification", "SPEC_SYNTAX", ["--index", "HNSW16,SQ9"]],
    ["a metric that there is none of", "METRIC_UNKNOWN", ["--metric", "euclid"]],
    ["a metric an index cannot use", "UNSUPPORTED", ["--index", "KDTree", "--metric", "ip"]],
    ["a metric of two components for rows of five", "OPTION_RANGE", ["--metric", "haversine"]],
    ["an unknown build parameter", "OPTION_UNKNOWN", ["--build", "nlist=4"]],
  ])("a build with %s, leaving an older file as it was", async (_name, code, more) => {
    writeFileSync(at("old.vic"), "older");
    refused(
      await run(["build", "--input", "base.fvecs", "--index", "Flat", "--out", "old.vic", ...more]),
      code,
    );
    expect(readFileSync(at("old.vic"), "utf8")).toBe("older");
  });

  test("a build into a folder that is not there", async () => {
    const args = ["build", "--input", "base.fvecs", "--index", "Flat", "--out"];
    refused(await run([...args, "no/such/place.vic"]), "FILE");
    refused(await run([...args, "."]), "FILE");
  });
});
