import { CONTENDERS, type Measured } from "./measure.ts";

const [WIDTH, HEIGHT] = [600, 430];
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 18, 16, 44];
const LOWEST = 0.4;
/** Least share of misses that is told from none: one in 2,000. */
const FEWEST = 0.0005;
const TICKS = [0.4, 0.7, 0.9, 0.97, 0.99, 0.997, 1] as const;

/** Each tenth of the misses is a step, so that 0.99 is as far from 0.9 as 0.999 is from 0.99. */
const nines = (recall: number): number => -Math.log10(1 - recall + FEWEST);

/** Colour and mark of each contender, told apart by either. */
export const LOOKS = [
  { colour: "--ink", mark: "M0-9L9 0L0 9L-9 0Z" },
  { colour: "--first", mark: "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0" },
  { colour: "--second", mark: "M-6-6H6V6H-6Z" },
  { colour: "--third", mark: "M0-8L8 6H-8Z" },
] as const;

interface ChartProps {
  all: readonly Measured[];
  wanted: number;
  chosen: Measured | undefined;
}

/** Recall to the right by its nines, searches a second upward on a logarithmic scale. */
export function Chart({ all, wanted, chosen }: ChartProps) {
  const logs = all.map(({ qps }) => Math.log10(qps));
  const low = Math.floor(Math.min(3, ...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(4, ...logs)));
  const [from, to] = [nines(LOWEST), nines(1)];
  const x = (recall: number): number =>
    LEFT + ((nines(Math.max(LOWEST, recall)) - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const y = (qps: number): number =>
    HEIGHT - BOTTOM - ((Math.log10(qps) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const powers = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return (
    <svg
      class="tradeoff-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Recall against searches a second of ${all.length} settings; the table below has the numbers`}
    >
      <rect
        class="tradeoff-enough"
        x={x(wanted)}
        y={TOP}
        width={WIDTH - RIGHT - x(wanted)}
        height={HEIGHT - TOP - BOTTOM}
      />
      {powers.map((power) => (
        <g key={power}>
          <line class="tradeoff-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(power)} y2={y(power)} />
          <text x={LEFT - 6} y={y(power) + 5} text-anchor="end">
            {power.toLocaleString("en", { notation: "compact" })}
          </text>
        </g>
      ))}
      {TICKS.map((tick) => (
        <text key={tick} x={x(tick)} y={HEIGHT - BOTTOM + 18} text-anchor="middle">
          {tick}
        </text>
      ))}
      <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 4} text-anchor="middle">
        recall@10; up: searches a second
      </text>
      {[...LOOKS.entries()].reverse().map(([contender, { colour, mark }]) => {
        const points = all.filter((each) => each.contender === contender);
        return (
          <g key={colour} stroke={`var(${colour})`} fill={`var(${colour})`}>
            <polyline
              points={points.map(({ recall, qps }) => `${x(recall)},${y(qps)}`).join(" ")}
              fill="none"
              stroke-width="2"
            />
            {points.map(({ setting, recall, qps }) => (
              <path key={setting} d={mark} transform={`translate(${x(recall)} ${y(qps)})`}>
                <title>{`${CONTENDERS[contender]!.name} ${setting || ""}`}</title>
              </path>
            ))}
          </g>
        );
      })}
      {chosen !== undefined && (
        <circle class="tradeoff-chosen" cx={x(chosen.recall)} cy={y(chosen.qps)} r="15" />
      )}
    </svg>
  );
}
