import { render } from "preact";
import "./theme.css";
import { chooseEngine } from "./client/index.ts";
import { Shell } from "./shell/shell.tsx";

await chooseEngine();
render(<Shell />, document.getElementById("app")!);
