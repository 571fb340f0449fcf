export { type DownloadOptions, downloadFile } from "./datasets/download.ts";
export { dataRoots, findDataset } from "./datasets/find.ts";
export { type FetchedDataset, type GetDatasetOptions, getDataset } from "./datasets/get.ts";
export { type Dataset, type LoadDatasetOptions, loadDataset } from "./datasets/load.ts";
export { type DatasetInfo, datasetInfo, type FileRole, listDatasets } from "./datasets/registry.ts";
export {
  SYNTHETIC_DEFAULTS,
  type SyntheticData,
  type SyntheticOptions,
  syntheticClusters,
  syntheticJob,
} from "./datasets/synthetic.ts";
export { VECTOR_ENDINGS, VECTOR_FORMATS } from "./detect.ts";
export { halfToNumber, toFloat32, type VectorDtype } from "./elements.ts";
export type { ColumnOptions, CsvOptions } from "./formats/csv.ts";
export { type NetworkTensor, readMatConvNet } from "./formats/matConvNet.ts";
export {
  encodePng,
  type Image,
  type ImageFolderOptions,
  type ImageOptions,
  type ImageTable,
  readImage,
  readImageFolder,
} from "./images.ts";
export { type LabelOptions, readLabels } from "./labels.ts";
export { DATA_LIMITS, type DataLimits } from "./limits.ts";
export { type FieldValue, type Metadata, rowsAsMetadata } from "./metadata.ts";
export { openVectorFile, type ReadOptions, readVectorFile } from "./open.ts";
export { type ByteSource, bytesSource, fileSource, type SourceInput, toByteSource } from "./source.ts";
export type {
  DataKey,
  VectorBlock,
  VectorFileInfo,
  VectorFormat,
  VectorReader,
  VectorTable,
} from "./table.ts";
export { type GroundTruth, readGroundTruth, type TruthOptions } from "./truth.ts";
export { type AnnBenchmarksData, writeAnnBenchmarks } from "./write/hdf5.ts";
export type { TextColumns } from "./write/text.ts";
export {
  encodeVectors,
  vectorChunks,
  WRITABLE_FORMATS,
  type WritableFormat,
  writeVectorFile,
} from "./write/write.ts";
