import {
  adam,
  createTape,
  exp,
  matmul,
  mean,
  relaxNeighbors,
  reshape,
  square,
  sub,
} from "../../autodiff/index.ts";
import { createRng, type Rng } from "../../core/index.ts";
import { type LineSeries, plotLines } from "../../evaluate/index.ts";
import { relaxedNeighbors } from "../../learn/index.ts";
import type { Part, PartOptions } from "../theory/part.ts";
import { FORMS, type Form } from "./falling.ts";

const SCAN = Array.from({ length: 26 }, (_, i) => 1e-4 * 10 ** (i / 5));
const STARTS = [3e-4, 3];

interface Problem {
  readonly n: number;
  /** Squared distances, infinite to oneself: [n, n]. */
  readonly distances: Float64Array;
  readonly values: Float64Array;
}

interface Kind {
  readonly name: string;
  readonly k: number;
  readonly form: Form;
}

const KINDS: readonly Kind[] = [
  ...FORMS.map((form) => ({ name: `${form}, k = 3`, k: 3, form })),
  { name: "k = 1 (attention)", k: 1, form: "alpha" },
];

interface Learned {
  readonly start: number;
  readonly t: number;
  readonly loss: number;
  readonly path: readonly number[];
}

/** The temperature alone, learned from too hot and from too cold. */
export async function temperature({ seed, quick, signal, onProgress }: PartOptions): Promise<Part> {
  const problem = draw(quick ? 100 : 200, createRng(seed, "temperature"));
  const steps = quick ? 120 : 200;
  const found = KINDS.map((kind, i) => {
    onProgress?.({ phase: "learning a temperature", done: i, total: KINDS.length });
    signal?.throwIfAborted();
    const scan = SCAN.map((t) => ({ t, loss: lossAt(problem, kind, t) }));
    const best = scan.reduce((a, b) => (b.loss < a.loss ? b : a));
    const learned = STARTS.map((start) => learn(problem, kind, start, steps));
    const worse = learned.map(({ loss }) => loss / best.loss - 1);
    return { kind, scan, best, learned, worse, apart: Math.abs(Math.log(learned[0]!.t / learned[1]!.t)) };
  });
  const [alpha, ...smooth] = found;
  const ends = ({ kind, best, learned, worse }: (typeof found)[number]): string => {
    const each = learned.map(
      ({ start, t }, i) => `${start} → ${t.toPrecision(3)} (${(100 * worse[i]!).toFixed(2)} % above)`,
    );
    return `${kind.name}: ${each.join(", ")}; lowest of the scan at ${best.t.toPrecision(2)}`;
  };
  return {
    name: "temperature",
    title: "A temperature learned from either side",
    why: "Values over a plane are seen with noise. Few neighbours keep the noise, too many lose the shape: in between lies the best temperature, which a scan finds. Gradients should find it too, from a hundred times too cold and too hot.",
    claims: [
      {
        says: "Logit form and attention: started too cold or too hot, the error ends at the scan's lowest.",
        measured: smooth.map(ends).join("; "),
        holds: smooth.every(({ worse }) => worse.every((share) => share < 0.02)),
      },
      {
        says: "Both of their starts end at one temperature.",
        measured: smooth
          .map(({ kind, apart }) => `${kind.name}: a factor of ${Math.exp(apart).toFixed(3)} apart`)
          .join("; "),
        holds: smooth.every(({ apart }) => apart < 0.1),
      },
      {
        says: "Alpha form: from too hot the error comes within a tenth of the lowest; from too cold it need not, for towards hard k-NN, which the cold alpha form is, a second valley may lie.",
        measured: ends(alpha!),
        holds: alpha!.worse[1]! < 0.1,
      },
      {
        says: "The best temperature is neither end: softness pays against the cold weights, and against all alike.",
        measured: found
          .map(({ kind, best, scan }) => {
            const [cold, hot] = [scan[0]!, scan.at(-1)!].map(({ loss }) => (loss / best.loss).toFixed(2));
            return `${kind.name}: cold error ${cold} times the best, hot ${hot} times`;
          })
          .join("; "),
        holds: found.every(
          ({ best, scan }) => best.loss < scan[0]!.loss && best.loss < 0.8 * scan.at(-1)!.loss,
        ),
      },
    ],
    tables: [
      {
        caption: `${problem.n} places, each told by the others; squared error`,
        columns: ["", "start", "t learned", "t of the scan", "error learned", "lowest of the scan"],
        rows: found.flatMap(({ kind, best, learned }) =>
          learned.map(({ start, t, loss }) => [
            kind.name,
            String(start),
            t.toPrecision(3),
            best.t.toPrecision(2),
            loss.toFixed(4),
            best.loss.toFixed(4),
          ]),
        ),
      },
    ],
    pictures: [
      {
        svg: plotLines(
          found.flatMap(({ kind, scan, learned }, i): LineSeries[] => [
            {
              name: kind.name,
              plain: true,
              color: i,
              points: scan.map(({ t, loss }) => ({ x: t, y: loss })),
            },
            ...learned.map(({ start, t, loss }) => ({
              name: `${kind.name}, from ${start}`,
              color: i,
              points: [{ x: t, y: loss }],
            })),
          ]),
          {
            ...{
              title: "Error over the temperature, and where learning ends",
              subtitle: "lines: a scan; marks: learned",
            },
            ...{ xTitle: "t", yTitle: "Squared error", yScale: "linear", height: 460 },
          },
        ),
        caption: "Where two marks lie on one another, both starts ended in the same valley.",
      },
      {
        svg: plotLines(
          found.flatMap(({ kind, learned }, i) =>
            learned.map(({ start, path }) => ({
              name: `${kind.name}, from ${start}`,
              plain: true,
              color: i,
              points: path.map((t, x) => ({ x, y: t })),
            })),
          ),
          {
            title: "The temperature while it is learned",
            xTitle: "Step",
            yTitle: "t",
            xScale: "linear",
            height: 460,
          },
        ),
        caption: "From too cold and from too hot.",
      },
    ],
    numbers: {
      n: problem.n,
      found: found.map(({ kind, best, learned }) => ({
        ...kind,
        best,
        learned: learned.map(({ start, t, loss }) => ({ start, t, loss })),
      })),
    },
  };
}

