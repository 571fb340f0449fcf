import { createTape } from "../../autodiff/index.ts";
import { createRng, type Rng } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import { nPair as libraryLoss } from "../../learn/index.ts";
import type { Part, PartOptions } from "./part.ts";

/** The N-pair loss as Sohn (NIPS 2016, eq. 7) writes it: mean of log(1 + Σ over others of e^(fᵢ·gⱼ − fᵢ·gᵢ)). */
function nPairLoss(f: readonly Float64Array[], g: readonly Float64Array[]): number {
  const losses = f.map((anchor, i) => {
    const own = dot(anchor, g[i]!);
    return Math.log(
      1 + g.reduce((sum, other, j) => (j === i ? sum : sum + Math.exp(dot(anchor, other) - own)), 0),
    );
  });
  return losses.reduce((a, b) => a + b, 0) / f.length;
}

/** Mean cross-entropy of the softmax of each row of scores, row i being of class i. */
function crossEntropy(scores: readonly (readonly number[])[]): number {
  const losses = scores.map((row, i) => {
    const most = Math.max(...row);
    const sum = row.reduce((total, s) => total + Math.exp(s - most), 0);
    return -Math.log(Math.exp(row[i]! - most) / sum);
  });
  return losses.reduce((a, b) => a + b, 0) / scores.length;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const scoresOf = (f: readonly Float64Array[], g: readonly Float64Array[]): number[][] =>
  f.map((a) => g.map((b) => dot(a, b)));

/** The N-pair loss is the cross-entropy of a softmax over the batch. */
export async function nPair({ seed, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "N-pair", done: 0, total: 1 });
  const rng = createRng(seed, "n-pair");
  const cases = [2, 4, 16, 64, 128].flatMap((n) =>
    [0.1, 1, 3].map((scale) => {
      const f = vectors(n, 16, scale, rng);
      const g = vectors(n, 16, scale, rng);
      const [pair, softmax] = [nPairLoss(f, g), crossEntropy(scoresOf(f, g))];
      const library = onTape(f, g).value;
      const off = Math.max(Math.abs(pair - softmax), Math.abs(library - softmax)) / Math.max(1, softmax);
      return { n, scale, pair, softmax, library, off };
    }),
  );
  const worst = Math.max(...cases.map(({ off }) => off));
  const zero = [2, 10, 100].map((n) =>
    Math.abs(nPairLoss(vectors(n, 4, 0, rng), vectors(n, 4, 0, rng)) - Math.log(n)),
  );
  const slope = gradientGap(rng);
  const pulled = Math.max(...[2, 7, 32].map((n) => pullGap(vectors(n, 5, 1, rng), vectors(n, 5, 1, rng))));
  const [f, g] = [vectors(2, 8, 1, rng), vectors(2, 8, 1, rng)];
  const binary = Math.abs(nPairLoss(f, g) - logistic(f, g));
  return {
    name: "n-pair",
    title: "The N-pair loss is softmax cross-entropy",
    why: "log(1 + Σ e^(s_ij − s_ii)) = −log(e^(s_ii) / Σ e^(s_ij)): with the scores of an anchor against all positives of the batch as logits, the N-pair loss classifies which positive is its own. Its gradient is therefore softmax minus one-hot: a positive is pulled by what it lacks of chance 1, each other pushed by its chance. InfoNCE is the same with a temperature.",
    claims: [
      {
        says: "Both definitions, and the loss of the library, give one number.",
        measured: `${cases.length} batches of 2 to 128 pairs: relative difference at most ${worst.toExponential(1)}`,
        holds: worst < 1e-12,
      },
      {
        says: "The gradient by a score is (softmax − one-hot) / N.",
        measured: `central differences of the N-pair loss: at most ${slope.toExponential(1)} away; gradients of the library by its rows: ${pulled.toExponential(1)}`,
        holds: slope < 1e-8 && pulled < 1e-12,
      },
      {
        says: "Vectors that say nothing cost log N.",
        measured: `N = 2, 10, 100: at most ${Math.max(...zero).toExponential(1)} away`,
        holds: Math.max(...zero) < 1e-12,
      },
      {
        says: "For two pairs it is logistic regression on the difference of the scores.",
        measured: `${binary.toExponential(1)} away`,
        holds: binary < 1e-12,
      },
    ],
    tables: [
      {
        caption: "In float64, from either definition and by the library",
        columns: ["pairs", "size of vectors", "N-pair", "cross-entropy", "library"],
        rows: cases
          .filter(({ scale }) => scale !== 3)
          .map(({ n, scale, pair, softmax, library }) => [
            String(n),
            String(scale),
            pair.toFixed(12),
            softmax.toFixed(12),
            library.toFixed(12),
          ]),
      },
    ],
    pictures: [
      {
        svg: picture(),
        caption: "All other scores are 0: the loss starts at log N and falls once the margin passes it.",
      },
    ],
    numbers: { worst, gradient: slope, pulled, cases },
  };
}

