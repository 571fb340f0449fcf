import { createRng, METRICS, type Metric, type MetricOptions, type Rng } from "../../core/index.ts";
import { plotBars } from "../../evaluate/index.ts";
import { distanceFunction, type Vector } from "../../metrics/index.ts";
import { METRIC_TRAITS } from "../../metrics/traits.ts";
import type { Part, PartOptions } from "./part.ts";

/** What came of the axioms for one distance. */
interface Verdict {
  readonly name: string;
  readonly identity: boolean;
  readonly apart: boolean;
  readonly symmetry: boolean;
  readonly triangle: boolean;
  /** The largest d(x, z) / (d(x, y) + d(y, z)) met. */
  readonly worst: number;
  /** What breaks an axiom, in words. */
  readonly counterexample: string | undefined;
}

type Distance = (a: Vector, b: Vector) => number;

const D = 3;
/** Rounding, relative to the distances compared; a root makes 1e-8 of 1e-16. */
const ROUNDING = 1e-7;

/** The axioms of a metric, for each metric of the library. */
export async function axioms({ seed, quick, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "axioms", done: 0, total: 1 });
  const trials = quick ? 3000 : 30_000;
  const verdicts = METRICS.map((metric) => {
    const rng = createRng(seed, `axioms ${metric}`);
    const distance = distanceFunction(metric, optionsOf(metric, rng));
    return judge(metric, distance, () => rowOf(metric, rng), trials, known(metric));
  });
  const rng = createRng(seed, "axioms of roots");
  const vector = (): number[] => [...rowOf("l2", rng)];
  const square = distanceFunction("l2sq");
  const cosine = distanceFunction("cosine");
  const root = judge("√l2sq", (a, b) => Math.sqrt(square(a, b)), vector, trials, []);
  const chord = judge(
    "√(2 cosine), unit rows",
    (a, b) => Math.sqrt(Math.max(0, 2 * cosine(a, b))),
    () => unit(vector()),
    trials,
    [],
  );
  const power = judge("Minkowski, p = 1/2", half, vector, trials, [
    [
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
    ],
  ]);
  const all = [...verdicts, root, chord, power];
  const truly = (v: Verdict): boolean => v.identity && v.symmetry && v.triangle;
  return {
    name: "axioms",
    title: "Which distances are metrics",
    why: "A metric is 0 for a row and itself and for no other, the same both ways, and no detour is shorter than the direct way. Trees and graphs that exclude rows by the triangle inequality need the last. A distance that is none can still be searched, where it is a monotone function of one that is: l2sq of l2, cosine of the chord.",
    claims: [
      {
        says: "The axioms hold for just those distances that the library says are metrics.",
        measured: `metrics: ${verdicts
          .filter(truly)
          .map((v) => v.name)
          .join(", ")}; none: ${verdicts
          .filter((v) => !truly(v))
          .map((v) => v.name)
          .join(", ")}`,
        holds: METRICS.every((metric, i) => METRIC_TRAITS[metric].trueMetric === truly(verdicts[i]!)),
      },
      {
        says: "l2sq, cosine and ip have a counterexample each.",
        measured: verdicts
          .filter((v) => v.counterexample !== undefined)
          .map((v) => `${v.name}: ${v.counterexample}`)
          .join("; "),
        holds: (["l2sq", "cosine", "ip"] as const).every(
          (metric) => verdicts[METRICS.indexOf(metric)]!.counterexample !== undefined,
        ),
      },
      {
        says: "The root of l2sq, and the chord √(2 cosine) of unit rows, are metrics.",
        measured: `worst detours ${root.worst.toFixed(4)} and ${chord.worst.toFixed(4)}`,
        holds: truly(root) && truly(chord),
      },
      {
        says: "Minkowski distances of a power below 1 are no metrics, which is why the library refuses them.",
        measured: power.counterexample ?? "no counterexample found",
        holds: !power.triangle && refusesPowersBelowOne(),
      },
    ],
    tables: [
      {
        caption: `${trials.toLocaleString("en-GB")} random triples of rows each, besides known ones`,
        columns: ["distance", "d(x, x) = 0", "d(x, y) > 0", "symmetric", "triangle", "worst detour"],
        rows: all.map((v) => [
          v.name,
          ...[v.identity, v.apart, v.symmetry, v.triangle].map((holds) => (holds ? "yes" : "no")),
          Number.isFinite(v.worst) ? v.worst.toFixed(3) : "unbounded",
        ]),
      },
    ],
    pictures: [
      {
        svg: plotBars(
          all.filter((v) => Number.isFinite(v.worst)).map((v) => ({ label: v.name, values: [v.worst] })),
          {
            title: "The direct way over the way around",
            subtitle: "largest d(x, z) / (d(x, y) + d(y, z)) met; above 1 a detour is shorter",
            xTitle: "Direct / around",
            format: (v) => v.toFixed(3),
          },
        ),
        caption: "Metrics end at 1, which rows on one line reach.",
      },
    ],
    numbers: { trials, verdicts: all },
  };
}

