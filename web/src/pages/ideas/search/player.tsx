import { useEffect, useState } from "preact/hooks";
import "./player.css";

type Speed = "slow" | "medium" | "fast";

/** Milliseconds that a step stays. */
const PAUSE: Readonly<Record<Speed, number>> = { slow: 1400, medium: 500, fast: 120 };

interface PlayerProps {
  /** The step shown, from 0. */
  now: number;
  steps: number;
  /** What happens in it. */
  says: string;
  onStep: (step: number) => void;
}

/** Buttons and a slider to walk through steps; nothing moves until it is asked to. */
export function Player({ now, steps, says, onStep }: PlayerProps) {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>("medium");
  const last = steps - 1;
  useEffect(() => {
    if (!playing) return;
    if (now >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => onStep(now + 1), PAUSE[speed]);
    return () => clearTimeout(timer);
  }, [playing, now, last, speed]);
  const go = (step: number): void => {
    setPlaying(false);
    onStep(Math.min(last, Math.max(0, step)));
  };
  const play = (): void => {
    if (!playing && now >= last) onStep(0);
    setPlaying(!playing);
  };
  return (
    <div class="player">
      <p class="player-says" aria-live={playing ? "off" : "polite"}>
        <span class="muted number">
          Step {now + 1} of {steps}
        </span>{" "}
        {says}
      </p>
      <div class="player-row">
        <button type="button" class="main player-play" onClick={play}>
          {playing ? "Pause" : "Play"}
        </button>
        <button type="button" disabled={now === 0} onClick={() => go(now - 1)}>
          Back
        </button>
        <button type="button" disabled={now >= last} onClick={() => go(now + 1)}>
          Step
        </button>
        <button type="button" disabled={now >= last} onClick={() => go(last)}>
          End
        </button>
        <input
          type="range"
          aria-label="Step"
          aria-valuetext={`Step ${now + 1} of ${steps}`}
          min={0}
          max={last}
          value={now}
          onInput={(event) => go(Number(event.currentTarget.value))}
        />
        <label class="player-speed">
          Speed
          <select value={speed} onChange={(event) => setSpeed(event.currentTarget.value as Speed)}>
            {Object.keys(PAUSE).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
