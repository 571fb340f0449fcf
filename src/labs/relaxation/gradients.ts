import { createRng, isVicinalError, type Rng } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import { relaxedNeighbors, relaxedNeighborsGradient } from "../../learn/index.ts";
import type { Part, PartOptions } from "../theory/part.ts";
import { FORMS, type Form } from "./falling.ts";

const N = 10;
const TEMPERATURES = Array.from({ length: 26 }, (_, i) => 0.001 * 10 ** (i / 5));

interface Example {
  readonly d: readonly number[];
  /** 1 for candidates of the query's class. */
  readonly right: readonly number[];
}

interface Kind {
  readonly name: string;
  readonly k: number;
  readonly form: Form;
}

interface Point {
  readonly t: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const KINDS: readonly Kind[] = [
  { name: "alpha, k = 3", k: 3, form: "alpha" },
  { name: "logit, k = 3", k: 3, form: "logit" },
  { name: "k = 1 (attention)", k: 1, form: "alpha" },
];

/** How much of a gradient passes as t falls. */
export async function gradients({ seed, quick, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "gradients", done: 0, total: 1 });
  const rng = createRng(seed, "gradients");
  const sets = Array.from({ length: quick ? 50 : 400 }, () => draw(rng));
  const worst = Math.max(
    ...sets
      .slice(0, 10)
      .flatMap((set) =>
        FORMS.flatMap((form) => [0.1, 0.5, 2].map((t) => differenceGap(set, { name: "", k: 3, form }, t))),
      ),
  );
  const curves = KINDS.map((kind) => ({
    ...kind,
    points: TEMPERATURES.map(
      (t): Point => ({
        t,
        ...quartersOf(sets.map((set) => sizeOf(gradient(set, kind, t).distances))),
      }),
    ),
  }));
  const peaks = curves.map(({ points }) => points.reduce((a, b) => (b.median > a.median ? b : a)));
  const ends = curves.map(({ points }, i) =>
    [points[0]!, points.at(-1)!].map((p) => p.median / peaks[i]!.median),
  );
  const frozen = Math.max(
    ...sets.map((set) => sizeOf(gradient(set, KINDS[0]!, smallestGap(set) / 50).distances)),
  );
  return {
    name: "gradients",
    title: "What a gradient gets through",
    why: "The weights change with distances only where the choice is open: where t is about the gap between candidates. Much colder, the choice is made and nothing moves it; much hotter, all weigh alike whatever their distance. A hard choice is the first case at every temperature: it has no gradient at all.",
    claims: [
      {
        says: "Gradients by distances and temperature are those of central differences.",
        measured: `10 sets, both forms, t = 0.1, 0.5, 2: at most ${worst.toExponential(1)} away`,
        holds: worst < 1e-6,
      },
      {
        says: "The gradient of most sets is largest at a temperature between, and dies out on both sides.",
        measured: curves
          .map(({ name }, i) => {
            const [cold, hot] = ends[i]!.map((share) => `${(100 * share).toFixed(1)} %`);
            return `${name}: median largest at t = ${peaks[i]!.t.toPrecision(2)}, ${cold} of it at t = 0.001, ${hot} at t = 100`;
          })
          .join("; "),
        holds: ends.flat().every((share) => share < 0.05),
      },
      {
        says: "Far below the gaps nothing passes: the choice is frozen.",
        measured: `alpha, k = 3, t a fiftieth of the smallest gap: at most ${frozen.toExponential(1)}`,
        holds: frozen < 1e-9,
      },
      {
        says: "Hard k-NN has no gradient, and says so.",
        measured:
          "relaxedNeighborsGradient of the form hard throws UNSUPPORTED; a step that changes no order changes no weight",
        holds: refuses(sets[0]!) && unmoved(sets[0]!),
      },
    ],
    tables: [],
    pictures: [
      {
        svg: plotLines(
          curves.map(({ name, points }) => ({
            name,
            points: points.map(({ t, median, low, high }) => ({ x: t, y: median, low, high })),
          })),
          {
            title: "Size of the gradient as t falls",
            subtitle: `of the share of wrong labels by ${N} distances in [0, 1]; median of ${sets.length} sets`,
            ...{ xTitle: "t", yTitle: "Length of the gradient", yScale: "linear", yReach: [0], height: 460 },
          },
        ),
        caption: "Bands hold half of the sets. Both ends of the picture teach nothing.",
      },
    ],
    numbers: { worst, curves, frozen },
  };
}

function draw(rng: Rng): Example {
  const d = Array.from({ length: N }, () => rng.next());
  return { d, right: d.map(() => (rng.next() < 0.5 ? 1 : 0)) };
}

/** Share of the weight on candidates of other classes. */
function wrong({ d, right }: Example, { k, form }: Kind, t: number): number {
  const { weights } = relaxedNeighbors(d, { k, form, t });
  return weights.reduce((sum, w, i) => sum + w * (1 - right[i % N]!), 0) / k;
}

const gradient = ({ d, right }: Example, { k, form }: Kind, t: number) =>
  relaxedNeighborsGradient(
    d,
    Array.from({ length: k * N }, (_, i) => (1 - right[i % N]!) / k),
    { k, form, t },
  );

const sizeOf = (values: Float64Array): number => Math.hypot(...values);

function quartersOf(values: readonly number[]): Omit<Point, "t"> {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((p) => sorted[Math.floor(p * sorted.length)]!);
  return { low: low!, median: median!, high: high! };
}

function smallestGap({ d }: Example): number {
  const sorted = [...d].sort((a, b) => a - b);
  return Math.min(...sorted.slice(1).map((x, i) => x - sorted[i]!));
}

function differenceGap(set: Example, kind: Kind, t: number): number {
  const h = 1e-6;
  const { distances, t: byT } = gradient(set, kind, t);
  const moved = (i: number, by: number): Example => ({
    ...set,
    d: set.d.map((x, j) => (i === j ? x + by : x)),
  });
  const slopes = set.d.map((_, i) => (wrong(moved(i, h), kind, t) - wrong(moved(i, -h), kind, t)) / (2 * h));
  const slopeOfT = (wrong(set, kind, t + h) - wrong(set, kind, t - h)) / (2 * h);
  return Math.max(Math.abs(slopeOfT - byT[0]!), ...slopes.map((slope, i) => Math.abs(slope - distances[i]!)));
}

function refuses({ d }: Example): boolean {
  try {
    relaxedNeighborsGradient(d, new Float64Array(N), { form: "hard" });
    return false;
  } catch (error) {
    return isVicinalError(error) && error.code === "UNSUPPORTED";
  }
}

function unmoved({ d }: Example): boolean {
  const before = relaxedNeighbors(d, { k: 3, form: "hard" }).weights;
  const after = relaxedNeighbors(
    d.map((x) => 1.01 * x),
    { k: 3, form: "hard" },
  ).weights;
  return before.every((w, i) => w === after[i]);
}