/** The library's loss of these pairs in float64, and its gradient by each number of the anchors. */
function onTape(
  f: readonly Float64Array[],
  g: readonly Float64Array[],
): { value: number; gradient: ArrayLike<number> } {
  const tape = createTape({ precision: "f64" });
  try {
    const put = (rows: readonly Float64Array[]) =>
      tape.parameter(
        [rows.length, rows[0]!.length],
        rows.flatMap((row) => [...row]),
      );
    const [a, b] = [put(f), put(g)];
    const value = tape.step(() => {
      const loss = libraryLoss(a, b);
      tape.backward(loss);
      return loss.item();
    });
    return { value, gradient: [...a.gradient()] };
  } finally {
    tape.dispose();
  }
}

/** Largest difference of the library's gradient by an anchor from Σ (softmax − one-hot) · positive / N. */
function pullGap(f: readonly Float64Array[], g: readonly Float64Array[]): number {
  const { gradient } = onTape(f, g);
  const d = f[0]!.length;
  let worst = 0;
  for (const [i, row] of scoresOf(f, g).entries()) {
    const sum = row.reduce((total, s) => total + Math.exp(s), 0);
    for (let c = 0; c < d; c++) {
      const want = g.reduce(
        (t, other, j) => t + (Math.exp(row[j]!) / sum - (i === j ? 1 : 0)) * other[c]!,
        0,
      );
      worst = Math.max(worst, Math.abs(gradient[i * d + c]! - want / f.length));
    }
  }
  return worst;
}

function vectors(n: number, d: number, scale: number, rng: Rng): Float64Array[] {
  return Array.from({ length: n }, () => Float64Array.from({ length: d }, () => scale * rng.normal()));
}

function logistic(f: readonly Float64Array[], g: readonly Float64Array[]): number {
  const margins = [dot(f[0]!, g[0]!) - dot(f[0]!, g[1]!), dot(f[1]!, g[1]!) - dot(f[1]!, g[0]!)];
  return margins.reduce((sum, m) => sum + Math.log1p(Math.exp(-m)), 0) / 2;
}

/** Largest difference of the slope of the N-pair loss by a score from softmax − one-hot. */
function gradientGap(rng: Rng): number {
  const n = 6;
  // Anchors along the axes make every score one component of a positive.
  const f = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
  );
  const g = vectors(n, n, 1.5, rng);
  const h = 1e-5;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const row = scoresOf(f, g)[i]!;
    const sum = row.reduce((total, s) => total + Math.exp(s), 0);
    for (let j = 0; j < n; j++) {
      const at = g[j]![i]!;
      g[j]![i] = at + h;
      const above = nPairLoss(f, g);
      g[j]![i] = at - h;
      const below = nPairLoss(f, g);
      g[j]![i] = at;
      const want = (Math.exp(row[j]!) / sum - (i === j ? 1 : 0)) / n;
      worst = Math.max(worst, Math.abs((above - below) / (2 * h) - want));
    }
  }
  return worst;
}

function picture(): string {
  const margins = Array.from({ length: 49 }, (_, i) => -4 + i / 3);
  return plotLines(
    [2, 8, 32, 128].map((n) => ({
      name: `N = ${n}`,
      plain: true,
      points: margins.map((x) => ({ x, y: Math.log(1 + (n - 1) * Math.exp(-x)) })),
    })),
    {
      title: "N-pair loss over the margin",
      subtitle: "score of the own positive above those of the N − 1 others, which are equal",
      xTitle: "Margin",
      yTitle: "Loss",
      xScale: "linear",
      yScale: "linear",
      height: 400,
    },
  );
}
