import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import { encodePng } from "../../src/labs/report/png.ts";
import { document, ensureBuilt, interrupted, refused, runner, workFolder, writeFvecs } from "./support.ts";

beforeAll(ensureBuilt, 300_000);

const folder = workFolder();
const run = runner(folder);
const at = (name: string): string => join(folder, name);

/** Pictures of 12 × 12 in noise: a bright bar across, down, or a bright spot. */
function writePictures(name: string, each: number, seed: number): void {
  const rng = createRng(seed, "pictures");
  for (const kind of ["across", "down", "spot"]) {
    mkdirSync(at(`${name}/${kind}`), { recursive: true });
    for (let i = 0; i < each; i++) {
      const place = 2 + rng.below(8);
      const pixels = new Uint8Array(12 * 12 * 3);
      for (let p = 0; p < 144; p++) {
        const [y, x] = [Math.floor(p / 12), p % 12];
        const lit =
          kind === "across"
            ? y === place
            : kind === "down"
              ? x === place
              : Math.abs(x - place) + Math.abs(y - place) < 3;
        pixels.fill((lit ? 170 : 20) + rng.below(60), 3 * p, 3 * p + 3);
      }
      writeFileSync(at(`${name}/${kind}/${i}.png`), encodePng(pixels, 12, 12));
    }
  }
}

/** A table of six columns of which two say the class; the others are noise. */
function writeTable(name: string, n: number, seed: number, classes: ArrayLike<string>): void {
  const rng = createRng(seed, "table");
  const lines = ["id,a,b,c,d,e,f,kind"];
  for (let i = 0; i < n; i++) {
    const angle = (i % 4) * (Math.PI / 2);
    const own = [Math.cos(angle), Math.sin(angle)].map((x) => 2 * x + 0.2 * rng.normal());
    const noise = Array.from({ length: 4 }, () => 3 * rng.normal());
    lines.push([`row${i}`, ...[...own, ...noise].map((x) => x.toFixed(4)), classes[i % 4]].join(","));
  }
  writeFileSync(at(name), `${lines.join("\n")}\n`);
}

writePictures("pictures", 24, 1);
writePictures("others", 8, 2);
writeTable("table.csv", 160, 1, "nesw");
writeTable("numbers.csv", 40, 1, "0123");

interface Trained {
  out: string;
  encoder: string;
  width: number;
  n: number;
  classes: number;
  epochs: number;
  validation?: { rows: number; accuracy: number };
}

describe("pictures in a folder for each class", () => {
  test("become a model, features and an index in which the nearest of new pictures share their class", async () => {
    const args = ["--input", "pictures", "--size", "12", "--grey", "--width", "16", "--epochs", "12"];
    const how = ["--batch", "16", "--seed", "3", "--no-augment"];
    const outcome = await run(["train", ...args, ...how, "--out", "model.safetensors", "--json"]);
    const made = document<Trained>(outcome, "train");
    expect(made).toMatchObject({ out: "model.safetensors", encoder: "cnn", width: 16, n: 72, classes: 3 });
    expect(made.epochs).toBe(12);
    expect(made.validation!.rows).toBe(6);
    expect(made.validation!.accuracy).toBeGreaterThan(0.6);
    expect(existsSync(at("model.safetensors.checkpoint"))).toBe(false);

    const model = ["--model", "model.safetensors"];
    const features = document(
      await run(["embed", ...model, "--input", "pictures", "--out", "known.npy", "--json"]),
      "embed",
    );
    expect(features).toMatchObject({ n: 72, d: 16, keys: "known.keys.txt" });
    const keys = readFileSync(at("known.keys.txt"), "utf8").trim().split("\n");
    expect(keys).toHaveLength(72);
    expect(keys[0]).toBe("across/0.png");

    await run(["embed", ...model, "--input", "others", "--out", "asked.fvecs"]);
    const asked = readFileSync(at("asked.keys.txt"), "utf8").trim().split("\n");
    const index = ["--index", "Flat", "--metric", "cosine", "--ids", "known.keys.txt"];
    document(await run(["build", "--input", "known.npy", ...index, "--out", "known.vic", "--json"]), "build");
    const found = document<{ neighbors: { id: string }[][] }>(
      await run(["search", "--index", "known.vic", "--queries", "asked.fvecs", "--k", "1", "--json"]),
      "search",
    );
    const classOf = (key: string): string => key.split("/")[0]!;
    const votes = ["--train", "pictures", "--queries", "others", "--k", "3", ...model, "--json"];
    const told = document<{ d: number; metric: string; accuracy: number }>(
      await run(["classify", ...votes]),
      "classify",
    );
    expect(told).toMatchObject({ d: 16, metric: "cosine" });
    expect(told.accuracy).toBeGreaterThan(0.8);
    const right = found.neighbors.filter(([near], q) => classOf(near!.id) === classOf(asked[q]!)).length;
    expect(right / asked.length).toBeGreaterThan(0.8);
  }, 60_000);

  test("a picture outside the folders of classes is named", async () => {
    mkdirSync(at("mixed/a"), { recursive: true });
    for (const name of ["mixed/a/1.png", "mixed/stray.png"]) {
      writeFileSync(at(name), encodePng(new Uint8Array(12 * 12 * 3), 12, 12));
    }
    const outcome = await run(["train", "--input", "mixed", "--out", "mixed.safetensors"]);
    refused(outcome, "BAD_INPUT");
    expect(outcome.stderr).toContain("mixed/stray.png");
  });
});

