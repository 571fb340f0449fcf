import { describe, expect, test } from "vitest";
import { clustered, dot } from "../../test/helpers/codedRows.ts";
import { testableBuilds } from "../../test/helpers/relaxed.ts";
import { type Matrix, row } from "../core/index.ts";
import { type Build, Engine } from "../kernels/index.ts";
import { AnisotropicPqCodec, scoreEta } from "./anisotropicCodec.ts";
import { prepareTraining, type Quantizer, trainNow } from "./codes.ts";

const D = 21;
const THRESHOLD = 0.5;
const ETA = scoreEta(D, THRESHOLD);

/** The loss by its definition. */
function loss(x: ArrayLike<number>, coded: ArrayLike<number>, eta: number): number {
  let square = 0;
  let along = 0;
  let norm = 0;
  for (let j = 0; j < x.length; j++) {
    const r = x[j]! - coded[j]!;
    square += r * r;
    along += r * x[j]!;
    norm += x[j]! * x[j]!;
  }
  return square + (norm === 0 ? 0 : ((eta - 1) * along * along) / norm);
}

interface Made {
  readonly quantizer: Quantizer;
  readonly centroid: (part: number, k: number) => number[];
}

function make(rows: Matrix, threshold: number, build: Build = "plain"): Made {
  let centroid: Made["centroid"] | undefined;
  const quantizer = trainNow(
    prepareTraining(
      rows,
      { ip: true, seed: 1 },
      (space, shape) => {
        const codec = new AnisotropicPqCodec(space, shape, threshold);
        const m = Math.ceil(D / 2);
        centroid = (part, k) => {
          const dims = Math.floor(((part + 1) * D) / m) - Math.floor((part * D) / m);
          const at = codec.rowBytes / 4 + part * 48 + k;
          return Array.from({ length: dims }, (_, t) => space.f32("codeBooks")[at + (t + 1) * 16]!);
        };
        return codec;
      },
      Engine.create({ build }),
    ),
  );
  return { quantizer, centroid: centroid! };
}

/** What the nearest centroid of each part makes of a row. */
function nearest({ centroid }: Made, x: Float32Array): number[] {
  const m = Math.ceil(D / 2);
  const out: number[] = [];
  for (let part = 0; part < m; part++) {
    const own = x.subarray(Math.floor((part * D) / m), Math.floor(((part + 1) * D) / m));
    let best: number[] = [];
    let least = Infinity;
    for (let k = 0; k < 16; k++) {
      const c = centroid(part, k);
      const distance = c.reduce((sum, v, t) => sum + (v - own[t]!) ** 2, 0);
      if (distance < least) [least, best] = [distance, c];
    }
    out.push(...best);
  }
  return out;
}

/** Goes through the parts until no other centroid has less loss. */
function descend(made: Made, x: Float32Array): number[] {
  const m = Math.ceil(D / 2);
  let best = nearest(made, x);
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < 16 * m; i++) {
      const part = i >> 4;
      const c = made.centroid(part, i & 15);
      const other = best.slice();
      other.splice(Math.floor((part * D) / m), c.length, ...c);
      if (loss(x, other, ETA) >= loss(x, best, ETA) * (1 - 1e-9)) continue;
      best = other;
      changed = true;
    }
  }
  return best;
}

test("eta of the paper's example: threshold 0.2 of the norm in 100 dimensions is 4.125", () => {
  expect(scoreEta(100, 0.2)).toBeCloseTo(4.125, 10);
  expect(scoreEta(100, 0)).toBe(1);
  expect(scoreEta(3, 0.1)).toBe(1);
});

describe("score-aware codes", () => {
  const rows = clustered(400, D, 5);
  const made = make(rows, THRESHOLD);
  const decoded = made.quantizer.decode(made.quantizer.encode(rows));

  test("have no greater loss than the nearest centroids, and a smaller one on the whole", () => {
    let ours = 0;
    let plain = 0;
    for (let i = 0; i < rows.rows; i++) {
      const x = row(rows, i);
      const a = loss(x, row(decoded, i), ETA);
      const b = loss(x, nearest(made, x), ETA);
      expect(a).toBeLessThanOrEqual(b * (1 + 1e-4) + 1e-5);
      ours += a;
      plain += b;
    }
    expect(ours).toBeLessThan(0.95 * plain);
  });

  test("cannot be bettered in any one part", () => {
    const m = Math.ceil(D / 2);
    for (let i = 0; i < rows.rows; i += 20) {
      const x = row(rows, i);
      const coded = Array.from(row(decoded, i));
      const own = loss(x, coded, ETA);
      for (let part = 0; part < m; part++) {
        for (let k = 0; k < 16; k++) {
          const other = coded.slice();
          other.splice(Math.floor((part * D) / m), made.centroid(part, k).length, ...made.centroid(part, k));
          expect(loss(x, other, ETA)).toBeGreaterThanOrEqual(own * (1 - 1e-4) - 1e-5);
        }
      }
    }
  });

  test("have codebooks trained for the loss: less of it than codes chosen for it from those of k-means", () => {
    // eta is hardly above 1 here: codebooks are those of k-means but for a little.
    const kmeans = make(rows, 0.2236068);
    let ours = 0;
    let theirs = 0;
    for (let i = 0; i < rows.rows; i++) {
      ours += loss(row(rows, i), row(decoded, i), ETA);
      theirs += loss(row(rows, i), descend(kmeans, row(rows, i)), ETA);
    }
    expect(ours).toBeLessThan(0.97 * theirs);
  });

  test("keep products with the row itself better than plain codes do", () => {
    const plain = make(rows, 0).quantizer;
    const codes = plain.decode(plain.encode(rows));
    let ours = 0;
    let theirs = 0;
    for (let i = 0; i < rows.rows; i++) {
      const x = row(rows, i);
      const norm = dot(x, x);
      ours += (dot(x, row(decoded, i)) - norm) ** 2 / norm;
      theirs += (dot(x, row(codes, i)) - norm) ** 2 / norm;
    }
    expect(ours).toBeLessThan(0.5 * theirs);
  });

  test("a row of zeros is coded like any other", () => {
    const zero = { data: new Float32Array(D), rows: 1, cols: D, stride: D };
    const out = made.quantizer.decode(made.quantizer.encode(zero));
    expect(Array.from(out.data.subarray(0, D))).toEqual(nearest(made, zero.data));
  });

  test("are the same in both builds", () => {
    const bytes = testableBuilds().map((build) => make(rows, THRESHOLD, build).quantizer.encode(rows).blocks);
    for (const other of bytes) expect(other).toEqual(bytes[0]);
  });
});
