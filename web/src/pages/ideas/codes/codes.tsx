import { useMemo, useState } from "preact/hooks";
import { createRng } from "vicinal/core";
import { percent } from "../../../parts/format.ts";
import { Slider } from "../../../parts/slider.tsx";
import { Board, Query, SIDE } from "../parts/board.tsx";
import { Hint, Idea, Seed } from "../parts/idea.tsx";
import { bruteForce, clouds, type Point } from "../points.ts";
import { borders, decoded, learn, recallOf, searchCodes } from "./codes.ts";
import "./codes.css";

const POINTS = 200;
const CLOUDS = 6;
const K = 5;
/** Bits of a point as two numbers of 32. */
const PLAIN = 64;

export default function CodesIdea() {
  const [seed, setSeed] = useState(1);
  const [query, setQuery] = useState<Point>({ x: 0.42, y: 0.52 });
  const [bits, setBits] = useState(3);
  const [rerank, setRerank] = useState(K);
  const points = useMemo(() => clouds(POINTS, CLOUDS, createRng(seed, "codes")), [seed]);
  const books = useMemo(() => learn(points, bits, seed), [points, bits, seed]);
  const codes = useMemo(() => points.map((point) => decoded(books, point)), [points, books]);
  const recall = useMemo(() => recallOf(points, codes, K, rerank, seed), [points, codes, rerank, seed]);
  const truth = bruteForce(points, query, K);
  const { candidates, ids } = searchCodes(points, codes, query, K, rerank);
  const style = (id: number): string => {
    if (ids.includes(id)) return truth.includes(id) ? "codes-right" : "codes-wrong";
    return truth.includes(id) ? "codes-missed" : "codes-point";
  };
  return (
    <Idea
      says={
        <p>
          Vectors fill the memory, so an index may keep only a short code of each. Product quantization cuts a
          vector into parts, here x and y, and learns a few typical values of each part; a point is stored as
          the numbers of its two values, that is, as its cell. All points of a cell then look alike. The best
          by codes can be measured again with the true vectors: reranking.
        </p>
      }
      figure={
        <>
          <Board label="Points, the cells of their codes and a query" onTap={setQuery}>
            <g class="codes-drawn">
              {borders(books.x).map((x) => (
                <line key={`x${x}`} class="codes-border" x1={x * SIDE} x2={x * SIDE} y2={SIDE} />
              ))}
              {borders(books.y).map((y) => (
                <line key={`y${y}`} class="codes-border" y1={y * SIDE} y2={y * SIDE} x2={SIDE} />
              ))}
              {points.map(({ x, y }, id) => (
                <line
                  key={id}
                  class="codes-loss"
                  x1={x * SIDE}
                  y1={y * SIDE}
                  x2={codes[id]!.x * SIDE}
                  y2={codes[id]!.y * SIDE}
                />
              ))}
              {(rerank > K ? candidates : []).map((id) => (
                <circle
                  key={`c${id}`}
                  class="codes-candidate"
                  cx={points[id]!.x * SIDE}
                  cy={points[id]!.y * SIDE}
                  r="11"
                />
              ))}
              {points.map(({ x, y }, id) => (
                <circle
                  key={id}
                  class={style(id)}
                  cx={x * SIDE}
                  cy={y * SIDE}
                  r={style(id) === "codes-point" ? 4.5 : 8}
                />
              ))}
            </g>
            <Query at={query} onMove={setQuery} />
          </Board>
          <ul class="idea-legend">
            <li>
              <Key style="codes-right" /> found and right
            </li>
            <li>
              <Key style="codes-wrong" /> found, but not among the {K} nearest
            </li>
            <li>
              <Key style="codes-missed" /> missed
            </li>
            {rerank > K && (
              <li>
                <Key style="codes-candidate" /> measured again
              </li>
            )}
          </ul>
          <Hint tap="Click anywhere to put the query there." />
        </>
      }
      controls={
        <>
          <Slider
            label="Bits for each part:"
            value={bits}
            min={1}
            max={6}
            format={(value) => `${value} (${2 ** value} values)`}
            onInput={setBits}
          />
          <Slider
            label="Measured again (rerank):"
            value={rerank}
            min={K}
            max={60}
            format={(value) => (value === K ? "none" : `${value}`)}
            onInput={setRerank}
          />
          <Seed seed={seed} onNew={setSeed} />
        </>
      }
      readout={
        <>
          <p>
            A point takes <strong>{2 * bits}</strong> bits instead of {PLAIN}. Here{" "}
            <strong>{ids.filter((id) => truth.includes(id)).length}</strong> of the {K} nearest are found.
          </p>
          <p>
            Over 200 queries near the points: recall@{K} = <strong>{percent(recall)}</strong>.
          </p>
        </>
      }
      notice={[
        "The thin lines are what coding throws away: from each point to the middle of its cell.",
        `Two parts of ${2 ** bits} values give ${4 ** bits} cells, though only ${2 * 2 ** bits} values are stored. With 16 parts of 256 values there are 2¹²⁸ cells: that is the point of the product.`,
        "A few bits more or a few candidates more: both bring recall back. Codes find the region cheaply, the true vectors settle the order.",
      ]}
    />
  );
}

function Key({ style }: { style: string }) {
  return (
    <svg width="18" height="18" viewBox="-10 -10 20 20" aria-hidden="true" focusable="false">
      <circle class={style} r="7" />
    </svg>
  );
}
