import { afterEach, describe, expect, test, vi } from "vitest";
import { isVicinalError } from "../core/errors.ts";
import { exportedFunctions, inlinedBytes, relaxedSupported, withSharedMemory } from "./binary.ts";
import { Engine, FIRST_ADDRESS, MAX_MEMORY_BYTES, PAGE_BYTES } from "./engine.ts";
import { init } from "./init.ts";
import { useModule } from "./modules.ts";

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isVicinalError(error) ? error.code : String(error);
  }
  return "nothing thrown";
};

const codeOfAsync = (work: Promise<void>): Promise<string> =>
  work.then(
    () => "nothing thrown",
    (error: unknown) => (isVicinalError(error) ? error.code : String(error)),
  );

describe("Engine", () => {
  test("views read what exports wrote, and cover memory grown between two calls", () => {
    const engine = Engine.create();
    engine.u8.set([97, 98, 99], FIRST_ADDRESS);
    engine.exports.hash64(FIRST_ADDRESS, 3, 0, 0, FIRST_ADDRESS + 8);
    const before = engine.u8;
    const digest = engine.u8.slice(FIRST_ADDRESS + 8, FIRST_ADDRESS + 16);
    engine.grow(5 * PAGE_BYTES - 10);
    expect(engine.byteLength).toBe(5 * PAGE_BYTES);
    expect(before.length).toBe(0);
    expect(engine.f32.byteLength).toBe(5 * PAGE_BYTES);
    const far = 4 * PAGE_BYTES;
    engine.exports.hash64(FIRST_ADDRESS, 3, 0, 0, far);
    expect(engine.u8.slice(far, far + 8)).toEqual(digest);
    expect(engine.u8).toBe(engine.u8);
  });

  test("grow never shrinks and refuses more than the limit with OUT_OF_MEMORY, changing nothing", () => {
    const engine = Engine.create();
    engine.grow(10);
    expect(engine.byteLength).toBe(PAGE_BYTES);
    expect(codeOf(() => engine.grow(MAX_MEMORY_BYTES + 1))).toBe("OUT_OF_MEMORY");
    expect(codeOf(() => engine.grow(Number.NaN))).toBe("OUT_OF_MEMORY");
    expect(engine.byteLength).toBe(PAGE_BYTES);
  });

  test("the limit itself can be reached, and its last bytes used", () => {
    const engine = Engine.create();
    engine.grow(MAX_MEMORY_BYTES);
    const last = MAX_MEMORY_BYTES - 8;
    engine.exports.hash64(last, 8, 0, 0, last);
    expect(engine.u8.subarray(last).some((byte) => byte !== 0)).toBe(true);
    engine.dispose();
  });

  test("share keeps contents and addresses, and grows on as shared memory", () => {
    const engine = Engine.create();
    engine.grow(3 * PAGE_BYTES);
    engine.u8.set([1, 2, 3], 2 * PAGE_BYTES);
    expect(engine.shared).toBe(false);
    engine.share();
    expect(engine.shared).toBe(true);
    expect(engine.u8.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(engine.byteLength).toBe(3 * PAGE_BYTES);
    expect([...engine.u8.slice(2 * PAGE_BYTES, 2 * PAGE_BYTES + 4)]).toEqual([1, 2, 3, 0]);
    engine.grow(4 * PAGE_BYTES);
    expect(engine.u8.length).toBe(4 * PAGE_BYTES);
    engine.exports.hash64(2 * PAGE_BYTES, 3, 0, 0, 3 * PAGE_BYTES);
    expect(engine.u8[3 * PAGE_BYTES]).not.toBe(0);
  });

  test("shrink keeps the first bytes, gives pages back, and tells dependants once", () => {
    for (const shared of [false, true]) {
      const engine = Engine.create({ shared });
      engine.grow(9 * PAGE_BYTES);
      engine.u8[2 * PAGE_BYTES] = 7;
      let told = 0;
      engine.onDispose(() => told++);
      engine.shrink(9 * PAGE_BYTES - 5);
      expect([engine.byteLength, told]).toEqual([9 * PAGE_BYTES, 0]);
      engine.shrink(2 * PAGE_BYTES + 1);
      expect([engine.byteLength, told]).toEqual([3 * PAGE_BYTES, 1]);
      expect([engine.u8[2 * PAGE_BYTES], engine.shared]).toEqual([7, shared]);
      engine.shrink(0);
      expect(engine.byteLength).toBe(PAGE_BYTES);
      engine.grow(4 * PAGE_BYTES);
      engine.exports.hash64(0, 3 * PAGE_BYTES, 0, 0, 3 * PAGE_BYTES);
      expect(engine.u8[3 * PAGE_BYTES + 7]).not.toBe(0);
    }
  });

  test("where a large memory cannot be reserved, a smaller one serves until it is full", () => {
    const { Memory } = WebAssembly;
    class Limited extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.maximum! > 4096) throw new RangeError("could not allocate memory");
        super(descriptor);
      }
    }
    WebAssembly.Memory = Limited;
    try {
      const engine = Engine.create({ shared: true });
      engine.grow(4096 * PAGE_BYTES);
      expect(codeOf(() => engine.grow(4096 * PAGE_BYTES + 1))).toBe("OUT_OF_MEMORY");
    } finally {
      WebAssembly.Memory = Memory;
    }
  });

  test("a disposed engine throws CLOSED and tells those who asked, once", () => {
    const engine = Engine.create({ shared: true });
    let told = 0;
    engine.onDispose(() => told++);
    engine.dispose();
    engine.dispose();
    expect(told).toBe(1);
    for (const act of [
      () => engine.u8,
      () => engine.exports,
      () => engine.grow(1),
      () => engine.byteLength,
    ]) {
      expect(codeOf(act)).toBe("CLOSED");
    }
  });

  test("picks the relaxed build exactly where it validates", () => {
    expect(Engine.create().relaxed).toBe(relaxedSupported());
    expect(relaxedSupported()).toBe(WebAssembly.validate(inlinedBytes("relaxed")));
    expect(Engine.create({ build: "plain" }).relaxed).toBe(false);
    expect(codeOf(() => Engine.create({ build: "relaxed" }).relaxed)).toBe(
      relaxedSupported() ? "nothing thrown" : "UNSUPPORTED",
    );
  });

  test("the shared variant of a module differs in one byte, and imports shared memory only", () => {
    for (const build of ["plain", "relaxed"] as const) {
      const own = inlinedBytes(build);
      const shared = withSharedMemory(own);
      expect(own.filter((byte, i) => byte !== shared[i])).toEqual(Uint8Array.of(1));
    }
    const module = new WebAssembly.Module(withSharedMemory(inlinedBytes("plain")));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: false });
    expect(() => new WebAssembly.Instance(module, { env: { memory } })).toThrow(WebAssembly.LinkError);
  });

  test("bytes that are no module of ours are refused by the import patch", () => {
    expect(codeOf(() => withSharedMemory(new Uint8Array(3)))).toBe("BAD_INPUT");
    expect(codeOf(() => withSharedMemory(inlinedBytes("plain").slice(0, 8)))).toBe("BAD_INPUT");
  });

  test("a runtime that forbids compiling is told apart: WASM_UNAVAILABLE, from engines and from init", async () => {
    useModule(undefined);
    class Forbidden {
      constructor() {
        throw new WebAssembly.CompileError("blocked by policy");
      }
    }
    vi.spyOn(WebAssembly, "Module").mockImplementation(Forbidden as unknown as typeof WebAssembly.Module);
    try {
      for (const shared of [false, true]) {
        expect(codeOf(() => Engine.create({ shared }))).toBe("WASM_UNAVAILABLE");
        expect(() => Engine.create({ shared })).toThrow("blocked by policy");
      }
      expect(await codeOfAsync(init())).toBe("WASM_UNAVAILABLE");
    } finally {
      vi.restoreAllMocks();
    }
    expect(codeOf(() => Engine.create())).toBe("nothing thrown");
  });

  test("the names known without compiling are those that each build exports", () => {
    for (const build of relaxedSupported() ? (["plain", "relaxed"] as const) : (["plain"] as const)) {
      const module = new WebAssembly.Module(inlinedBytes(build));
      expect(exportedFunctions()).toEqual(WebAssembly.Module.exports(module).map(({ name }) => name));
    }
  });
});

