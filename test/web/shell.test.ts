import { describe, expect, test } from "vitest";
import { accessibilityFindings, browserProgram, expectNoSidewaysScroll, useWebApp } from "./support.ts";

// By way of a variable: pages are not type-checked together with tests, which have no document.
const registry = "../../web/src/pages/index.ts";
const { PAGES } = (await import(/* @vite-ignore */ registry)) as { PAGES: { name: string; title: string }[] };

describe.skipIf(browserProgram === undefined)("the shell", () => {
  const app = useWebApp();

  for (const { name, title } of PAGES) {
    test(`${title} opens at its address, light and at 390 px dark, without a complaint`, async () => {
      for (const view of [{}, { width: 390, height: 844, dark: true }]) {
        const { page, complaints } = await app.openPage(`#/${name}`, view);
        await page.getByRole("heading", { level: 1 }).waitFor();
        expect(await page.title()).toBe(`${title} · Vicinal`);
        expect(await page.getByRole("navigation").locator("[aria-current=page]").textContent()).toBe(title);
        await page.waitForLoadState("networkidle");
        expect(complaints).toEqual([]);
        await expectNoSidewaysScroll(page);
        expect(await accessibilityFindings(page)).toEqual([]);
        await page.close();
      }
    });
  }

  test("the keyboard leads past the header, and from page to page", async () => {
    const { page } = await app.openPage("#/ideas");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    expect(await page.title()).toBe("Ideas · Vicinal");
    await page.getByRole("link", { name: "Bench" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction("document.title === 'Bench · Vicinal'");
  });

  test("colours follow the system until the reader chooses, and the choice is kept", async () => {
    const { page } = await app.openPage("", { dark: true });
    const theme = (): Promise<unknown> => page.evaluate("document.documentElement.dataset.theme");
    expect(await theme()).toBe("dark");
    await page.getByRole("button", { name: "Light colours" }).click();
    expect(await theme()).toBe("light");
    await page.reload();
    expect(await theme()).toBe("light");
  });
});
