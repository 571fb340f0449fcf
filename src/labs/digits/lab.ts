import { KNeighborsClassifier } from "../../apply/index.ts";
import { type Matrix, type Progress, row } from "../../core/index.ts";
import { loadDataset } from "../../data/index.ts";
import { create, type Index, type SearchParams, tune } from "../../indexes/index.ts";
import { beginLab } from "../begin.ts";
import { machine, machineLine, workThreads } from "../machine.ts";
import { neighbourRows } from "../neighbourRows.ts";
import { count, qps, seconds, share, times } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { heading } from "../print.ts";
import { digitsPage } from "../report/digits.ts";
import type { Sheet, SheetRow } from "../report/sheet.ts";
import { writeReport } from "../report/write.ts";
import { floats } from "../rows.ts";
import { type Accuracy, tally } from "../vote.ts";

/** How well one index tells digits, and how fast. */
export interface DigitsRow {
  readonly index: string;
  readonly params: SearchParams;
  readonly accuracy: readonly Accuracy[];
  /** Test digits a second, one at a time on one thread, without the vote. */
  readonly qps: number;
  readonly buildSeconds: number;
}

export interface DigitsLabResults extends LabFacts {
  readonly lab: "digits";
  readonly train: number;
  readonly test: number;
  readonly rows: readonly DigitsRow[];
  readonly neighbours: readonly Omit<SheetRow, "picture">[];
}

const INDEXES = ["Flat", "RPForest20", "HNSW16,SQ7,Refine"];
const KS = [1, 3, 5, 10];
const SIDE = 28;

interface Digits {
  readonly train: Matrix<Float32Array>;
  readonly trainLabels: Int32Array;
  readonly test: Matrix<Float32Array>;
  readonly testLabels: Int32Array;
}

/**
 * Handwritten digits told by the nearest training digits in pixels: neighbours of one of each, accuracy, speed.
 *
 * @throws VicinalError DATASET_MISSING when MNIST is not at hand, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runDigitsLab(given: LabOptions = {}): Promise<LabResult<DigitsLabResults>> {
  const options = await beginLab(given);
  const { seed, quick, log } = options;
  const digits = await load(options);
  const here = machine();
  log(machineLine(here));
  log(`MNIST: ${count(digits.train.rows)} digits to compare with, ${count(digits.test.rows)} to tell.`);

  const rows: DigitsRow[] = [];
  const indexes: Index<number>[] = [];
  try {
    heading(log, "Digits told by the nearest");
    for (const spec of INDEXES) {
      const { index, buildSeconds } = await build(spec, digits, options);
      indexes.push(index);
      const found = { ...(await tell(index, digits, options)), buildSeconds };
      rows.push(found);
      const parts = found.accuracy.map((a) => `${a.k}-NN ${share(a.accuracy, 4)}`).join("  ");
      const faster = times(found.qps / rows[0]!.qps);
      log(
        `  ${spec.padEnd(18)} ${parts}  ${qps(found.qps)} a second (${faster}), built in ${seconds(buildSeconds)}`,
      );
    }
    const sheet = sheetOf(digits, indexes[0]!, indexes.at(-1)!);
    const results: DigitsLabResults = {
      lab: "digits",
      machine: here,
      seed,
      quick,
      train: digits.train.rows,
      test: digits.test.rows,
      rows,
      neighbours: sheet.rows.map(({ picture: _, ...rest }) => rest),
    };
    return await writeReport(options.out, digitsPage(results, sheet), results);
  } finally {
    for (const index of indexes) index.close();
  }
}

async function load({ dataDir, quick, signal }: ResolvedLabOptions): Promise<Digits> {
  const limit = quick ? 6000 : undefined;
  const { base, queries, labels, queryLabels } = await loadDataset("mnist", { dataDir, limit, signal });
  return {
    train: floats(base, base.rows),
    test: floats(queries, quick ? 500 : queries.rows),
    trainLabels: labels!,
    testLabels: queryLabels!,
  };
}

/** An index over the training digits, tuned to find nearly all of the ten nearest. */
async function build(
  spec: string,
  { train }: Digits,
  { seed, signal, onProgress }: ResolvedLabOptions,
): Promise<{ index: Index<number>; buildSeconds: number }> {
  const start = performance.now();
  const index = create<number>(spec, { dimension: train.cols, metric: "l2", seed });
  await index.addAsync(train, { threads: workThreads(), signal, onProgress });
  const buildSeconds = (performance.now() - start) / 1000;
  if (!index.exact) await tune(index, undefined, { targetRecall: 0.95, sample: 200, signal, onProgress });
  return { index, buildSeconds };
}

async function tell(
  index: Index<number>,
  { trainLabels, test, testLabels }: Digits,
  { signal, onProgress }: ResolvedLabOptions,
): Promise<Omit<DigitsRow, "buildSeconds">> {
  const model = new KNeighborsClassifier<number>({ threads: workThreads() }).fit(index, trainLabels);
  const report = (p: Progress): void => onProgress?.({ ...p, phase: `tell digits by ${index.spec}` });
  const votes = await model.predictEachAsync(test, KS, { ...(signal && { signal }), onProgress: report });
  const k = Math.max(...KS);
  const truth = Array.from({ length: test.rows }, (_, i) => String(testLabels[i]));
  const accuracy = KS.map((of, j) => tally(truth, votes[j]!.map(String), of));
  return { index: index.spec, params: index.defaults, accuracy, qps: speed(index, test, k) };
}

/** Queries a second, one a call: the best of three passes over a few hundred. */
function speed(index: Index<number>, test: Matrix<Float32Array>, k: number): number {
  const n = Math.min(300, test.rows);
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 3; pass++) {
    const start = performance.now();
    for (let i = 0; i < n; i++) index.search(row(test, i), { k });
    best = Math.min(best, performance.now() - start);
  }
  return (n * 1000) / best;
}

/** One digit of each kind with its ten nearest, as pictures: dark strokes on white. */
function sheetOf({ train, trainLabels }: Digits, exact: Index<number>, approximate: Index<number>): Sheet {
  const shown = Array.from({ length: 10 }, (_, digit) => trainLabels.indexOf(digit)).filter((i) => i >= 0);
  const { rows, pictures } = neighbourRows(train, exact, approximate, {}, shown, (i) => ({
    name: `${trainLabels[i]}`,
    kind: `no. ${count(i)}`,
  }));
  const setting = Object.entries(approximate.defaults).map(([name, value]) => `, ${name}=${value}`);
  return {
    size: SIDE,
    pictures: pictures.map((i) => greyPicture(row(train, i))),
    rows,
    index: `${approximate.spec}${setting.join("")}`,
  };
}

function greyPicture(pixels: Float32Array): Uint8Array {
  const rgb = new Uint8Array(pixels.length * 3);
  for (const [i, value] of pixels.entries()) rgb.fill(255 - value, 3 * i, 3 * i + 3);
  return rgb;
}
