import { expect, test } from "vitest";
import { KNeighborsClassifier } from "../../src/apply/index.ts";
import { loadDataset } from "../../src/data/index.ts";
import { floats } from "../../src/labs/rows.ts";

const folder = process.env["VICINAL_DATA"];

/** Right answers of 1-NN and 5-NN on the first n of the 9,000 test images, among all 60,000 training images. */
async function right(n: number): Promise<number[]> {
  const { base, queries, labels, queryLabels } = await loadDataset("fashion-mnist", { dataDir: folder! });
  const model = new KNeighborsClassifier<number>({ threads: 2 });
  await model.fitAsync(floats(base, base.rows), labels!);
  const each = await model.predictEachAsync(floats(queries, n), [1, 5]);
  model.close();
  return each.map((predicted) => predicted.filter((label, i) => label === queryLabels![i]).length);
}

// numpy's argsort and bincount over all distances in float64 give the same counts.
test.skipIf(folder === undefined)(
  "Fashion-MNIST by pixels, the first 600 test images: 514 right by 1-NN and 525 by 5-NN (skipped without $VICINAL_DATA)",
  async () => expect(await right(600)).toEqual([514, 525]),
  60_000,
);

test.skipIf(folder === undefined || process.env["VICINAL_FULL"] === undefined)(
  "Fashion-MNIST by pixels, all 9,000 test images: 0.8526 by 1-NN and 0.8576 by 5-NN (10 s; skipped without $VICINAL_FULL and $VICINAL_DATA)",
  async () => {
    const shares = (await right(9000)).map((count) => (count / 9000).toFixed(4));
    expect(shares).toEqual(["0.8526", "0.8576"]);
  },
  300_000,
);
