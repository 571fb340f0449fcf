export { ballAll } from "./ballAll";
export { ballBlocks, ballGrow, ballNodes } from "./ballBuild";
export { ballDensity } from "./ballDensity";
export { ballQuery } from "./ballSearch";
export { ballWithin } from "./ballWithin";
