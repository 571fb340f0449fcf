import { afterEach, expect, test } from "vitest";
import { isVicinalError } from "../../core/errors.ts";
import { exportedFunctions, inlinedBytes } from "../../kernels/binary.ts";
import { Engine } from "../../kernels/engine.ts";
import { useModule } from "../../kernels/modules.ts";
import { createWasmKernels } from "./kernels.ts";
import { init, LEARN } from "./program.ts";

afterEach(() => useModule(undefined, LEARN));

const codeOf = (work: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(work)
    .then(
      () => "nothing thrown",
      (error: unknown) => (isVicinalError(error) ? error.code : String(error)),
    );

test("the inlined modules of both builds export the names that are listed", () => {
  const module = new WebAssembly.Module(inlinedBytes("plain", LEARN));
  expect(exportedFunctions(LEARN)).toEqual(WebAssembly.Module.exports(module).map(({ name }) => name));
  expect(exportedFunctions(LEARN)).toContain("winogradTiles");
  expect(exportedFunctions()).not.toContain("winogradTiles");
});

test("init takes the learning program alone, and leaves searching as it is", async () => {
  await init({ bytes: inlinedBytes("plain", LEARN) });
  const kernels = createWasmKernels({ build: "relaxed" });
  const at = kernels.firstAddress;
  kernels.reserve(at + 4);
  kernels.heap.set([1, 2, 3, 4], at);
  kernels.unary("square", at, at, 4);
  expect([...kernels.heap.subarray(at, at + 4)]).toEqual([1, 4, 9, 16]);
  expect(Engine.create({ build: "plain" }).relaxed).toBe(false);
  expect(await codeOf(() => init({ bytes: inlinedBytes("plain") }))).toBe("BAD_INPUT");
});

test("a compiled module works on one thread, also where several are asked for", async () => {
  await init({ module: new WebAssembly.Module(inlinedBytes("plain", LEARN)) });
  const kernels = createWasmKernels({ threads: 2 });
  expect(kernels.heap.buffer).toBeInstanceOf(ArrayBuffer);
  kernels.dispose();
});
