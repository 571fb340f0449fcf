import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Locator, Page } from "playwright-core";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import {
  accessibilityFindings,
  browserProgram,
  expectNoSidewaysScroll,
  type Opened,
  root,
  useWebApp,
  type View,
} from "./support.ts";

const SET = "emoji-twemoji";
const K = 10;

interface Details {
  count: number;
  titles: string[];
  sheets: { side: number; columns: number; perSheet: number };
}

describe.skipIf(browserProgram === undefined)("Explore", () => {
  const app = useWebApp();
  let details: Details;
  let pixels: Uint8Array;
  let dimension: number;

  beforeAll(async () => {
    const at = (path: string): string => `${app.address}/api/sets/${SET}/${path}`;
    details = (await (await fetch(at("set.json"))).json()) as Details;
    const file = new Uint8Array(await (await fetch(at("features/pixels.npy"))).arrayBuffer());
    const header = 10 + file[8]! + 256 * file[9]!;
    pixels = file.subarray(header);
    dimension = pixels.length / details.count;
  }, 120_000);

  /** Straight from the definition. */
  function distance(a: number, b: number): number {
    let sum = 0;
    for (let i = 0; i < dimension; i++) sum += (pixels[a * dimension + i]! - pixels[b * dimension + i]!) ** 2;
    return Math.sqrt(sum);
  }

  function bruteForce(query: number): number[] {
    const all = Array.from({ length: details.count }, (_, row) => row).filter((row) => row !== query);
    const far = all.map((row) => distance(query, row)).sort((a, b) => a - b);
    return far.slice(0, K);
  }

  function open(params: string, engine: "page" | "server", view: View = {}): Promise<Opened> {
    return app.openPage(`#/explore?set=${SET}${params}`, { ...view, kept: { "vicinal.engine": engine } });
  }

  const exact = (page: Page): Locator => page.getByRole("list", { name: "Exact neighbours" });
  const approximate = (page: Page): Locator => page.getByRole("list", { name: "Approximate neighbours" });
  const summary = (page: Page): Locator => page.locator(".explore-summary");
  const rowsOf = (list: Locator): Promise<number[]> =>
    list.getByRole("link").evaluateAll((links) => links.map((link) => Number(link.getAttribute("data-row"))));
  const answered = (page: Page, name: string): Promise<void> =>
    summary(page)
      .filter({ hasText: `“${name}” in` })
      .waitFor();

  for (const engine of ["page", "server"] as const) {
    test(`${engine}: exact neighbours equal brute force, and what the index missed is marked`, async () => {
      const query = 300;
      const { page, complaints } = await open(`&q=${query}&i=RaBitQ`, engine);
      await answered(page, details.titles[query]!);
      const [sure, found] = [await rowsOf(exact(page)), await rowsOf(approximate(page))];
      const far = bruteForce(query);
      expect(sure.map((row) => distance(query, row))).toEqual(far);
      expect(found).toHaveLength(K);
      const hits = found.filter((row) => distance(query, row) <= far[K - 1]!).length;
      expect(hits, "a query on which one bit a component does not do").toBeLessThan(K);
      expect(await summary(page).textContent()).toContain(`${hits} of the ${K}`);
      const missed = await rowsOf(exact(page).locator("li").filter({ hasText: "missed" }));
      expect(missed).toEqual(sure.filter((row) => !found.includes(row)));
      expect(await approximate(page).getByText("farther").count()).toBe(K - hits);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }

  test("keys alone: pick a row by arrows, walk to a neighbour, and come back", async () => {
    const { page } = await open("&q=12&i=Flat", "page");
    await answered(page, details.titles[12]!);
    const picks = page.getByRole("group", { name: "Rows to pick" });
    await picks.getByRole("link").first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    const picked = (await page.evaluate("document.activeElement.title")) as string;
    expect(picked).not.toBe(await picks.getByRole("link").first().getAttribute("title"));
    await page.keyboard.press("Enter");
    await answered(page, picked);
    await exact(page).getByRole("link").first().focus();
    await page.keyboard.press("ArrowRight");
    const second = (await rowsOf(exact(page)))[1]!;
    await page.keyboard.press("Enter");
    await answered(page, details.titles[second]!);
    const walk = page.getByRole("navigation", { name: "Your walk" });
    expect(await walk.getByRole("link").allTextContents()).toEqual([picked]);
    await page.goBack();
    await answered(page, picked);
    expect(await walk.count()).toBe(0);
    await page.close();
  });

  test("a name that is typed finds its row, and the address alone shows it again", async () => {
    const { page } = await open("", "page");
    const box = page.getByRole("combobox", { name: "Find by name" });
    await box.fill("four leaf clo");
    await page.keyboard.press("Enter");
    await answered(page, "four leaf clover");
    const rows = await rowsOf(exact(page));
    const again = await app.openPage(new URL(page.url()).hash, { kept: { "vicinal.engine": "page" } });
    await answered(again.page, "four leaf clover");
    expect(await rowsOf(exact(again.page))).toEqual(rows);
    await Promise.all([page.close(), again.page.close()]);
  });

  for (const engine of ["page", "server"] as const) {
    test(`${engine}: a picture from a file is compared as those of the set, and a drawing of it finds itself`, async () => {
      const { side, columns } = details.sheets;
      const row = 77;
      const sheet = await (await fetch(`${app.address}/api/sets/${SET}/sheets/0.png`)).arrayBuffer();
      const [left, top] = [(row % columns) * side, Math.floor(row / columns) * side];
      const cut = sharp(Buffer.from(sheet)).extract({ left, top, width: side, height: side });
      const { page, complaints } = await open("", engine);
      await page.getByRole("button", { name: "Choose a picture" }).waitFor();
      await page.locator("input[type=file]").setInputFiles({
        name: "drawing.png",
        mimeType: "image/png",
        buffer: await cut.png().toBuffer(),
      });
      await answered(page, "drawing.png");
      expect((await rowsOf(exact(page)))[0]).toBe(row);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }

  test("a wrong specification is answered by what could stand there, and exact neighbours stay", async () => {
    const { page } = await open("&i=HNSW16,XYZ", "page");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toContain("SPEC_SYNTAX");
    await page.getByRole("textbox", { name: "Specification" }).fill("IVF8,Flat");
    await page.keyboard.press("Enter");
    await summary(page).filter({ hasText: "IVF8,Flat found" }).waitFor();
    expect(await alert.count()).toBe(0);
    await page.close();
  });

  test("building can be cancelled, and begun again", async () => {
    const { page } = await app.openPage("#/explore?set=emoji&i=HNSW16", {
      kept: { "vicinal.engine": "page" },
    });
    await exact(page).waitFor();
    await page.getByText("Building HNSW16").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Stopped.").waitFor();
    expect(await approximate(page).count()).toBe(0);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Building HNSW16").waitFor();
    await page.close();
  });

  test("without a server the page computes, and goes on when the network is gone", async () => {
    const { page, complaints } = await app.openPage("", { answers: { "/healthz": 404 } });
    await answered(page, "red apple");
    expect(await page.getByLabel("Engine").isDisabled()).toBe(true);
    expect(await page.getByLabel("Engine").inputValue()).toBe("page");
    await page.waitForLoadState("networkidle");
    await page.context().setOffline(true);
    const next = (await rowsOf(approximate(page)))[2]!;
    await approximate(page).getByRole("link").nth(2).click();
    await answered(page, details.titles[next]!);
    // The browser itself tells of the sign of life that was none, and wants the icon of every address.
    expect(complaints.filter((line) => !/\/(healthz|icon\.svg)$/.test(line))).toEqual([]);
    await page.close();
  });

  for (const view of [{ dark: true }, { width: 390, height: 844 }]) {
    test(`nothing is wrong with it for assistive technology: ${Object.entries(view).join()}`, async () => {
      const { page, complaints } = await open("&i=RaBitQ&q=300&w=3.99", "page", view);
      await answered(page, details.titles[300]!);
      await page.getByText("What is this?").click();
      await expectNoSidewaysScroll(page);
      expect(await accessibilityFindings(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }

  test("script of the first page is at most 250 KB gzipped", () => {
    const folder = join(root, "dist", "web");
    const html = readFileSync(join(folder, "index.html"), "utf8");
    const entry = /src="\.\/(assets\/[^"]+\.js)"/.exec(html)![1]!;
    const first = readFileSync(join(folder, entry), "utf8");
    // Pages are loaded by names in the entry; Explore is the one that shows exact neighbours.
    const page = [...first.matchAll(/"?\.?\/?(?:assets\/)?(page-[\w-]+\.js)/g)]
      .map((found) => join("assets", found[1]!))
      .find((name) => readFileSync(join(folder, name), "utf8").includes("Exact neighbours"))!;
    const wanted = new Set<string>();
    const add = (name: string): void => {
      if (wanted.has(name)) return;
      wanted.add(name);
      const code = readFileSync(join(folder, name), "utf8");
      for (const found of code.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g))
        add(join("assets", found[1]!));
    };
    for (const name of [entry, page]) add(name);
    const bytes = [...wanted].reduce(
      (sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length,
      0,
    );
    expect(wanted.size).toBeGreaterThan(3);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(250_000);
  });
});
