/** What a point on the recall–speed plane needs. */
export interface Tradeoff {
  readonly recall: number;
  readonly qps: number;
}

/** The points that no other beats in both recall and QPS, in ascending recall; of equals, the first. O(n log n). */
export function paretoFront<P extends Tradeoff>(points: readonly P[]): P[] {
  const sorted = [...points].sort((a, b) => b.recall - a.recall || b.qps - a.qps);
  const front: P[] = [];
  let fastest = Number.NEGATIVE_INFINITY;
  for (const point of sorted) {
    if (point.qps <= fastest) continue;
    fastest = point.qps;
    front.push(point);
  }
  return front.reverse();
}

/** The fastest point with at least that recall; undefined when none reaches it. */
export function pointAtRecall<P extends Tradeoff>(points: readonly P[], recall: number): P | undefined {
  let best: P | undefined;
  for (const point of points) {
    if (point.recall >= recall && (best === undefined || point.qps > best.qps)) best = point;
  }
  return best;
}
