import { VicinalError } from "../../core/index.ts";

/** Learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

function positive(option: string, got: number): number {
  if (typeof got === "number" && got > 0 && Number.isFinite(got)) return got;
  throw new VicinalError("OPTION_RANGE", { option, got, rule: "a finite number above 0" });
}

/** The same rate throughout. */
export const constant = (rate: number): Schedule => {
  positive("rate", rate);
  return () => rate;
};

/** The rate times `factor` (default 0.1) after every `every` steps. */
export function stepwise({
  rate,
  every,
  factor = 0.1,
}: {
  rate: number;
  every: number;
  factor?: number;
}): Schedule {
  positive("rate", rate);
  positive("every", every);
  positive("factor", factor);
  return (step) => rate * factor ** Math.floor(step / every);
}

/** From `rate` down to `end` (default 0) over `steps` along half a cosine (Loshchilov & Hutter 2017), then `end`. */
export function cosine({ rate, steps, end = 0 }: { rate: number; steps: number; end?: number }): Schedule {
  positive("rate", rate);
  positive("steps", steps);
  return (step) => end + ((rate - end) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)))) / 2;
}

/** Rises linearly to the rate of `then` within the first `steps` steps, then is `then`, counted from there. */
export function warmUp(steps: number, then: Schedule): Schedule {
  const peak = then(0);
  return (step) => (step < steps ? (peak * (step + 1)) / steps : then(step - steps));
}

/**
 * Up to `rate` during the first `rise` (default 0.3) of the steps, down to nearly nothing during the rest, both
 * along half a cosine (Smith & Topin 2018); it starts at rate / 25 and ends at rate / 250,000.
 */
export function oneCycle({
  rate,
  steps,
  rise = 0.3,
}: {
  rate: number;
  steps: number;
  rise?: number;
}): Schedule {
  positive("rate", rate);
  positive("steps", steps);
  const top = rise * steps;
  const between = (from: number, to: number, share: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return (step) =>
    step < top
      ? between(rate / 25, rate, step / top)
      : between(rate, rate / 250_000, Math.min(1, (step - top) / Math.max(1, steps - top)));
}
