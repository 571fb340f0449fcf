import { useEffect, useMemo, useState } from "preact/hooks";
import { createRng } from "vicinal/core";
import { Slider } from "../../../parts/slider.tsx";
import { Board, Handle, SIDE } from "../parts/board.tsx";
import { Hint, Idea, Seed } from "../parts/idea.tsx";
import { type Point, scattered } from "../points.ts";
import { Ball, type Shown } from "./ball.tsx";
import { ellipseTo, matrixOf, tipOf } from "./ellipse.ts";
import { type Asked, ask, centred } from "./nearest.ts";
import "./metrics.css";

const POINTS = 70;
const METRICS: readonly (readonly [Shown, string])[] = [
  ["l2", "l2: straight line"],
  ["l1", "l1: along streets"],
  ["linf", "linf: largest difference"],
  ["cosine", "cosine: angle from the middle"],
  ["mahalanobis", "mahalanobis: stretched"],
];

/** An index for as long as what it was made of stays. */
function useAsked(make: () => Asked, of: readonly unknown[]): Asked {
  const asked = useMemo(make, of);
  useEffect(() => () => asked.close(), [asked]);
  return asked;
}

export default function MetricsIdea() {
  const [seed, setSeed] = useState(1);
  const [query, setQuery] = useState<Point>({ x: 0.67, y: 0.36 });
  const [ellipse, setEllipse] = useState(() => ellipseTo([0.4, 0.3]));
  const [k, setK] = useState(6);
  const points = useMemo(() => scattered(POINTS, createRng(seed, "metrics")), [seed]);
  const asked: Readonly<Record<Shown, Asked>> = {
    l2: useAsked(() => ask(points, "l2"), [points]),
    l1: useAsked(() => ask(points, "l1"), [points]),
    linf: useAsked(() => ask(points, "linf"), [points]),
    cosine: useAsked(() => ask(points, "cosine"), [points]),
    mahalanobis: useAsked(() => ask(points, "mahalanobis", matrixOf(ellipse)), [points, ellipse]),
  };
  const plain = asked.l2.nearest(query, k).ids;
  const panels = METRICS.map(([metric, title]) => {
    const { ids, reach } = asked[metric].nearest(query, k);
    return { metric, title, ids, reach, shared: ids.filter((id) => plain.includes(id)).length };
  });
  // The end of the long axis, or its opposite where that is beyond the board.
  const tip = tipOf(ellipse);
  const end = { x: query.x + tip.x / 2, y: query.y - tip.y / 2 };
  const inside = end.x > 0.03 && end.x < 0.97 && end.y > 0.03 && end.y < 0.97;
  const grip = inside ? end : { x: query.x - tip.x / 2, y: query.y + tip.y / 2 };
  const stretch = (to: Point): void => {
    const [a, b] = [centred(to), centred(query)];
    const sign = inside ? 1 : -1;
    setEllipse(ellipseTo([sign * (a[0] - b[0]), sign * (a[1] - b[1])]));
  };
  return (
    <Idea
      says={
        <p>
          "Near" depends on how one measures. Each picture has the same points and the same query, and shows
          its {k} nearest by another metric. The shaded ball holds all places that are at most as far as the
          last of them: a circle, a diamond, a square, a wedge of directions, an ellipse.
        </p>
      }
      figure={
        <>
          <div class="metrics-panels">
            {panels.map(({ metric, title, ids, reach }) => (
              <figure key={metric} data-metric={metric}>
                <Board label={`Neighbours of the query by ${metric}`} onTap={setQuery}>
                  <g class="metrics-drawn">
                    <Ball metric={metric} query={query} reach={reach} ellipse={ellipse} />
                    {metric === "cosine" && <path class="metrics-origin" d="M285 300H315M300 285V315" />}
                    {points.map(({ x, y }, id) => (
                      <circle
                        key={id}
                        class={ids.includes(id) ? "metrics-near" : "metrics-far"}
                        cx={x * SIDE}
                        cy={y * SIDE}
                        r={ids.includes(id) ? 15 : 9}
                      />
                    ))}
                    {metric === "mahalanobis" && (
                      <line
                        class="metrics-axis"
                        x1={query.x * SIDE}
                        y1={query.y * SIDE}
                        x2={grip.x * SIDE}
                        y2={grip.y * SIDE}
                      />
                    )}
                  </g>
                  <Handle at={query} label={`Query, by ${metric},`} onMove={setQuery}>
                    <path class="board-query metrics-query" d="M-18 0H18M0-18V18" />
                  </Handle>
                  {metric === "mahalanobis" && (
                    <Handle at={grip} label="End of the ellipse's long axis" onMove={stretch}>
                      <circle class="metrics-grip" r="15" />
                    </Handle>
                  )}
                </Board>
                <figcaption>{title}</figcaption>
              </figure>
            ))}
          </div>
          <Hint tap="Click anywhere to put the query there; the ring stretches and turns the ellipse." />
        </>
      }
      controls={
        <>
          <Slider label="Neighbours: k =" value={k} min={1} max={15} onInput={setK} />
          <Seed seed={seed} onNew={setSeed} />
        </>
      }
      readout={
        <table>
          <caption>Of the {k} nearest, how many are also nearest by l2</caption>
          <tbody>
            {panels.map(({ metric, shared, reach }) => (
              <tr key={metric}>
                <th scope="row">{metric}</th>
                <td class="number">
                  {shared} of {k}
                </td>
                <td class="muted">
                  reach <span class="number">{reach.toFixed(3)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      }
      notice={[
        "l1, l2 and linf mostly agree here: they differ in the corners of their balls.",
        "Cosine knows directions only: a point far out in the query's direction is nearer than one just beside it. For vectors of length 1, cosine and l2 give the same order.",
        "A Mahalanobis metric is l2 after stretching space. Learning a metric (NCA, LMNN) means to find the ellipse that puts like with like.",
      ]}
    />
  );
}
