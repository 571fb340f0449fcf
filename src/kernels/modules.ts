import { VicinalError } from "../core/errors.ts";
import {
  type Build,
  exportedFunctions,
  inlinedBytes,
  relaxedSupported,
  simdSupported,
  withSharedMemory,
} from "./binary.ts";

/** What `init` was given: used instead of the inlined bytes from then on. */
export interface GivenModule {
  readonly module: WebAssembly.Module;
  /** Absent when only a compiled module was given: then there is no variant over shared memory. */
  readonly bytes: Uint8Array | undefined;
}

const cache = new Map<string, WebAssembly.Module>();
let given: GivenModule | undefined;

/** Makes a module the one all later engines run; undefined goes back to the inlined ones. @internal */
export function useModule(next: GivenModule | undefined): void {
  given = next;
  cache.clear();
}

/** Whether there can be a variant over shared memory: not of a compiled module that came without its bytes. @internal */
export function sharable(): boolean {
  return given === undefined || given.bytes !== undefined;
}

/** Throws BAD_INPUT unless the module exports everything this version of the library calls. @internal */
export function checkExports(module: WebAssembly.Module): void {
  const present = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = exportedFunctions().filter((name) => !present.has(name));
  if (missing.length > 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "WebAssembly module",
      got: `without ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " …" : ""}`,
      rule: "dist/wasm/vicinal.wasm or vicinal-relaxed.wasm of this very version of the library",
    });
  }
}

/** The build asked for, "auto" being the faster one that runs here. */
export function chooseBuild(wanted: "auto" | Build): Build {
  if (wanted === "plain") return "plain";
  const relaxed = relaxedSupported();
  if (wanted === "relaxed" && !relaxed) {
    throw new VicinalError("UNSUPPORTED", {
      what: "The relaxed SIMD build",
      rule: "this runtime has no relaxed SIMD; use build: auto",
    });
  }
  return relaxed ? "relaxed" : "plain";
}

const cacheName = (build: Build, shared: boolean): string => `${build} ${shared ? "shared" : "own"}`;

/** The module to instantiate, compiled at most once for each build and kind of memory. */
export function compiledModule(wanted: "auto" | Build, shared: boolean): WebAssembly.Module {
  if (given !== undefined) return shared ? sharedVariant(given) : given.module;
  requireSimd();
  const build = chooseBuild(wanted);
  const name = cacheName(build, shared);
  let module = cache.get(name);
  if (module === undefined) {
    module = compile(() => (shared ? withSharedMemory(inlinedBytes(build)) : inlinedBytes(build)));
    cache.set(name, module);
  }
  return module;
}

/** Compiles the inlined module without blocking, so that engines made later need not. @internal */
export async function compileInlined(): Promise<void> {
  requireSimd();
  const build = chooseBuild("auto");
  const module = await WebAssembly.compile(inlinedBytes(build));
  if (!cache.has(cacheName(build, false))) cache.set(cacheName(build, false), module);
}

function requireSimd(): void {
  if (simdSupported()) return;
  throw new VicinalError("WASM_UNAVAILABLE", { why: "a module with SIMD does not validate" });
}

function sharedVariant(source: GivenModule): WebAssembly.Module {
  if (source.bytes === undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: "Shared memory",
      rule: "init was given a compiled module; give it bytes or a url to use worker threads",
    });
  }
  let module = cache.get("given");
  const { bytes } = source;
  if (module === undefined) {
    module = compile(() => withSharedMemory(bytes));
    cache.set("given", module);
  }
  return module;
}

/** Unpacking the inlined bytes compiles too, and fails where compiling does. */
function compile(bytes: () => Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes());
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    throw new VicinalError(
      "WASM_UNAVAILABLE",
      { why: `the module did not compile here, see init(): ${String(error)}` },
      { cause: error },
    );
  }
}
