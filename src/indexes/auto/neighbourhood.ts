import type { Metric } from "../../core/index.ts";
import type { VectorInput } from "../contract.ts";
import { FlatIndex } from "../flat.ts";
import type { RowShape } from "../kind.ts";

/** How a sample of rows lies in space. */
export interface Neighbourhood {
  /** Dimensions that the data fills around its rows; undefined where distances are all equal or there are too few. */
  readonly intrinsicDimension: number | undefined;
  /** Skewness of how often a row is among the nearest of others; over about 1.4, some are so of very many. */
  readonly hubness: number | undefined;
  /** Rows looked at. */
  readonly sample: number;
}

/** Neighbours that the estimate of the dimension looks at. */
const NEAR = 20;
/** Neighbours whose occurrences are counted. */
const OCCURRENCES = 10;
/** Queries of one exact search. */
const BATCH = 64;

/**
 * Intrinsic dimension and hubness among these rows, by exact search of each among the others. A generator of
 * rows done, so that its caller may give the event loop a turn.
 *
 * The dimension is the maximum-likelihood estimate of Levina and Bickel from the ratios of distances to the 20
 * nearest, its inverse averaged over rows as MacKay and Ghahramani corrected it. Cosine distances are taken as
 * chords, Hamming distances as squared lengths, and for inner product the dimension is that of the vectors under l2.
 *
 * @see Levina & Bickel, NIPS 2004; MacKay & Ghahramani 2005; Radovanović et al., JMLR 11 (2010)
 */
export function* neighbourhoodOf(
  vectors: readonly VectorInput[],
  shape: RowShape,
): Generator<number, Neighbourhood> {
  const sample = vectors.length;
  if (sample < 3) return { intrinsicDimension: undefined, hubness: undefined, sample };
  const inverses: number[] = [];
  const occurrences = new Float64Array(sample);
  const spatial = shape.metric === "ip" ? "l2" : shape.metric;
  const metrics: readonly Metric[] = shape.metric === spatial ? [spatial] : [spatial, shape.metric];
  for (const [pass, metric] of metrics.entries()) {
    const index = new FlatIndex({ ...shape, metric });
    try {
      index.add(vectors);
      for (let from = 0; from < sample; from += BATCH) {
        const found = index.search(vectors.slice(from, from + BATCH), { k: Math.min(sample, NEAR + 1) });
        for (let q = 0; q < found.queries; q++) {
          const { ids, distances } = found.row(q);
          // Slots of a fresh index are the rows as they came; of duplicates, another may stand for the row itself.
          const self = ids.indexOf(from + q);
          const others = [...ids.keys()].filter((i) => i !== (self < 0 ? ids.length - 1 : self));
          if (metric === spatial)
            inverses.push(
              ...inverseDimensions(
                others.map((i) => distances[i]!),
                metric,
              ),
            );
          if (metric === shape.metric) {
            for (const i of others.slice(0, Math.min(OCCURRENCES, sample - 1))) occurrences[ids[i]!]!++;
          }
        }
        yield Math.floor((pass * sample + from + found.queries) / metrics.length);
      }
    } finally {
      index.close();
    }
  }
  const mean = inverses.reduce((sum, each) => sum + each, 0) / inverses.length;
  const intrinsicDimension = inverses.length > 0 && mean > 0 ? 1 / mean : undefined;
  return { intrinsicDimension, hubness: skewness(occurrences), sample };
}

/** The inverse of one row's dimension: none where its neighbours are all at one distance or at its own place. */
function inverseDimensions(distances: readonly number[], metric: Metric): number[] {
  const lengths = distances.map((distance) => lengthOf(distance, metric)).filter((length) => length > 0);
  const farthest = lengths.at(-1);
  if (lengths.length < 2 || farthest === undefined) return [];
  let sum = 0;
  for (const length of lengths) sum += Math.log(farthest / length);
  return [sum / (lengths.length - 1)];
}

/** A distance as a length in space. */
function lengthOf(distance: number, metric: Metric): number {
  if (metric === "cosine") return Math.sqrt(2 * Math.max(0, distance));
  if (metric === "l2sq" || metric === "hamming") return Math.sqrt(distance);
  return distance;
}

function skewness(counts: Float64Array): number | undefined {
  const n = counts.length;
  const mean = counts.reduce((sum, each) => sum + each, 0) / n;
  let second = 0;
  let third = 0;
  for (const count of counts) {
    second += (count - mean) ** 2;
    third += (count - mean) ** 3;
  }
  return second === 0 ? undefined : third / n / (second / n) ** 1.5;
}
