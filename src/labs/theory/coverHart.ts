import { KNeighborsClassifier } from "../../apply/index.ts";
import { createRng } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import { interval, type Mean, meanOf, type Part, type PartOptions, WIDE } from "./part.ts";
import { apart, coin, coverHartBound, draw, fogAndClear, normals, type Problem, riskOf } from "./problems.ts";

const SIZES = [10, 30, 100, 300, 1000, 3000, 10_000];

interface Curve {
  readonly name: string;
  readonly bayes: number;
  readonly limit: number;
  readonly bound: number;
  readonly points: readonly (Mean & { readonly n: number })[];
}

/** The risk of the nearest neighbour between the Bayes risk and twice that. */
export async function coverHart(options: PartOptions): Promise<Part> {
  const problems = [
    normals(1),
    normals(2),
    normals(5),
    coin([0.75, 0.25]),
    coin([0.6, 0.2, 0.2]),
    fogAndClear(),
    apart(),
  ];
  const curves: Curve[] = [];
  for (const [i, problem] of problems.entries()) {
    options.onProgress?.({ phase: "Cover–Hart", done: i, total: problems.length });
    curves.push(await measure(problem, options));
  }
  const at = (name: string): Curve => curves.find((curve) => curve.name === name)!;
  const last = (curve: Curve): Curve["points"][number] => curve.points.at(-1)!;
  const near = (curve: Curve, target: number, slack = 0.002): boolean =>
    Math.abs(last(curve).mean - target) <= WIDE * last(curve).se + slack;
  const between = curves.every(
    (c) =>
      last(c).mean >= c.bayes - WIDE * last(c).se - 1e-9 &&
      last(c).mean <= c.bound + WIDE * last(c).se + 0.005,
  );
  const tight = curves.filter((c) => c.limit === c.bound || Math.abs(c.limit - c.bound) < 1e-12);
  const fog = at("half fog, half clear");
  const n = last(curves[0]!).n;
  const settled = curves.filter(({ name }) => name !== "two normals, 5-d");
  return {
    name: "cover-hart",
    title: "One neighbour holds half of all there is to know (Cover and Hart)",
    why: "With unlimited rows the nearest neighbour lies at the query itself: its class is another draw from the same chances η. Two draws differ with chance 1 − Σ η², which is never below the Bayes risk R* = E[1 − max η] and, for two classes, never above 2R*(1 − R*); for M classes R*(2 − M/(M−1) · R*).",
    claims: [
      {
        says: "Between R* and 2R*(1 − R*) on every density (M classes: the general bound).",
        measured: `${curves.length} densities at n = ${n}`,
        holds: between,
      },
      {
        says: "As n grows the risk comes to E[1 − Σ η²], computed from the densities.",
        measured: settled.map((c) => `${c.name} ${interval(last(c), 3)} → ${c.limit.toFixed(3)}`).join("; "),
        holds: settled.every((c) => near(c, c.limit)),
      },
      {
        says: "The upper bound is attained where rows say nothing of their class.",
        measured: tight
          .filter((c) => c.limit > 0)
          .map((c) => `${c.name} ${interval(last(c), 3)}, bound ${c.bound.toFixed(3)}`)
          .join("; "),
        holds: tight.filter((c) => c.limit > 0 && near(c, c.bound)).length >= 2,
      },
      {
        says: "The lower bound is attained where chances are 0, 1 or all alike.",
        measured: `${fog.name} ${interval(last(fog), 3)}, R* ${fog.bayes}`,
        holds: near(fog, fog.bayes),
      },
      {
        says: "Where classes do not overlap, the risk goes to 0.",
        measured: interval(last(at("two squares apart")), 5),
        holds: near(at("two squares apart"), 0, 1e-3),
      },
      {
        says: "More dimensions that say nothing slow the way to the limit, but do not change it.",
        measured: `at n = 100 above the limit: ${[1, 2, 5].map((d) => `${d}-d ${gap(at(`two normals, ${d}-d`), 100).toFixed(4)}`).join(", ")}`,
        holds: gap(at("two normals, 5-d"), 100) > gap(at("two normals, 1-d"), 100),
      },
    ],
    tables: [
      {
        caption: `1-NN risk at n = ${n} with its 95 % interval, beside what theory says`,
        columns: ["density", "R*", "1-NN measured", "1-NN limit", "upper bound"],
        rows: curves.map((c) => [
          c.name,
          c.bayes.toFixed(4),
          interval(last(c)),
          c.limit.toFixed(4),
          c.bound.toFixed(4),
        ]),
      },
    ],
    pictures: [
      {
        svg: picture(curves.slice(0, 3), "Two normals: the same limit, reached later in more dimensions"),
        caption: "The dashed lines are R*, the limit E[1 − Σ η²], and the bound 2R*(1 − R*).",
      },
      {
        svg: scatterOfBounds(curves),
        caption:
          "Every density stands between the two lines in the limit; coins on the upper one, fog and clear on the lower.",
      },
    ],
    numbers: { curves },
  };
}

