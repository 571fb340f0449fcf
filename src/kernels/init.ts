import { VicinalError } from "../core/errors.ts";
import { checkExports, compileInlined, type GivenModule, useModule } from "./modules.ts";
import { useWorkerFactory } from "./pool.ts";
import { type Program, SEARCH } from "./program.ts";

/** Where {@link init} takes the WebAssembly module from (at most one of the three), and workers. */
export interface InitSource {
  /** A compiled module, for runtimes that forbid compiling (such as edge functions). No threads then. */
  module?: WebAssembly.Module;
  /** Where dist/wasm/vicinal.wasm or vicinal-relaxed.wasm is served. */
  url?: string | URL;
  /** The bytes of such a file. */
  bytes?: Uint8Array | ArrayBuffer;
  /** Makes a worker that runs `vicinal/worker`, for pages that forbid workers from blobs. For threads started from then on. */
  workerFactory?: () => unknown;
}

/**
 * Prepares the WebAssembly module. Needed only where compiling the inlined module at first use is forbidden
 * (a content security policy, an edge runtime) or would block a page for some milliseconds; without
 * arguments it compiles the inlined module in the background. Engines made before keep their module.
 *
 * @throws VicinalError BAD_INPUT for another module or version or no function, WASM_UNAVAILABLE when it cannot be compiled
 */
export function init(source: InitSource = {}): Promise<void> {
  return initProgram(source, SEARCH);
}

/** {@link init} of any program. @internal */
export async function initProgram(source: InitSource, program: Program): Promise<void> {
  const kinds = (["module", "url", "bytes"] as const).filter((kind) => source[kind] !== undefined);
  if (kinds.length > 1) {
    throw new VicinalError("BAD_INPUT", { what: "init", got: kinds.join(" and "), rule: "given one source" });
  }
  const { workerFactory } = source;
  if (workerFactory !== undefined && typeof workerFactory !== "function") {
    throw new VicinalError("BAD_INPUT", {
      what: "workerFactory",
      got: typeof workerFactory,
      rule: "a function that makes a Worker",
    });
  }
  if (kinds.length === 0) {
    await attempt(compileInlined(program));
    if (workerFactory !== undefined) useWorkerFactory(workerFactory);
    return;
  }
  const given = source.module === undefined ? await compileBytes(source) : moduleOnly(source.module);
  checkExports(given.module, program);
  useModule(given, program);
  if (workerFactory !== undefined) useWorkerFactory(workerFactory);
}

function moduleOnly(module: WebAssembly.Module): GivenModule {
  if (module instanceof WebAssembly.Module) return { module, bytes: undefined };
  throw new VicinalError("BAD_INPUT", {
    what: "module",
    got: typeof module,
    rule: "a WebAssembly.Module; pass bytes as `bytes`",
  });
}

async function compileBytes({ url, bytes }: InitSource): Promise<GivenModule> {
  const data = url === undefined ? new Uint8Array(bytes!).slice() : await attempt(download(url));
  return { module: await attempt(WebAssembly.compile(data)), bytes: data };
}

async function download(url: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${String(url)} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function attempt<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    throw new VicinalError("WASM_UNAVAILABLE", { why: String(error) }, { cause: error });
  }
}
