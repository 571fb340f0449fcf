import { VicinalError } from "../core/errors.ts";
import {
  type Build,
  exportedFunctions,
  inlinedBytes,
  relaxedSupported,
  simdSupported,
  withSharedMemory,
} from "./binary.ts";
import { type Program, SEARCH } from "./program.ts";

/** What `init` was given: used instead of the inlined bytes from then on. */
export interface GivenModule {
  readonly module: WebAssembly.Module;
  /** Absent when only a compiled module was given: then there is no variant over shared memory. */
  readonly bytes: Uint8Array | undefined;
}

const cache = new Map<string, WebAssembly.Module>();
const given = new Map<Program, GivenModule>();

/** Makes a module the one all later engines of a program run; undefined goes back to the inlined ones. @internal */
export function useModule(next: GivenModule | undefined, program: Program = SEARCH): void {
  if (next === undefined) given.delete(program);
  else given.set(program, next);
  cache.clear();
}

/** Whether there can be a variant over shared memory: not of a compiled module that came without its bytes. @internal */
export function sharable(program: Program = SEARCH): boolean {
  return given.get(program)?.bytes !== undefined || !given.has(program);
}

/** Throws BAD_INPUT unless the module exports everything this version of the library calls. @internal */
export function checkExports(module: WebAssembly.Module, program: Program = SEARCH): void {
  const present = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = exportedFunctions(program).filter((name) => !present.has(name));
  if (missing.length > 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "WebAssembly module",
      got: `without ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " …" : ""}`,
      rule: `dist/wasm/${program.name}.wasm or ${program.name}-relaxed.wasm of this very version of the library`,
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

const cacheName = (program: Program, build: Build | "given", shared: boolean): string =>
  `${program.name} ${build} ${shared}`;

/** The module to instantiate, compiled at most once for each program, build and kind of memory. */
export function compiledModule(
  wanted: "auto" | Build,
  shared: boolean,
  program: Program = SEARCH,
): WebAssembly.Module {
  const source = given.get(program);
  if (source !== undefined) return shared ? sharedVariant(source, program) : source.module;
  requireSimd();
  const build = chooseBuild(wanted);
  return cached(cacheName(program, build, shared), () => {
    const bytes = inlinedBytes(build, program);
    return shared ? withSharedMemory(bytes) : bytes;
  });
}

/** Compiles the inlined module without blocking, so that engines made later need not. @internal */
export async function compileInlined(program: Program = SEARCH): Promise<void> {
  requireSimd();
  const build = chooseBuild("auto");
  const module = await WebAssembly.compile(inlinedBytes(build, program));
  const name = cacheName(program, build, false);
  if (!cache.has(name)) cache.set(name, module);
}

function requireSimd(): void {
  if (simdSupported()) return;
  throw new VicinalError("WASM_UNAVAILABLE", { why: "a module with SIMD does not validate" });
}

function sharedVariant({ bytes }: GivenModule, program: Program): WebAssembly.Module {
  if (bytes === undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: "Shared memory",
      rule: "init was given a compiled module; give it bytes or a url to use worker threads",
    });
  }
  return cached(cacheName(program, "given", true), () => withSharedMemory(bytes));
}

function cached(name: string, bytes: () => Uint8Array<ArrayBuffer>): WebAssembly.Module {
  let module = cache.get(name);
  if (module === undefined) {
    module = compile(bytes);
    cache.set(name, module);
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
