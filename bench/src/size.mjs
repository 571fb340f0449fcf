import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/**
 * Bytes of the core entry with its WebAssembly as a browser would fetch it: bundled, minified, gzipped.
 * Undefined where the bundler of the development tools is not installed.
 */
export async function coreSize() {
  const vite = await import("vite").catch(() => undefined);
  if (!vite) return undefined;
  const entry = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
  const built = await vite.build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      target: "es2023",
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: "strict",
        output: { codeSplitting: false },
      },
    },
  });
  const chunks = [built].flat().flatMap(({ output }) => output);
  return chunks.reduce((sum, chunk) => sum + gzipSync(chunk.code ?? chunk.source, { level: 9 }).length, 0);
}