/** Heights of a wavy plane with noise. */
function draw(n: number, rng: Rng): Problem {
  const places = Array.from({ length: n }, () => [2 * rng.next() - 1, 2 * rng.next() - 1] as const);
  const values = Float64Array.from(
    places,
    ([x, y]) => Math.sin(3 * x) * Math.cos(2 * y) + 0.3 * rng.normal(),
  );
  const distances = new Float64Array(n * n);
  for (const [i, [x, y]] of places.entries()) {
    for (const [j, [u, v]] of places.entries()) {
      distances[i * n + j] = i === j ? Infinity : (x - u) ** 2 + (y - v) ** 2;
    }
  }
  return { n, distances, values };
}

/** Mean squared error of the soft neighbours' average, in float64. */
function lossAt({ n, distances, values }: Problem, { k, form }: Kind, t: number): number {
  const table = { data: distances, rows: n, cols: n, stride: n };
  const { weights } = relaxedNeighbors(table, { k, form, t });
  let loss = 0;
  for (let i = 0; i < n; i++) {
    let told = 0;
    for (let r = 0; r < k; r++) {
      for (let j = 0; j < n; j++) told += (weights[(i * k + r) * n + j]! * values[j]!) / k;
    }
    loss += (told - values[i]!) ** 2 / n;
  }
  return loss;
}

function learn(problem: Problem, kind: Kind, start: number, steps: number): Learned {
  const { n, distances, values } = problem;
  const { k, form } = kind;
  const tape = createTape();
  try {
    const logT = tape.parameter([1], [Math.log(start)]);
    const optimiser = adam({ logT }, { learningRate: 0.1 });
    const path: number[] = [];
    for (let step = 0; step < steps; step++) {
      path.push(Math.exp(logT.values()[0]!));
      tape.step(() => {
        const weights = relaxNeighbors(tape.tensor(distances, [n, n]), exp(logT), { k, form });
        const wanted = tape.tensor(values, [n, 1]);
        const each = matmul(reshape(weights, [n * k, n]), wanted);
        const told = mean(reshape(each, [n, k, 1]), { axes: [1] });
        tape.backward(mean(square(sub(told, wanted))));
      });
      // Smaller steps towards the end settle in the valley.
      optimiser.step(0.15 * (1 - step / steps) + 0.002);
    }
    const t = Math.exp(logT.values()[0]!);
    return { start, t, loss: lossAt(problem, kind, t), path };
  } finally {
    tape.dispose();
  }
}
