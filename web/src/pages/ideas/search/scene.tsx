import { SIDE } from "../parts/board.tsx";
import type { Point } from "../points.ts";
import type { Searcher, Shape, State, Step } from "./trace.ts";
import "./scene.css";

interface SceneProps {
  points: readonly Point[];
  searcher: Searcher;
  steps: readonly Step[];
  /** The step that is shown. */
  now: number;
  /** True neighbours that the finished search did not find. */
  missed: readonly number[];
}

const units = (value: number): string => (value * SIDE).toFixed(1);
const outline = (corners: readonly Point[]): string =>
  corners.map(({ x, y }) => `${units(x)},${units(y)}`).join(" ");

function Drawn({ shape, points, style }: { shape: Shape; points: readonly Point[]; style: string }) {
  if (shape.kind === "area") return <polygon class={style} points={outline(shape.outline)} />;
  if (shape.kind === "ball") {
    const { centre, radius } = shape;
    return <circle class={style} cx={units(centre.x)} cy={units(centre.y)} r={units(radius)} />;
  }
  const [from, to] = [points[shape.from]!, points[shape.to]!];
  return <line class={style} x1={units(from.x)} y1={units(from.y)} x2={units(to.x)} y2={units(to.y)} />;
}

/** A structure, and how far a search has come in it. */
export function Scene({ points, searcher, steps, now, missed }: SceneProps) {
  const step = steps[now]!;
  const passed = steps.slice(0, now + 1);
  const states = new Map<number, State>(passed.flatMap(({ marks }) => marks));
  const current = new Set(step.marks.map(([shape]) => shape));
  const measured = new Set(passed.flatMap((each) => each.measured));
  const links = searcher.shapes.filter((shape) => shape.kind === "link" && shape.layer === step.layer);
  const present = new Set(links.flatMap((shape) => (shape.kind === "link" ? [shape.from, shape.to] : [])));
  const upper = step.layer > 0 && present.size > 0;
  const shown = searcher.shapes
    .map((shape, i) => ({ shape, i, state: states.get(i) }))
    .filter(({ shape, state }) => shape.layer === step.layer && (shape.resting || state !== undefined));
  const rank = { done: 1, pruned: 1, open: 2 };
  shown.sort((a, b) => (a.state ? rank[a.state] : 0) - (b.state ? rank[b.state] : 0));
  const kind = (id: number): string => {
    if (step.best.includes(id)) return "best";
    if (step.measured.includes(id)) return "fresh";
    if (measured.has(id)) return "measured";
    return upper && !present.has(id) ? "absent" : "rest";
  };
  const radius: Readonly<Record<string, number>> = { best: 8, fresh: 6.5, measured: 5, rest: 4, absent: 2.5 };
  return (
    <g class="scene">
      {shown.map(({ shape, i, state }) => (
        <Drawn
          key={`shape ${i}`}
          shape={shape}
          points={points}
          style={`scene-${shape.kind} scene-${state ?? "rest"}${current.has(i) ? " scene-now" : ""}`}
        />
      ))}
      {searcher.centres.map(({ x, y }) => (
        <path
          key={`centre ${x} ${y}`}
          class="scene-centre"
          d={`M${units(x)} ${units(y)}m-6-6l12 12m0-12l-12 12`}
        />
      ))}
      {points.map(({ x, y }, id) => {
        const style = kind(id);
        return (
          <circle key={id} class={`scene-point-${style}`} cx={units(x)} cy={units(y)} r={radius[style]} />
        );
      })}
      {step.at !== undefined && (
        <circle class="scene-at" cx={units(points[step.at]!.x)} cy={units(points[step.at]!.y)} r="12" />
      )}
      {missed.map((id) => (
        <circle
          key={`missed ${id}`}
          class="scene-missed"
          cx={units(points[id]!.x)}
          cy={units(points[id]!.y)}
          r="10"
        />
      ))}
    </g>
  );
}

/** What the marks of a scene mean. */
export function Legend({ centres, missed }: { centres: boolean; missed: boolean }) {
  const entries = [
    ["scene-point-rest", "not measured"],
    ["scene-point-measured", "measured"],
    ["scene-point-best", "nearest so far"],
  ];
  return (
    <ul class="idea-legend">
      {entries.map(([style, name]) => (
        <li key={name}>
          <svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true" focusable="false">
            <circle class={style} r="5.5" />
          </svg>
          {name}
        </li>
      ))}
      {centres && (
        <li>
          <svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true" focusable="false">
            <path class="scene-centre" d="M-5-5L5 5M5-5L-5 5" />
          </svg>
          centre of a list
        </li>
      )}
      {missed && (
        <li>
          <svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true" focusable="false">
            <circle class="scene-missed" r="6" />
          </svg>
          missed
        </li>
      )}
    </ul>
  );
}