describe("init", () => {
  afterEach(() => useModule(undefined));

  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

  test("bytes given are the module later engines run, shared or not", async () => {
    await init({ bytes: inlinedBytes("plain") });
    expect(Engine.create().relaxed).toBe(false);
    expect(Engine.create({ shared: true }).shared).toBe(true);
  });

  test("a compiled module serves unshared engines only", async () => {
    await init({ module: new WebAssembly.Module(inlinedBytes("plain")) });
    expect(Engine.create().byteLength).toBe(PAGE_BYTES);
    expect(codeOf(() => Engine.create({ shared: true }))).toBe("UNSUPPORTED");
    expect(codeOf(() => Engine.create().share())).toBe("UNSUPPORTED");
  });

  test("a url is fetched", async () => {
    const base64 = Buffer.from(inlinedBytes("plain")).toString("base64");
    await init({ url: `data:application/wasm;base64,${base64}` });
    expect(Engine.create({ shared: true }).relaxed).toBe(false);
  });

  test("another module, no module, or two sources are refused and nothing changes", async () => {
    expect(await codeOfAsync(init({ bytes: empty }))).toBe("BAD_INPUT");
    expect(await codeOfAsync(init({ module: new WebAssembly.Module(empty) }))).toBe("BAD_INPUT");
    expect(await codeOfAsync(init({ bytes: Uint8Array.of(1, 2, 3) }))).toBe("WASM_UNAVAILABLE");
    expect(await codeOfAsync(init({ module: {} as WebAssembly.Module }))).toBe("BAD_INPUT");
    expect(await codeOfAsync(init({ bytes: empty, url: "x" }))).toBe("BAD_INPUT");
    expect(Engine.create({ shared: true }).byteLength).toBe(PAGE_BYTES);
  });

  test("without arguments the inlined module is prepared", async () => {
    expect(await codeOfAsync(init())).toBe("nothing thrown");
    expect(Engine.create().byteLength).toBe(PAGE_BYTES);
  });
});
