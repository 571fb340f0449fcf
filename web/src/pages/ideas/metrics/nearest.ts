import { create, type Metric } from "vicinal";
import type { Point } from "../points.ts";

/** Which points are nearest, and how far the last of them is. */
export interface Nearest {
  readonly ids: readonly number[];
  readonly reach: number;
}

/** An exact index over the points, to be closed. */
export interface Asked {
  nearest(query: Point, k: number): Nearest;
  close(): void;
}

/** Places are seen from the middle of the board, where the cosine's directions start; y points up. */
export const centred = ({ x, y }: Point): [number, number] => [2 * x - 1, 1 - 2 * y];

export function ask(points: readonly Point[], metric: Metric, matrix?: readonly number[][]): Asked {
  const metricOptions = matrix === undefined ? {} : { metricOptions: { matrix } };
  const index = create<number>("Flat", { dimension: 2, metric, ...metricOptions });
  index.add(points.map(centred));
  return {
    nearest(query, k) {
      const items = index.search([centred(query)], { k }).items();
      return { ids: items.map(({ key }) => key), reach: items.at(-1)!.distance };
    },
    close: () => index.close(),
  };
}
