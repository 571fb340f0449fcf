import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin, type UserConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The library as users get it: compiled, with its own kernels inside. */
const library = [
  { find: /^vicinal$/, replacement: here("../dist/index.js") },
  { find: /^vicinal\/worker$/, replacement: here("../dist/kernels/worker.js") },
  { find: /^vicinal\/(\w+)$/, replacement: here("../dist/$1/index.js") },
];

/** The documentation, for pages to link to without a network. */
const documentation: Plugin = {
  name: "documentation",
  generateBundle() {
    for (const file of readdirSync(here("../docs")).filter((name) => name.endsWith(".md"))) {
      this.emitFile({
        type: "asset",
        fileName: `docs/${file}`,
        source: readFileSync(here(`../docs/${file}`)),
      });
    }
  },
};

const config: UserConfig = defineConfig({
  root: here("."),
  // Relative, so that the built app works below any path.
  base: "./",
  resolve: { alias: library },
  plugins: [documentation],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  build: { outDir: here("../dist/web"), emptyOutDir: true, target: "es2023", modulePreload: false },
  // While working on pages: `npx vite web`, beside a running `vicinal serve`.
  server: { proxy: { "/api": "http://127.0.0.1:7700" } },
});
export default config;
