import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import {
  addNoise,
  denoise,
  dncnn,
  loadDenoisingNetwork,
  saveDenoisingNetwork,
} from "../../src/apply/index.ts";
import { createTape } from "../../src/autodiff/index.ts";
import type { Matrix } from "../../src/core/index.ts";
import { psnr } from "../../src/evaluate/index.ts";
import { accessibilityFindings, browserProgram, expectNoSidewaysScroll, useWebApp } from "./support.ts";

// By way of a variable: pages are not type-checked together with tests, which have no document.
const pictures = "../../web/src/pages/denoise/pictures.ts";
const { drawnPicture } = (await import(/* @vite-ignore */ pictures)) as {
  drawnPicture(): { width: number; height: number; data: Float32Array };
};

const NO_SAMPLES = { answers: { "/api/pictures/index.json": { pictures: [] } } };
/** Kernels of browsers may fuse multiplications and additions, which those of Node 20 do not. */
const ROUNDING_DB = 0.02;

const clean = drawnPicture();
const plane = (data: Float32Array): Matrix<Float32Array> => ({
  data,
  rows: clean.height,
  cols: clean.width,
  stride: clean.width,
});
const noisy = plane(addNoise(clean.data, 25, 1));

const card = (page: Page, title: string) => page.locator("figure.denoise-card", { hasText: title });

/** Waits for the decibels below a picture. */
async function decibels(page: Page, title: string): Promise<number> {
  const text = await card(page, title).getByText(" dB").textContent({ timeout: 30_000 });
  return Number.parseFloat(text!);
}

describe.skipIf(browserProgram === undefined)("the page Denoise", () => {
  const app = useWebApp();

  test("shows what the library makes of the same picture and noise", async () => {
    const { page, complaints } = await app.openPage("#/denoise", NO_SAMPLES);
    expect(await decibels(page, "Noisy")).toBeCloseTo(psnr(noisy.data, clean.data), 1);
    const nlm = denoise(noisy, { method: "nlm", sigma: 25 });
    const bm3d = denoise(noisy, { method: "bm3d", sigma: 25 });
    const expected = { "Non-local means": psnr(nlm.data, clean.data), BM3D: psnr(bm3d.data, clean.data) };
    for (const [title, value] of Object.entries(expected)) {
      expect(Math.abs((await decibels(page, title)) - value), title).toBeLessThan(ROUNDING_DB);
    }
    const best = expected.BM3D > expected["Non-local means"] ? "BM3D" : "Non-local means";
    await card(page, best).getByText("best PSNR").waitFor();
    expect(complaints).toEqual([]);
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
  });

  test("more noise is worked on anew, and Stop ends the work", async () => {
    const { page } = await app.openPage("#/denoise", NO_SAMPLES);
    const before = await decibels(page, "BM3D");
    const slider = page.getByLabel("Noise σ, of 255");
    await slider.fill("75");
    await expect.poll(() => decibels(page, "Noisy"), { timeout: 30_000 }).toBeLessThan(before - 12);
    expect(await decibels(page, "BM3D")).toBeLessThan(before - 3);
    await page.getByRole("button", { name: "Run again" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await card(page, "BM3D").getByText("stopped").waitFor();
    expect(await page.getByRole("button", { name: "Run again" }).isVisible()).toBe(true);
  });

  test("the keyboard moves the line between the two pictures", async () => {
    const { page } = await app.openPage("#/denoise", NO_SAMPLES);
    const line = page.getByLabel("Part of the frame that shows");
    await line.focus();
    const at = (): Promise<unknown> => page.evaluate("document.querySelector('.swipe-line').style.left");
    expect(await at()).toBe("50%");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await at()).toBe("52%");
  });

  test("takes a network from a file, and says what is wrong with one that is none", async () => {
    const { page } = await app.openPage("#/denoise", NO_SAMPLES);
    const network = dncnn(createTape({ threads: 1 }), { depth: 3, features: 8, seed: 3 });
    const bytes = saveDenoisingNetwork(network.parameters, { kind: "dncnn", sigma: 25 });
    const weights = page.getByLabel(/Weights of a DnCNN/);
    await weights.setInputFiles({ name: "bad.safetensors", mimeType: "", buffer: Buffer.from("no weights") });
    await page.getByRole("alert").getByText("bad.safetensors").waitFor();
    await weights.setInputFiles({ name: "own.safetensors", mimeType: "", buffer: Buffer.from(bytes) });
    const estimate = denoise(noisy, { method: "dncnn", sigma: 25, network: loadDenoisingNetwork(bytes) });
    const found = await decibels(page, "DnCNN");
    expect(Math.abs(found - psnr(estimate.data, clean.data))).toBeLessThan(ROUNDING_DB);
  });

  test("a file that is no picture is named, and the page goes on", async () => {
    const { page } = await app.openPage("#/denoise", NO_SAMPLES);
    const own = page.getByLabel("or one of yours");
    await own.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("words") });
    await page.getByRole("alert").getByText("notes.txt").waitFor();
    await page.getByRole("combobox", { name: /^Picture/ }).selectOption("drawn");
    await page.getByRole("alert").waitFor({ state: "detached" });
    expect(await decibels(page, "BM3D")).toBeGreaterThan(25);
  });
});
