import { source } from "../client/index.ts";

/** Says who computes. */
export function EngineSwitch() {
  return <span class="muted">{source.value.engine === "server" ? "Server" : "This page"}</span>;
}