/** A row that the metric can compare. */
function rowOf(metric: Metric, rng: Rng): number[] | Uint8Array {
  if (metric === "hamming") return Uint8Array.from({ length: 4 }, () => rng.u32() & 255);
  if (metric === "haversine")
    return [90 - (180 / Math.PI) * Math.acos(2 * rng.next() - 1), 360 * rng.next() - 180];
  return Array.from({ length: D }, () => rng.normal());
}

function optionsOf(metric: Metric, rng: Rng): MetricOptions | undefined {
  if (metric === "minkowski") return { p: 3, weights: [1, 2, 0.5], boxSize: [0, 4, 0] };
  if (metric !== "mahalanobis") return undefined;
  const factor = Array.from({ length: D }, () => Array.from({ length: D }, () => rng.normal()));
  const gram = factor.map((a) => factor.map((b) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)));
  return { matrix: gram };
}

type Triple = readonly [Vector, Vector, Vector];

/** Triples that are known to break the axioms of this metric. */
function known(metric: Metric): Triple[] {
  if (metric === "l2sq") return [[[0], [1], [2]]];
  // Rows of one direction and different length are 0 apart by cosine.
  if (metric === "cosine") {
    return [
      [
        [1, 0],
        [1, 1],
        [0, 1],
      ],
      [
        [1, 0],
        [2, 0],
        [0, 1],
      ],
    ];
  }
  if (metric === "ip")
    return [
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
    ];
  return [];
}

function judge(
  name: string,
  distance: Distance,
  draw: () => Vector,
  trials: number,
  triples: readonly Triple[],
): Verdict {
  const verdict = { identity: true, apart: true, symmetry: true, triangle: true, worst: 0 };
  let counterexample: string | undefined;
  for (let t = 0; t < triples.length + trials; t++) {
    const [x, y, z] = triples[t] ?? onLine(draw, t);
    const [xy, yz, xz] = [distance(x, y), distance(y, z), distance(x, z)];
    const self = distance(x, x);
    if (Math.abs(self) > ROUNDING) {
      verdict.identity = false;
      counterexample ??= `d(x, x) = ${short(self)} for x = (${[...x].map(short).join(", ")})`;
    }
    if (!(xy > 0)) verdict.apart = false;
    if (Math.abs(xy - distance(y, x)) > ROUNDING * Math.max(1, Math.abs(xy))) verdict.symmetry = false;
    const around = xy + yz;
    verdict.worst = Math.max(verdict.worst, around > 0 ? xz / around : Number.POSITIVE_INFINITY);
    if (xz <= around + ROUNDING * Math.max(1, Math.abs(xz))) continue;
    verdict.triangle = false;
    counterexample ??= `${short(xz)} > ${short(xy)} + ${short(yz)} for ${[x, y, z].map((v) => `(${[...v].map(short).join(", ")})`).join(", ")}`;
  }
  return { name, ...verdict, counterexample };
}

/** Three rows; of every second triple the middle one lies between the others, where detours are shortest. */
function onLine(draw: () => Vector, t: number): Triple {
  const [x, y, z] = [draw(), draw(), draw()];
  if (t % 2 === 0) return [x, y, z];
  if (x instanceof Uint8Array)
    return [x, x.map((bits, i) => (i % 2 === 0 ? bits : (z as Uint8Array)[i]!)), z];
  const between = Array.from(x as readonly number[], (v, i) => (v + (z as readonly number[])[i]!) / 2);
  return [x, between, z];
}

function unit(v: readonly number[] | Uint8Array): number[] {
  const norm = Math.hypot(...v);
  return Array.from(v, (x) => x / norm);
}

const half: Distance = (a, b) =>
  Array.from(a as readonly number[], (x, i) => Math.sqrt(Math.abs(x - (b as readonly number[])[i]!))).reduce(
    (sum, t) => sum + t,
    0,
  ) ** 2;

function refusesPowersBelowOne(): boolean {
  try {
    distanceFunction("minkowski", { p: 0.5 })([0], [1]);
    return false;
  } catch {
    return true;
  }
}

const short = (x: number): string => String(Number(x.toPrecision(3)));
