// Compiles wasm/index.ts with the AssemblyScript compiler into two modules, plain SIMD and relaxed SIMD, and
// writes them in hexadecimal into src/kernels/wasm.generated.ts and as files into .cache/wasm/. (Packed for
// sending, that is a third smaller than base64, whose digits straddle bytes and hide what repeats.) Does
// nothing when sources, flags and compiler are those of the last build. The compiler reads the very bytes
// that were hashed, and every file is replaced in one step, so processes may run this at the same time.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCES = join(ROOT, "wasm");
const OUT = join(ROOT, ".cache", "wasm");
const STAMP = join(OUT, "stamp.json");
const GENERATED = join(ROOT, "src", "kernels", "wasm.generated.ts");

const FLAGS = [
  ..."--runtime stub --importMemory --noExportMemory --initialMemory 1 --maximumMemory 65536".split(" "),
  ..."--memoryBase 1024 -O3 --noAssert --uncheckedBehavior always".split(" "),
  ..."--enable simd --enable threads".split(" "),
];

const BUILDS = [
  { name: "PLAIN", file: "vicinal.wasm", flags: [] },
  {
    name: "RELAXED",
    file: "vicinal-relaxed.wasm",
    flags: "--enable relaxed-simd --use RELAXED=1".split(" "),
  },
];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Source files below wasm/ as a map from path ("wasm/simd.ts") to text. */
function readSources() {
  const names = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) =>
      relative(ROOT, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join("/"),
    )
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(ROOT, name), "utf8")]));
}

function compilerVersion() {
  return createRequire(import.meta.url)("assemblyscript/package.json").version;
}

function inputDigest(sources) {
  const script = readFileSync(fileURLToPath(import.meta.url));
  return sha256(JSON.stringify([compilerVersion(), sha256(script), [...sources]]));
}

const outputPaths = () => [GENERATED, ...BUILDS.map(({ file }) => join(OUT, file))];

/** True when the last build read the same inputs and its outputs are unchanged. */
function isFresh(digest) {
  try {
    const stamp = JSON.parse(readFileSync(STAMP, "utf8"));
    const now = outputPaths().map((path) => sha256(readFileSync(path)));
    return stamp.digest === digest && stamp.outputs.join() === now.join();
  } catch {
    return false;
  }
}

function replaceFile(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  const aside = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    writeFileSync(aside, bytes);
    renameSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

async function compile({ file, flags }, sources) {
  const { default: asc } = await import("assemblyscript/asc");
  const messages = [];
  let wasm;
  const { error } = await asc.main(
    ["wasm/index.ts", "--outFile", file, "--baseDir", ".", ...FLAGS, ...flags],
    {
      stdout: { write: (text) => messages.push(text) },
      stderr: { write: (text) => messages.push(text) },
      readFile: (name) => sources.get(name.replaceAll("\\", "/").replace(/^\.\//, "")) ?? null,
      writeFile: (_name, contents) => {
        wasm = contents;
      },
      listFiles: () => [],
    },
  );
  process.stderr.write(messages.join(""));
  if (error || !wasm) throw new Error(`AssemblyScript could not compile ${file}: ${error?.message ?? ""}`);
  return wasm;
}

/** Static data would be written into memory that the caller lays out, once per instance: there must be none. */
function checkNoData(wasm, file) {
  if (!WebAssembly.validate(wasm) && file !== "vicinal-relaxed.wasm") throw new Error(`${file} is not valid`);
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    if (id === 11 && wasm[at] !== 0) {
      throw new Error(`${file} holds static data: no strings, static arrays or managed objects in wasm/`);
    }
    at += size;
  }
}

function generatedSource(modules) {
  const lines = BUILDS.map(
    ({ name }, i) => `export const ${name}: string =\n  "${Buffer.from(modules[i]).toString("hex")}";`,
  );
  return `// Written by scripts/build-wasm.mjs from wasm/.\n${lines.join("\n")}\n`;
}

/** Brings the modules up to date. Returns whether there was anything to do; throws on a compile error. */
export async function buildWasm({ force = false } = {}) {
  const sources = readSources();
  const digest = inputDigest(sources);
  if (!force && isFresh(digest)) return false;
  const modules = [];
  for (const build of BUILDS) {
    const wasm = await compile(build, sources);
    checkNoData(wasm, build.file);
    modules.push(wasm);
  }
  const outputs = [generatedSource(modules), ...modules];
  outputPaths().forEach((path, i) => {
    replaceFile(path, outputs[i]);
  });
  replaceFile(STAMP, JSON.stringify({ digest, outputs: outputs.map((bytes) => sha256(bytes)) }));
  process.stderr.write(`wasm: plain ${modules[0].length} bytes, relaxed ${modules[1].length} bytes\n`);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await buildWasm({ force: process.argv.includes("--force") });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
