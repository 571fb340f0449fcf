import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { matrix, row } from "../../src/core/index.ts";
import { bruteForce, randomMatrix } from "../support/brute.ts";
import { document, ensureBuilt, refused, runner, workFolder, writeFvecs, writeIvecs } from "./support.ts";

beforeAll(ensureBuilt, 300_000);

const folder = workFolder();
const run = runner(folder);
const base = randomMatrix(3000, 12, 1);
const queries = randomMatrix(40, 12, 2);
const inputs = ["--base", "base.fvecs", "--queries", "queries.fvecs"];
writeFvecs(join(folder, "base.fvecs"), base);
writeFvecs(join(folder, "queries.fvecs"), queries);
writeIvecs(
  join(folder, "truth.ivecs"),
  Array.from({ length: queries.rows }, (_, q) => bruteForce(base, queries, q, "l2", 12).map((r) => r.id)),
);

interface Point {
  params: Record<string, number>;
  recall: number;
  batchQps?: number;
}
interface Eval {
  dataset: object;
  results: { index: string; points: Point[]; chosen?: Point }[];
}

describe("a measurement", () => {
  test("has the frozen form, with one result an index and one point a setting", async () => {
    const outcome = await run([
      ...["eval", ...inputs, "--index", "Flat", "--index", "HNSW8", "--param", "efSearch=10,400"],
      ...["--build", "efConstruction=100", "--rounds", "2", "--json"],
    ]);
    const { dataset, results } = document<Eval>(outcome, "eval");
    expect(outcome.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(outcome.stderr).toBe("");
    expect(dataset).toEqual({ n: 3000, d: 12, queries: 40, metric: "l2", k: 10 });
    expect(results.map((r) => r.index)).toEqual(["Flat", "HNSW8"]);
    expect(results[0]!.points).toHaveLength(1);
    expect(results[0]!.points[0]).toMatchObject({ params: {}, recall: 1 });
    expect(results[1]!.points.map((p) => p.params)).toEqual([{ efSearch: 10 }, { efSearch: 400 }]);
    expect(results[1]!.points[1]!.recall).toBeGreaterThan(0.99);
    expect(results[1]!.points[0]!.recall).toBeLessThan(results[1]!.points[1]!.recall);
    for (const result of results) {
      expect(result).not.toHaveProperty("chosen");
      for (const point of result.points) expect(point).not.toHaveProperty("batchQps");
    }
  });

  test("gives the same recall with the truth from a file as with the truth computed", async () => {
    const args = [
      "eval",
      ...inputs,
      "--index",
      "HNSW8",
      "--param",
      "efSearch=10,20",
      "--rounds",
      "1",
      "--json",
    ];
    const recalls = async (more: string[]): Promise<number[]> =>
      document<Eval>(await run([...args, ...more]), "eval").results[0]!.points.map((p) => p.recall);
    expect(await recalls(["--truth", "truth.ivecs"])).toEqual(await recalls([]));
  });

  test("reports the setting tuned to a target recall", async () => {
    const args = [
      "--index",
      "HNSW8,SQ8",
      "--index",
      "Flat",
      "--target-recall",
      "0.95",
      "--rounds",
      "1",
      "--json",
    ];
    const { results } = document<Eval>(await run(["eval", ...inputs, ...args]), "eval");
    expect(results[0]!.chosen!.params["efSearch"]).toBeGreaterThanOrEqual(10);
    expect(results[0]!.chosen!.recall).toBeGreaterThan(0.9);
    expect(results[1]!.chosen).toMatchObject({ recall: 1 });
  });

  test("measures batches when threads are given", async () => {
    const args = ["--index", "Flat", "--threads", "2", "--rounds", "1", "--json"];
    const { results } = document<Eval>(await run(["eval", ...inputs, ...args]), "eval");
    expect(results[0]!.points[0]!.batchQps).toBeGreaterThan(0);
  });

  test("does not see more queries' answers than there are rows", async () => {
    writeFvecs(join(folder, "few.fvecs"), matrix(row(base, 0).slice(), 4));
    const args = ["--base", "few.fvecs", "--queries", "few.fvecs", "--index", "Flat", "--k", "10", "--json"];
    expect(document<Eval>(await run(["eval", ...args]), "eval").results[0]!.points[0]!.recall).toBe(1);
  });

  test("prints a table without colour, and draws the plot, when there is no terminal", async () => {
    const args = ["--index", "Flat", "--index", "HNSW8", "--rounds", "1", "--plot", "out.svg"];
    const { code, stdout } = await run(["eval", ...inputs, ...args]);
    expect(code).toBe(0);
    expect(stdout).not.toContain("\u001b");
    const lines = stdout.split("\n");
    const head = lines.find((line) => line.startsWith("index"))!;
    expect(head).toMatch(/recall@10 +QPS +p50 ms/);
    const places = lines.filter((line) => /^(Flat|HNSW8) /.test(line)).map((line) => line.indexOf("."));
    expect(new Set(places).size).toBe(1);
    expect(readFileSync(join(folder, "out.svg"), "utf8")).toMatch(/^<svg [\s\S]*HNSW8[\s\S]*<\/svg>$/);
  });
});

describe("refused, with nothing written:", () => {
  const good = ["eval", ...inputs, "--index", "Flat", "--plot", "refused.svg"];
  const cases: [string, string, string[]][] = [
    ["a parameter no index knows", "OPTION_UNKNOWN", [...good, "--param", "nprobe=3"]],
    ["a build parameter no index knows", "OPTION_UNKNOWN", [...good, "--build", "nlist=3"]],
    ["a parameter without a value", "USAGE", [...good, "--param", "efSearch"]],
    ["an index nobody knows", "SPEC_SYNTAX", [...good, "--index", "HNSW16,PQX"]],
    ["a metric nobody knows", "METRIC_UNKNOWN", [...good, "--metric", "l3"]],
    ["k of 0", "BAD_K", [...good, "--k", "0"]],
    ["k of -1", "BAD_K", [...good, "--k", "-1"]],
    ["k of 1.5", "BAD_K", [...good, "--k", "1.5"]],
    ["k of 2147483648", "BAD_K", [...good, "--k", "2147483648"]],
    ["k in words", "BAD_K", [...good, "--k", "ten"]],
    ["a recall above 1", "OPTION_RANGE", [...good, "--target-recall", "95"]],
    ["no threads", "OPTION_RANGE", [...good, "--threads", "0"]],
    ["a missing option", "USAGE", ["eval", ...inputs]],
    ["an unknown option", "USAGE", [...good, "--metrics", "l2"]],
    ["an extra argument", "USAGE", [...good, "more"]],
    ["a missing base", "FILE", ["eval", "--base", "none.fvecs", ...good.slice(3)]],
    ["a folder as base", "FILE", ["eval", "--base", "folder.fvecs", ...good.slice(3)]],
    ["a text as base", "LIMIT", ["eval", "--base", "text.fvecs", ...good.slice(3)]],
    ["a truncated base", "FORMAT", ["eval", "--base", "short.fvecs", ...good.slice(3)]],
    ["queries of another dimension", "DIM_MISMATCH", [...good, "--queries", "wide.fvecs"]],
    ["a NaN among the queries", "NOT_FINITE", [...good, "--queries", "nan.fvecs"]],
    ["a zero vector under cosine", "ZERO_VECTOR", [...good, "--queries", "zero.fvecs", "--metric", "cosine"]],
    ["a truth of other queries", "BAD_INPUT", [...good, "--truth", "other.ivecs"]],
    ["a truth of another base", "BAD_INPUT", [...good, "--truth", "beyond.ivecs"]],
    ["a plot into a folder that is not there", "FILE", [...good.slice(0, -1), "no/such/place.svg"]],
  ];
  beforeAll(() => {
    mkdirSync(join(folder, "folder.fvecs"));
    writeFileSync(join(folder, "text.fvecs"), "these are words, not vectors");
    writeFileSync(join(folder, "short.fvecs"), readFileSync(join(folder, "base.fvecs")).subarray(0, 1001));
    writeFvecs(join(folder, "wide.fvecs"), randomMatrix(3, 13, 3));
    const nan = randomMatrix(40, 12, 4);
    nan.data[100] = Number.NaN;
    writeFvecs(join(folder, "nan.fvecs"), nan);
    const zero = randomMatrix(40, 12, 5);
    zero.data.fill(0, 12, 24);
    writeFvecs(join(folder, "zero.fvecs"), zero);
    writeIvecs(join(folder, "other.ivecs"), [Array.from({ length: 10 }, (_, i) => i)]);
    writeIvecs(
      join(folder, "beyond.ivecs"),
      Array.from({ length: 40 }, () => Array.from({ length: 10 }, (_, i) => 2995 + i)),
    );
  });
  test.each(cases)("%s", async (_name, code, args) => {
    for (const form of [[], ["--json"]]) refused(await run([...args, ...form]), code);
    expect(existsSync(join(folder, "refused.svg"))).toBe(false);
  });

  test("a near miss is answered with the right name", async () => {
    expect((await run([...good, "--metrics", "l2"])).stderr).toContain("--metric?");
    expect((await run(["evil"])).stderr).toContain("eval?");
  });
});
