export { ballBlocks, ballGrow, ballNodes } from "./ballBuild";
export { ballQuery } from "./ballSearch";
