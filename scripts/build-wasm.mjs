// Compiles two programs, wasm/index.ts that searches and wasm/learn/index.ts that learns, each into two modules,
// plain SIMD and relaxed SIMD, which go as files into .cache/wasm/ and, packed (scripts/pack.mjs), into a generated
// source; the first one's holds the small module that unpacks them, too. A program whose sources, flags and
// compiler are those of the last build is left as it is. The compiler reads the very bytes that were hashed,
// and every file is replaced in one step, so processes may run this at the same time.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { pack } from "./pack.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCES = join(ROOT, "wasm");
const OUT = join(ROOT, ".cache", "wasm");
const FLAGS = [
  ..."--runtime stub --importMemory --noExportMemory --initialMemory 1 --maximumMemory 65536".split(" "),
  ..."--memoryBase 1024 --noAssert --uncheckedBehavior always".split(" "),
];
const FAST = "-O3 --enable simd --enable threads".split(" ");

const isLearning = (name) => name.startsWith("wasm/learn/");
/** What both programs may use: the files that lie in wasm/ itself. */
const isCommon = (name) => !name.slice("wasm/".length).includes("/");

const PROGRAMS = [
  {
    name: "vicinal",
    entry: "wasm/index.ts",
    uses: (source) => !isLearning(source),
    generated: join(ROOT, "src", "kernels", "wasm.generated.ts"),
  },
  {
    name: "vicinal-learn",
    entry: "wasm/learn/index.ts",
    uses: (source) => isLearning(source) || isCommon(source),
    generated: join(ROOT, "src", "autodiff", "wasm", "wasm.generated.ts"),
  },
];
/** Its modules, the plain one first. */
const buildsOf = ({ name, entry }) => [
  { entry, file: `${name}.wasm`, flags: FAST },
  {
    entry,
    file: `${name}-relaxed.wasm`,
    flags: [...FAST, ..."--enable relaxed-simd --use RELAXED=1".split(" ")],
  },
];
/** Unpacks the others; only ever inlined. */
const UNPACKER = { entry: "wasm/unpack/index.ts", file: "unpack.wasm", flags: ["-O3s"] };

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
  const scripts = ["build-wasm.mjs", "pack.mjs"].map((name) =>
    sha256(readFileSync(join(ROOT, "scripts", name))),
  );
  return sha256(JSON.stringify([compilerVersion(), ...scripts, [...sources]]));
}

const outputPaths = (program) => [program.generated, ...buildsOf(program).map(({ file }) => join(OUT, file))];
const stampPath = ({ name }) => join(OUT, `${name}.json`);

/** True when the last build read the same inputs and its outputs are unchanged. */
function isFresh(program, digest) {
  try {
    const stamp = JSON.parse(readFileSync(stampPath(program), "utf8"));
    const now = outputPaths(program).map((path) => sha256(readFileSync(path)));
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

async function compile({ entry, file, flags }, sources) {
  const { default: asc } = await import("assemblyscript/asc");
  const messages = [];
  let wasm;
  const { error } = await asc.main([entry, "--outFile", file, "--baseDir", ".", ...FLAGS, ...flags], {
    stdout: { write: (text) => messages.push(text) },
    stderr: { write: (text) => messages.push(text) },
    readFile: (name) => sources.get(name.replaceAll("\\", "/").replace(/^\.\//, "")) ?? null,
    writeFile: (_name, contents) => {
      wasm = contents;
    },
    listFiles: () => [],
  });
  process.stderr.write(messages.join(""));
  if (error || !wasm) throw new Error(`AssemblyScript could not compile ${file}: ${error?.message ?? ""}`);
  return wasm;
}

/** Static data would be written into memory that the caller lays out, once per instance: there must be none. */
function checkNoData(wasm, file) {
  if (!WebAssembly.validate(wasm) && !file.endsWith("-relaxed.wasm")) throw new Error(`${file} is not valid`);
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

/** Unpacks as src/kernels/unpack.ts does, and throws unless that gives back what was packed. */
function checkPacked(unpacker, packed, modules) {
  const pages = (bytes) => Math.ceil(bytes / 65536);
  const size = modules.reduce((sum, { length }) => sum + length, 0);
  const memory = new WebAssembly.Memory({ initial: 16 + pages(packed.length) + pages(size), maximum: 65536 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(unpacker), { env: { memory } });
  const { unpack, restoreLocals, workingBytes } = instance.exports;
  const text = 1024 + workingBytes();
  let at = text + packed.length + 1;
  new Uint8Array(memory.buffer).set(Buffer.from(packed), text);
  unpack(text, at, size, 1024);
  for (const module of modules) {
    restoreLocals(at, 1024);
    if (Buffer.compare(new Uint8Array(memory.buffer, at, module.length), module) !== 0) {
      throw new Error("scripts/pack.mjs and wasm/unpack/ disagree: a packed module does not come back");
    }
    at += module.length;
  }
}

function generatedSource({ name }, [plain, relaxed], unpacker) {
  const modules = [relaxed, plain];
  const packed = pack(modules);
  checkPacked(unpacker, packed, modules);
  const names = WebAssembly.Module.exports(new WebAssembly.Module(plain)).map((each) => each.name);
  return [
    "// Written by scripts/build-wasm.mjs from wasm/.",
    ...(name === "vicinal"
      ? [`export const UNPACKER: string = "${Buffer.from(unpacker).toString("hex")}";`]
      : []),
    "/** The relaxed module, then the plain one. */",
    `export const PACKED: string =\n  "${packed}";`,
    `export const RELAXED_BYTES: number = ${relaxed.length};`,
    `export const PLAIN_BYTES: number = ${plain.length};`,
    `export const EXPORTS: string = "${names.join(" ")}";`,
    "",
  ].join("\n");
}

async function compileChecked(build, sources) {
  const wasm = await compile(build, sources);
  checkNoData(wasm, build.file);
  return wasm;
}

async function buildProgram(program, sources, force) {
  const used = new Map([...sources].filter(([name]) => program.uses(name)));
  const unpacking = [...sources].filter(([name]) => name.startsWith("wasm/unpack/"));
  const digest = inputDigest(new Map([...used, ...unpacking]));
  if (!force && isFresh(program, digest)) return false;
  const modules = [];
  for (const build of buildsOf(program)) modules.push(await compileChecked(build, used));
  const unpacker = await compileChecked(UNPACKER, new Map(unpacking));
  const outputs = [generatedSource(program, modules, unpacker), ...modules];
  outputPaths(program).forEach((path, i) => {
    replaceFile(path, outputs[i]);
  });
  replaceFile(stampPath(program), JSON.stringify({ digest, outputs: outputs.map((bytes) => sha256(bytes)) }));
  const [plain, relaxed] = modules;
  process.stderr.write(`${program.name}: plain ${plain.length} bytes, relaxed ${relaxed.length} bytes\n`);
  return true;
}

/** Brings the modules up to date. Returns whether there was anything to do; throws on a compile error. */
export async function buildWasm({ force = false } = {}) {
  const sources = readSources();
  let did = false;
  for (const program of PROGRAMS) did = (await buildProgram(program, sources, force)) || did;
  return did;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await buildWasm({ force: process.argv.includes("--force") });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
