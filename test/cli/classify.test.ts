import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { KNeighborsClassifier } from "../../src/apply/index.ts";
import { randomMatrix } from "../support/brute.ts";
import { document, ensureBuilt, refused, runner, workFolder, writeFvecs } from "./support.ts";

beforeAll(ensureBuilt, 300_000);

const folder = workFolder();
const run = runner(folder);
const at = (name: string): string => join(folder, name);
const base = randomMatrix(200, 3, 1);
const queries = randomMatrix(20, 3, 2);
const rowsOf = (m: typeof base): number[][] =>
  Array.from({ length: m.rows }, (_, i) => [...m.data.subarray(i * m.cols, (i + 1) * m.cols)]);
const classOf = (row: number[]): string => (row[0]! > 0.4 ? "warm, dry" : row[1]! > 0.5 ? "7" : "wet");
const labels = rowsOf(base).map(classOf);
const truth = rowsOf(queries).map(classOf);

const table = (rows: number[][], classes?: string[]): string => {
  const head = `name,a,b,c${classes === undefined ? "" : ",kind"}`;
  const lines = rows.map((row, i) => {
    const end = classes === undefined ? "" : `,"${classes[i]}"`;
    return `item ${i},${row.join(",")}${end}`;
  });
  return `${[head, ...lines].join("\n")}\n`;
};
writeFvecs(at("base.fvecs"), base);
writeFvecs(at("queries.fvecs"), queries);
writeFileSync(at("labels.txt"), `${labels.join("\n")}\n`);
writeFileSync(at("truth.txt"), `${truth.join("\n")}\n`);
writeFileSync(at("train.csv"), table(rowsOf(base), labels));
writeFileSync(at("known.csv"), table(rowsOf(queries), truth));
writeFileSync(at("unknown.csv"), table(rowsOf(queries)));

interface Answer {
  k: number;
  accuracy?: number;
  classes: string[];
  chosen?: { k: number; accuracy: number }[];
  predictions: { id?: string; label: string; probability: number; truth?: string }[];
}

async function classify(...args: string[]): Promise<Answer> {
  return document<Answer>(await run(["classify", "--json", ...args]), "classify");
}

describe("classify", () => {
  const model = new KNeighborsClassifier<string>({ k: 3, weights: "distance" }).fit(base, labels);
  const want = model.predict(queries);

  test("tells what the library predicts, from vectors with labels in a file and from tables with a column", async () => {
    const settings = ["--k", "3", "--weights", "distance"];
    const vectors = ["--train", "base.fvecs", "--labels", "labels.txt", "--queries", "queries.fvecs"];
    const plain = await classify(...vectors, ...settings);
    expect(plain.predictions.map(({ label }) => label)).toEqual(want);
    expect(plain.accuracy).toBeUndefined();
    expect(plain.classes).toEqual(["7", "warm, dry", "wet"]);
    const measured = await classify(...vectors, ...settings, "--query-labels", "truth.txt");
    expect(measured.accuracy).toBeCloseTo(want.filter((label, q) => label === truth[q]).length / 20, 12);
    const tables = ["--train", "train.csv", "--label", "kind", ...settings];
    for (const file of ["known.csv", "unknown.csv"]) {
      const { predictions, accuracy } = await classify(...tables, "--queries", file);
      expect(predictions.map(({ label }) => label)).toEqual(want);
      expect(predictions.map((each) => each.truth)).toEqual(
        file === "known.csv" ? truth : truth.map(() => undefined),
      );
      expect(accuracy).toEqual(file === "known.csv" ? measured.accuracy : undefined);
    }
  }, 60_000);

  test("chooses k by leaving one out, calibrates, and keeps the classifier in a file", async () => {
    const answer = await classify(
      ...[
        "--train",
        "train.csv",
        "--label",
        "kind",
        "--queries",
        "known.csv",
        "--k",
        "auto",
        "--index",
        "HNSW8",
      ],
      ...["--param", "efSearch=200", "--calibrate", "--out", "model.vic"],
    );
    const library = new KNeighborsClassifier<string>({ calibration: "temperature" }).fit(base, labels);
    const choice = library.chooseK();
    expect(answer.k).toBe(choice.k);
    expect(answer.chosen!.map(({ accuracy }) => accuracy)).toEqual(choice.scores.map(({ score }) => score));
    const kept = await KNeighborsClassifier.open<string>(at("model.vic"));
    expect(kept.predict(queries)).toEqual(answer.predictions.map(({ label }) => label));
    const proba = kept.predictProba(queries);
    for (const [q, { probability }] of answer.predictions.entries()) {
      expect(Math.max(...proba.data.subarray(3 * q, 3 * q + 3))).toBeCloseTo(probability, 5);
    }
    for (const each of [library, kept]) each.close();
  }, 60_000);

  test("takes the folders of pictures as their classes", async () => {
    for (const [i, [where, kind]] of [
      ["pictures", "red"],
      ["pictures", "blue"],
      ["more", "red"],
      ["more", "blue"],
    ].entries()) {
      const path = join(folder, where!, kind!);
      mkdirSync(path, { recursive: true });
      const [r, b] = kind === "red" ? [200 + i, 10] : [10, 220 + i];
      const picture = { width: 9, height: 7, channels: 3 as const, background: { r, g: 9 * i, b } };
      for (const n of [1, 2])
        await sharp({ create: picture })
          .png()
          .toFile(join(path, `${n}.png`));
    }
    const answer = await classify("--train", "pictures", "--queries", "more", "--size", "4", "--k", "1");
    expect(answer.accuracy).toBe(1);
    expect(answer.predictions.map(({ id, label }) => `${id} ${label}`)).toEqual([
      "blue/1.png blue",
      "blue/2.png blue",
      "red/1.png red",
      "red/2.png red",
    ]);
  }, 60_000);

  test("prints a table and the accuracy for people", async () => {
    const { stdout, code } = await run([
      "classify",
      "--train",
      "train.csv",
      "--label",
      "kind",
      "--queries",
      "known.csv",
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /3 classes, 200 rows; Flat, l2; k = 5, weights uniform\naccuracy [01]\.\d{4} on 20 queries\n$/,
    );
    expect(stdout.split("\n").filter((line) => /^ +\d+ /.test(line))).toHaveLength(20);
  });

  test("refuses what cannot be done, before it writes anything", async () => {
    const tables = ["--train", "train.csv", "--queries", "known.csv"];
    refused(await run(["classify", ...tables]), "USAGE");
    refused(await run(["classify", ...tables, "--label", "kind", "--labels", "labels.txt"]), "USAGE");
    refused(await run(["classify", ...tables, "--label", "kinds"]), "FORMAT");
    refused(await run(["classify", ...tables, "--label", "kind", "--param", "efsearch=3"]), "OPTION_UNKNOWN");
    refused(
      await run(["classify", "--train", "base.fvecs", "--labels", "truth.txt", "--queries", "queries.fvecs"]),
      "BAD_INPUT",
    );
  }, 60_000);
});
