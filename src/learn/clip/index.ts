export { type FitTwoTowerOptions, fitTwoTower, fitTwoTowerAsync, type ImageTexts } from "./fit.ts";
export { wordsOf } from "./textFeatures.ts";
export {
  createTextTower,
  TEXT_TOWER_DEFAULTS,
  type TextTower,
  type TextTowerOptions,
  type WordVectors,
} from "./textTower.ts";
export { createTwoTower, loadTwoTower, TwoTower, type TwoTowerOptions } from "./twoTower.ts";