describe("a table", () => {
  const args = ["--input", "table.csv", "--label", "kind", "--width", "4", "--seed", "5"];

  test.each(["triplet", "npair", "contrastive"])(
    "is learned from by %s",
    async (loss) => {
      const out = `${loss}.safetensors`;
      const how = ["--loss", loss, "--epochs", "30", "--learning-rate", "0.01"];
      const made = document<Trained>(await run(["train", ...args, ...how, "--out", out, "--json"]), "train");
      expect(made).toMatchObject({ encoder: "mlp", n: 160, classes: 4, loss });
      expect(made.validation!.accuracy).toBeGreaterThan(0.8);
      const features = await run([
        "embed",
        "--model",
        out,
        "--input",
        "table.csv",
        "--out",
        `${loss}.csv`,
        "--json",
      ]);
      expect(document(features, "embed")).not.toHaveProperty("keys");
      const [head, first] = readFileSync(at(`${loss}.csv`), "utf8").split("\n");
      expect(head!.split(",")).toHaveLength(5);
      expect(first!.split(",")[0]).toBe("row0");
    },
    60_000,
  );

  test("whose classes are numbers keeps their column out of the vectors, also where it is missing", async () => {
    const numbered = ["--input", "numbers.csv", "--label", "kind", "--epochs", "1"];
    writeFileSync(at("bare.csv"), "id,a,b,c,d,e,f\nx,1,0,0,0,0,0\n");
    const made = await run(["train", ...numbered, "--out", "number.safetensors", "--json"]);
    expect(document(made, "train")).toMatchObject({ d: 6, classes: 4 });
    for (const input of ["numbers.csv", "bare.csv"]) {
      const how = ["--model", "number.safetensors", "--input", input, "--out", "number.npy", "--json"];
      expect(document(await run(["embed", ...how]), "embed")).toMatchObject({ d: 64 });
    }
  }, 60_000);

  test("an interrupted run leaves its checkpoint and no model; resumed, it ends with the bytes of one that was not", async () => {
    const long = [...args, "--epochs", "150", "--batch", "16"];
    await run(["train", ...long, "--out", "whole.safetensors"]);
    const code = await interrupted(
      folder,
      ["train", ...long, "--out", "parts.safetensors"],
      at("parts.safetensors.checkpoint"),
    );
    expect(code).toBe(130);
    expect(existsSync(at("parts.safetensors"))).toBe(false);
    const resumed = await run(["train", ...long, "--resume", "--out", "parts.safetensors", "--json"]);
    expect(document(resumed, "train")).toMatchObject({ epochs: 150, resumed: true });
    expect(readFileSync(at("parts.safetensors"))).toEqual(readFileSync(at("whole.safetensors")));
    expect(existsSync(at("parts.safetensors.checkpoint"))).toBe(false);
  }, 60_000);

  test("the number of threads does not change the model", async () => {
    const short = [...args, "--epochs", "2"];
    await run(["train", ...short, "--out", "one.safetensors"]);
    await run(["train", ...short, "--threads", "2", "--out", "two.safetensors"]);
    expect(readFileSync(at("two.safetensors"))).toEqual(readFileSync(at("one.safetensors")));
  }, 60_000);

  test("what does not fit is refused before anything is written", async () => {
    const out = ["--out", "never.safetensors"];
    const table = ["train", "--input", "table.csv"];
    refused(await run([...table, ...out]), "USAGE");
    refused(await run([...table, "--label", "colour", ...out]), "FORMAT");
    refused(await run(["train", ...args, "--encoder", "cnn", ...out]), "UNSUPPORTED");
    refused(await run(["train", ...args, "--loss", "hinge", ...out]), "OPTION_RANGE");
    refused(await run(["train", ...args, "--validation", "1", ...out]), "OPTION_RANGE");
    refused(await run(["train", ...args, "--resume", ...out]), "FILE");
    writeFileSync(at("few.txt"), "a\nb\n");
    refused(await run([...table, "--labels", "few.txt", ...out]), "BAD_INPUT");
    expect(existsSync(at("never.safetensors"))).toBe(false);
  }, 60_000);
});

describe("embed", () => {
  test("refuses rows that the model was not made for, and files that are no model", async () => {
    const made = await run([
      "train",
      "--input",
      "table.csv",
      "--label",
      "kind",
      "--epochs",
      "1",
      "--out",
      "m.safetensors",
    ]);
    expect(made.code).toBe(0);
    const data = new Float32Array(12);
    writeFvecs(at("narrow.fvecs"), { data, rows: 4, cols: 3, stride: 3 });
    const model = ["embed", "--model", "m.safetensors"];
    refused(await run([...model, "--input", "narrow.fvecs", "--out", "x.npy"]), "DIM_MISMATCH");
    refused(await run([...model, "--input", "pictures", "--out", "x.npy"]), "BAD_INPUT");
    refused(await run([...model, "--input", "table.csv", "--out", "x.bin"]), "OPTION_RANGE");
    refused(await run(["embed", "--model", "table.csv", "--input", "table.csv", "--out", "x.npy"]), "FORMAT");
    expect(existsSync(at("x.npy"))).toBe(false);
  }, 60_000);
});
