// The web app: whether dist/web is up to date, and how it is built.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const WEB = join(ROOT, "web");
const DOCS = join(ROOT, "docs");
const OUT = join(ROOT, "dist", "web");
const STAMP = join(ROOT, ".cache", "build-web.json");

function inputs() {
  return readdirSync(WEB, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(WEB, join(entry.parentPath, entry.name)))
    .filter((name) => !/^(node_modules|\.vite)\b|\.test\.tsx?$/.test(name))
    .sort();
}

function digestOf(libraryDigest) {
  const hash = createHash("sha256").update(libraryDigest);
  for (const name of inputs()) hash.update(`\0${name}\0`).update(readFileSync(join(WEB, name)));
  const pages = readdirSync(DOCS).filter((name) => name.endsWith(".md"));
  for (const name of pages.sort()) hash.update(`\0${name}\0`).update(readFileSync(join(DOCS, name)));
  return hash.digest("hex");
}

/** True when dist/web was built from these sources and this library, which `libraryDigest` stands for. */
export function isWebFresh(libraryDigest) {
  const built = existsSync(STAMP) && readFileSync(STAMP, "utf8") === digestOf(libraryDigest);
  return built && existsSync(join(OUT, "index.html"));
}

/** Writes dist/web anew. */
export async function buildWeb(libraryDigest) {
  const digest = digestOf(libraryDigest);
  rmSync(STAMP, { force: true });
  const { build } = await import("vite");
  await build({ configFile: join(WEB, "vite.config.ts"), logLevel: "error" });
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, digest);
}
