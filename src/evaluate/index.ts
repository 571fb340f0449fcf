/**
 * Measuring neighbours: exact truth, recall as ann-benchmarks judges it, speed through the public
 * search call, sweeps of parameters, and pictures of the result.
 *
 * @module
 */
export * from "./evaluate.ts";
export { type Grid, gridFor, gridPoints, type Params, parseGrid } from "./grid.ts";
export {
  checkEntry,
  type HeldOutOptions,
  MOST_SETTINGS,
  type SweepEntry,
  sweepHeldOut,
} from "./heldOut.ts";
export { type PsnrOptions, psnr, ssim } from "./image/quality.ts";
export { type Measured, type MeasureOptions, measureSearch, percentile } from "./measure.ts";
export { paretoFront, pointAtRecall, type Tradeoff } from "./pareto.ts";
export { type Bar, type BarOptions, plotBars } from "./plot/bars.ts";
export { type ConfusionOptions, plotConfusion } from "./plot/confusion.ts";
export { type LinePlotOptions, type LineSeries, plotLines } from "./plot/lines.ts";
export { plotRaster, type RasterGrid, type RasterOptions } from "./plot/raster.ts";
export { type PlotOptions, plotRecallQps, type Series } from "./plot/recall-qps.ts";
export { plotScatter, type ScatterClass, type ScatterOptions } from "./plot/scatter.ts";
export {
  type Answers,
  createJudge,
  type Judge,
  RECALL_EPSILON,
  type RecallOptions,
  recallAtK,
  type Scores,
  type Truth,
} from "./recall.ts";
export {
  type EvaluationReport,
  evaluationReport,
  type PointReport,
  type ResultReport,
} from "./report.ts";
export {
  adjustedMutualInfoScore,
  adjustedRandScore,
  type EntropyAverage,
  normalizedMutualInfoScore,
} from "./retrieval/agreement.ts";
export {
  accuracyScore,
  brierScore,
  type Calibration,
  type CalibrationBin,
  type ConfusionMatrix,
  calibration,
  confusionMatrix,
  expectedCalibrationError,
  logLoss,
  type Probabilities,
} from "./retrieval/classification.ts";
export {
  type ClusterRatio,
  type ClusterRatioOptions,
  type ClusterRatios,
  clusterRatio,
  effectiveDimension,
  type NullRatios,
  type PairMeans,
  type PropertyRatios,
  type PropertyValues,
  type RatioMeans,
} from "./retrieval/clusterRatio.ts";
export {
  type SampledClusterOptions,
  type SampledClusterRatios,
  type SampledPropertyRatios,
  type SampledRatio,
  sampledClusterRatio,
} from "./retrieval/clusterSample.ts";
export type { Labels } from "./retrieval/labels.ts";
export { type RankedScores, rankedScores } from "./retrieval/ranked.ts";
export { placeOf, type RankingScores, scorePlaces, scoreRankings } from "./retrieval/ranking.ts";
export {
  type ClusterScores,
  evaluateRetrieval,
  type RetrievalOptions,
  type RetrievalScores,
} from "./retrieval/retrieval.ts";
export {
  calinskiHarabaszScore,
  daviesBouldinScore,
  type SilhouetteOptions,
  silhouetteScore,
} from "./retrieval/separation.ts";
export { indexShape } from "./shape.ts";
export { measurePoint, type Point, type SweepOptions, sweep } from "./sweep.ts";
export { displayWidth, formatTable, type TableColumn, type TableOptions } from "./table.ts";
export { type GroundTruth, type GroundTruthOptions, groundTruth } from "./truth.ts";
export { type SignedRank, wilcoxonSignedRank } from "./wilcoxon.ts";