function gap(curve: Curve, n: number): number {
  return curve.points.find((p) => p.n === n)!.mean - curve.limit;
}

async function measure(problem: Problem, { seed, quick, signal }: PartOptions): Promise<Curve> {
  const points: (Mean & { n: number })[] = [];
  for (const n of quick ? SIZES.slice(0, -2) : SIZES) {
    const sets = Math.max(12, Math.min(quick ? 60 : 400, Math.round((quick ? 20_000 : 300_000) / n)));
    const risks: number[] = [];
    for (let s = 0; s < sets; s++) {
      signal?.throwIfAborted();
      const { rows, labels } = draw(problem, n, createRng(seed, `${problem.name} ${n} ${s}`));
      const fresh = draw(problem, quick ? 300 : 500, createRng(seed, `${problem.name} test ${n} ${s}`));
      const model = new KNeighborsClassifier<number>({ k: 1, index: "KDTree" }).fit(rows, labels);
      risks.push(riskOf(problem, fresh.rows, model.predict(fresh.rows)));
      model.close();
    }
    points.push({ n, ...meanOf(risks) });
  }
  const { name, bayes, limit, classes } = problem;
  return { name, bayes, limit, bound: coverHartBound(bayes, classes), points };
}

function picture(curves: readonly Curve[], title: string): string {
  const { bayes, limit, bound, points } = curves[0]!;
  const level = (name: string, color: number, y: number) => ({
    name,
    law: true,
    color,
    points: [points[0]!.n, points.at(-1)!.n].map((x) => ({ x, y })),
  });
  return plotLines(
    [
      ...curves.map((c) => ({
        name: c.name,
        points: c.points.map(({ n, mean, se }) => ({
          x: n,
          y: mean,
          low: mean - 1.96 * se,
          high: mean + 1.96 * se,
        })),
      })),
      level("2R*(1 − R*)", 3, bound),
      level("limit", 6, limit),
      level("R*", 4, bayes),
    ],
    {
      title,
      subtitle: "risk of the nearest neighbour; bands are 95 % intervals over training sets",
      xTitle: "Rows n",
      yTitle: "Risk",
      yScale: "linear",
      height: 460,
    },
  );
}

function scatterOfBounds(curves: readonly Curve[]): string {
  const shares = Array.from({ length: 51 }, (_, i) => i / 100);
  const binary = curves.filter(({ name }) => name !== "coin of 0.6 : 0.2 : 0.2");
  return plotLines(
    [
      ...binary.map((c) => {
        const { mean, se } = c.points.at(-1)!;
        return {
          name: c.name,
          points: [{ x: c.bayes, y: mean, low: mean - 1.96 * se, high: mean + 1.96 * se }],
        };
      }),
      { name: "2R*(1 − R*)", law: true, color: 6, points: shares.map((r) => ({ x: r, y: 2 * r * (1 - r) })) },
      { name: "R*", law: true, color: 4, points: shares.map((r) => ({ x: r, y: r })) },
    ],
    {
      title: "1-NN risk against the Bayes risk",
      subtitle: `two classes, n = ${curves[0]!.points.at(-1)!.n}`,
      xTitle: "Bayes risk R*",
      yTitle: "1-NN risk",
      xScale: "linear",
      yScale: "linear",
      height: 460,
    },
  );
}
