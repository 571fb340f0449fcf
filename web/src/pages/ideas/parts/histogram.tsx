import "./histogram.css";

interface HistogramProps {
  label: string;
  title: string;
  /** Heights of the bars in any unit; the highest fills the room. */
  heights: readonly number[];
  /** Labels of places from 0 to 1 along the axis. */
  ticks: readonly (readonly [at: number, text: string])[];
  /** A low and a high place that are pointed out, with what they are. */
  marks?: readonly (readonly [at: number, text: string, colour: string])[];
  colour: string;
}

const [WIDTH, HEIGHT] = [600, 190];
const [TOP, BOTTOM] = [30, 24];

/** Bars over one axis. */
export function Histogram({ label, title, heights, ticks, marks = [], colour }: HistogramProps) {
  const wide = WIDTH / heights.length;
  const room = HEIGHT - TOP - BOTTOM;
  const highest = Math.max(...heights);
  // The low mark's name goes to its left, the high one's to its right, where there is room.
  const left = (at: number, i: number): boolean => (i === 0 ? at > 0.2 : at > 0.8);
  return (
    <figure class="histogram">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        {heights.map((height, i) => {
          const tall = (room * height) / highest;
          const y = HEIGHT - BOTTOM - tall;
          return (
            <rect key={i} x={i * wide + 1} y={y} width={wide - 2} height={tall} fill={`var(${colour})`} />
          );
        })}
        <line class="histogram-axis" x2={WIDTH} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
        {ticks.map(([at, text]) => (
          <text
            key={at}
            x={at * WIDTH}
            y={HEIGHT - 6}
            text-anchor={at === 0 ? "start" : at === 1 ? "end" : "middle"}
          >
            {text}
          </text>
        ))}
        {marks.map(([at, text, ink], i) => (
          <g key={text}>
            <line
              class="histogram-mark"
              x1={at * WIDTH}
              x2={at * WIDTH}
              y1={TOP - 6}
              y2={HEIGHT - BOTTOM}
              stroke={`var(${ink})`}
            />
            <text
              x={at * WIDTH + (left(at, i) ? 4 : -4)}
              y={TOP - 12}
              text-anchor={left(at, i) ? "end" : "start"}
            >
              {text}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  );
}
