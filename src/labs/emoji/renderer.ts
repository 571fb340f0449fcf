import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { openRendererPackage } from "./styles.ts";

interface Resvg {
  render(): { readonly pixels: Uint8Array; readonly width: number; readonly height: number; free(): void };
  free(): void;
}
interface ResvgModule {
  initWasm(module: Promise<WebAssembly.Module> | WebAssembly.Module): Promise<void>;
  Resvg: new (svg: string, options: object) => Resvg;
}

/** Draws SVG documents over white. */
export interface Renderer {
  readonly version: string;
  /**
   * RGB bytes, row-major, size × size × 3, or the reason why this drawing cannot be made. Some
   * drawings stop the engine; it is then started afresh, so that the next one finds it clean.
   */
  draw(svg: string, size: number): Promise<Uint8Array | { why: string }>;
}

const OPTIONS = { background: "#fff", font: { loadSystemFonts: false } };

/** Starts the renderer. Throws DEPENDENCY_MISSING when it is not installed. */
export async function createRenderer(): Promise<Renderer> {
  const { folder, version } = openRendererPackage();
  const module = await WebAssembly.compile(readFileSync(join(folder, "index_bg.wasm")));
  let engine = await start(folder, module);
  return {
    version,
    async draw(svg, size) {
      try {
        return draw(engine, svg, size);
      } catch (error) {
        engine = await start(folder, module);
        return { why: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

/** A new instance: the package holds one per load of its module, so the module is loaded again. */
async function start(folder: string, module: WebAssembly.Module): Promise<ResvgModule> {
  const require = createRequire(join(folder, "package.json"));
  const entry = join(folder, "index.js");
  // Under its real path, where packages are linked into node_modules.
  delete require.cache[require.resolve(entry)];
  const engine = require(entry) as ResvgModule;
  await engine.initWasm(module);
  return engine;
}

function draw(engine: ResvgModule, svg: string, size: number): Uint8Array | { why: string } {
  const document = new engine.Resvg(svg, OPTIONS);
  const image = document.render();
  const rgba = image.pixels;
  const square = image.width === size && image.height === size;
  const got = `${image.width} × ${image.height} pixels instead of ${size} × ${size}`;
  image.free();
  document.free();
  if (!square) return { why: got };
  const rgb = new Uint8Array(size * size * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
  return rgb;
}
