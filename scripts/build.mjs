// Builds what is missing or stale: the WebAssembly modules, dist/, the web app in dist/web. Silent when nothing is to be done;
// whatever it says goes to stderr, so that a command run after it owns stdout. Two builds may run at once:
// a lock lets one work, and files are replaced one by one, each in a single step.
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildWeb, isWebFresh } from "./build-web.mjs";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const CACHE = join(ROOT, ".cache");
const STAMP = join(CACHE, "build.json");
const LOCK = join(CACHE, "build.lock");
const WASM_OUT = join(CACHE, "wasm");
const DIST = join(ROOT, "dist");
const MAIN = join("cli", "main.js");
const GENERATED = /\.generated\.ts$/;
const TEST = /\.test\.ts$/;

/** Files below `folder`, as paths relative to it, in a fixed order; none when the folder is absent. */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** One digest over everything the build reads, apart from what the build itself generates. */
function inputDigest() {
  const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
  const scripts = ["build.mjs", "build-wasm.mjs", "pack.mjs"];
  const inputs = [
    ...settings,
    ...scripts.map((name) => join("scripts", name)),
    ...filesBelow(join(ROOT, "wasm")).map((name) => join("wasm", name)),
    ...filesBelow(join(ROOT, "src")).map((name) => join("src", name)),
  ].filter((name) => !GENERATED.test(name) && !TEST.test(name));
  const hash = createHash("sha256").update(process.versions.node.split(".")[0]);
  for (const name of inputs) {
    const path = join(ROOT, name);
    if (!existsSync(path)) continue;
    hash.update(`\0${name}\0`).update(readFileSync(path));
  }
  return hash.digest("hex");
}

function generatedSources() {
  return filesBelow(join(ROOT, "src"))
    .filter((name) => GENERATED.test(name))
    .map((name) => join("src", name));
}

/** True when the last build read the same inputs and everything it wrote is still there. */
function isFresh(digest) {
  try {
    const stamp = JSON.parse(readFileSync(STAMP, "utf8"));
    return (
      stamp.digest === digest &&
      stamp.outputs.every(({ path, bytes }) => statSync(join(ROOT, path)).size === bytes)
    );
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Removes a lock left behind by a process that is gone. */
function dropStaleLock() {
  try {
    const pid = Number(readFileSync(LOCK, "utf8"));
    const ageMs = Date.now() - statSync(LOCK).mtimeMs;
    const stale = pid > 0 ? !isAlive(pid) || ageMs > 900_000 : ageMs > 10_000;
    if (!stale) return;
    const aside = `${LOCK}.${process.pid}`;
    renameSync(LOCK, aside);
    unlinkSync(aside);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** Runs `work` while no other build runs. */
async function alone(work) {
  mkdirSync(CACHE, { recursive: true });
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    dropStaleLock();
    await sleep(50);
  }
  try {
    return await work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

async function buildKernels(force) {
  const script = join(ROOT, "scripts", "build-wasm.mjs");
  const { buildWasm } = await import(pathToFileURL(script).href);
  await buildWasm({ force });
}

/** Runs the TypeScript compiler; its messages go to stderr. Throws when it finds an error. */
export function runTsc(args) {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  if (!existsSync(tsc)) throw new Error("the development tools are missing; run: npm ci");
  const run = spawnSync(process.execPath, [tsc, ...args], { cwd: ROOT, encoding: "utf8" });
  process.stderr.write((run.stdout ?? "") + (run.stderr ?? ""));
  if (run.status !== 0) throw new Error(`tsc ${args.join(" ")} failed`);
}

/** Writes the file in one step, unless it already holds these bytes. */
function replaceFile(path, bytes, mode) {
  const same = existsSync(path) && readFileSync(path).equals(bytes);
  if (!same) {
    mkdirSync(dirname(path), { recursive: true });
    const aside = `${path}.${randomBytes(4).toString("hex")}.tmp`;
    writeFileSync(aside, bytes);
    renameSync(aside, path);
  }
  if (mode !== undefined) chmodSync(path, mode);
}

/**
 * Declarations keep the ".ts" of the sources' imports; consumers' tools look for ".js" beside ".d.ts".
 */
function declaration(bytes) {
  const text = bytes.toString("utf8");
  return Buffer.from(text.replace(/((?:from|import\()\s*["']\.{1,2}\/[^"'\n]+)\.ts(["'])/g, "$1.js$2"));
}

/** Makes dist/ equal to the folder just compiled plus the plain .wasm files. Returns its files. */
function publish(staging) {
  const names = new Set();
  for (const name of filesBelow(staging)) {
    let bytes = readFileSync(join(staging, name));
    if (name.endsWith(".d.ts")) bytes = declaration(bytes);
    const isMain = name === MAIN;
    if (isMain && !bytes.subarray(0, 2).equals(Buffer.from("#!"))) {
      bytes = Buffer.concat([Buffer.from("#!/usr/bin/env node\n"), bytes]);
    }
    replaceFile(join(DIST, name), bytes, isMain ? 0o755 : undefined);
    names.add(name);
  }
  for (const name of filesBelow(WASM_OUT).filter((file) => file.endsWith(".wasm"))) {
    const target = join("wasm", name);
    replaceFile(join(DIST, target), readFileSync(join(WASM_OUT, name)));
    names.add(target);
  }
  for (const name of filesBelow(DIST)) {
    // The web app in dist/web is written by build-web.mjs.
    if (!names.has(name) && !name.startsWith(`web${sep}`)) rmSync(join(DIST, name), { force: true });
  }
  return [...names].map((name) => join("dist", name));
}

/** Brings everything up to date. Returns whether there was anything to do. */
export async function build({ force = false } = {}) {
  const library = await buildLibrary({ force });
  const digest = inputDigest();
  if (!force && isWebFresh(digest)) return library;
  await alone(async () => {
    if (!force && isWebFresh(digest)) return;
    process.stderr.write("building the web app …\n");
    await buildWeb(digest);
  });
  return true;
}

async function buildLibrary({ force }) {
  if (!force && isFresh(inputDigest())) return false;
  return alone(async () => {
    const digest = inputDigest();
    if (!force && isFresh(digest)) return false;
    process.stderr.write("building vicinal …\n");
    rmSync(STAMP, { force: true });
    await buildKernels(force);
    const staging = join(CACHE, `dist-${process.pid}`);
    try {
      runTsc(["-p", "tsconfig.build.json", "--outDir", staging]);
      const outputs = [...publish(staging), ...generatedSources()];
      const sized = outputs.map((path) => ({ path, bytes: statSync(join(ROOT, path)).size }));
      writeFileSync(STAMP, JSON.stringify({ digest, outputs: sized }));
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
    return true;
  });
}

/** Brings only the WebAssembly modules up to date: enough to type-check and to run tests from source. */
export async function buildWasmOnly() {
  await alone(() => buildKernels(false));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await build({ force: process.argv.includes("--force") });
  } catch (error) {
    process.stderr.write(`build failed: ${error.message}\n`);
    if (process.env["VICINAL_DEBUG"] === "1") process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}
