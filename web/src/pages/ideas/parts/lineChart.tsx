import "./lineChart.css";

export interface Series {
  readonly name: string;
  /** A colour token. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface LineChartProps {
  label: string;
  x: { title: string; ticks: readonly number[]; log?: boolean };
  y: { title: string; ticks: readonly number[]; reads?: (value: number) => string };
  series: readonly Series[];
  /** Where the reader is on the x axis. */
  here?: number;
}

const [WIDTH, HEIGHT] = [420, 230];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 18, 12, 38];

/** A few lines over one axis, with a legend; both axes span their ticks. */
export function LineChart({ label, x, y, series, here }: LineChartProps) {
  const scale = x.log ? Math.log : Number;
  const [x0, x1] = [scale(x.ticks[0]!), scale(x.ticks.at(-1)!)];
  const [y0, y1] = [y.ticks[0]!, y.ticks.at(-1)!];
  const across = (value: number): number => LEFT + ((scale(value) - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const down = (value: number): number =>
    HEIGHT - BOTTOM - ((Math.min(value, y1) - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  return (
    <figure class="line-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line class="line-chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={down(tick)} y2={down(tick)} />
            <text x={LEFT - 6} y={down(tick) + 4} text-anchor="end">
              {(y.reads ?? String)(tick)}
            </text>
          </g>
        ))}
        {x.ticks.map((tick) => (
          <text key={tick} x={across(tick)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">
            {tick}
          </text>
        ))}
        <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4} text-anchor="middle">
          {x.title}
        </text>
        {here !== undefined && (
          <line class="line-chart-here" x1={across(here)} x2={across(here)} y1={TOP} y2={HEIGHT - BOTTOM} />
        )}
        {series.map(({ name, colour, dashed, points }) => (
          <polyline
            key={name}
            points={points.map(([at, value]) => `${across(at)},${down(value)}`).join(" ")}
            stroke={`var(${colour})`}
            stroke-dasharray={dashed ? "6 4" : undefined}
          />
        ))}
      </svg>
      <figcaption>
        <span class="muted">{y.title}:</span>
        {series.map(({ name, colour, dashed }) => (
          <span key={name} class="line-chart-name">
            <svg width="22" height="8" aria-hidden="true" focusable="false">
              <line
                x2="22"
                y1="4"
                y2="4"
                stroke={`var(${colour})`}
                stroke-width="3"
                stroke-dasharray={dashed ? "6 4" : undefined}
              />
            </svg>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
