import { serverThere, source, useEngine } from "../client/index.ts";

/** Who computes: the server, or Vicinal in the page itself. */
export function EngineSwitch() {
  const { engine } = source.value;
  return (
    <label class="engine-switch">
      <span>Engine</span>
      <select
        value={engine}
        disabled={!serverThere.value}
        title={
          serverThere.value
            ? "Both run the same WebAssembly: on the machine of the server, or in this page"
            : "There is no server here: everything is computed in this page"
        }
        onChange={(event) => useEngine(event.currentTarget.value === "page" ? "page" : "server")}
      >
        <option value="server">Server</option>
        <option value="page">This page</option>
      </select>
    </label>
  );
}
