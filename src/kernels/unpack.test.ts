import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { unpackModule } from "./unpack.ts";

const built = (file: string): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`../../.cache/wasm/${file}`, import.meta.url)));

describe("the packed modules", () => {
  test.each([
    ["plain", "vicinal.wasm"],
    ["relaxed", "vicinal-relaxed.wasm"],
  ] as const)("give back the %s module that the compiler wrote, byte for byte", (build, file) => {
    expect(Buffer.compare(unpackModule(build), built(file))).toBe(0);
  });

  test("are unpacked into a copy of the caller's own", () => {
    unpackModule("plain").fill(0);
    expect(Buffer.compare(unpackModule("plain"), built("vicinal.wasm"))).toBe(0);
  });
});
