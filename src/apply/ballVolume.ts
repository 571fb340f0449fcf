import { VicinalError } from "../core/index.ts";
import type { Index, Key } from "../indexes/contract.ts";
import { logBallVolume } from "../indexes/trees/balltree/normaliser.ts";

/** Natural logarithm of the volume of the ball of radius 1 in d dimensions, where the metric's balls have one. */
export function logUnitBall(metric: Index<Key>["metric"], d: number): number {
  switch (metric) {
    case "l2":
    case "l2sq":
      return logBallVolume(d);
    case "linf":
      return d * Math.LN2;
    case "l1": {
      let sum = d * Math.LN2;
      for (let i = 2; i <= d; i++) sum -= Math.log(i);
      return sum;
    }
    default: {
      const rule = "its balls have no volume that is known here; use l2, l1 or linf";
      throw new VicinalError("UNSUPPORTED", { what: `Density under ${metric}`, rule });
    }
  }
}

/** Natural logarithm of a distance of that metric as a radius. */
export function logRadius(metric: Index<Key>["metric"], distance: number): number {
  return metric === "l2sq" ? Math.log(distance) / 2 : Math.log(distance);
}
