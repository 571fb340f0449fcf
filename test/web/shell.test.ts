import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  accessibilityFindings,
  browserProgram,
  expectNoSidewaysScroll,
  startServing,
  useWebApp,
} from "./support.ts";

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
        expect(
          await page.getByRole("navigation", { name: "Pages" }).locator("[aria-current=page]").textContent(),
        ).toBe(title);
        // Most of what goes wrong does so at once; the tests of each page look further.
        await page.waitForTimeout(1000);
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
    await expect.poll(() => page.title()).toBe("Bench · Vicinal");
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

  test("an address that is none says so, and names those that are", async () => {
    const { page } = await app.openPage("#/nowhere?x=1");
    await page.getByRole("heading", { name: "Not found" }).waitFor();
    expect(await page.getByRole("main").getByRole("link").allTextContents()).toEqual(
      PAGES.map(({ title }) => title),
    );
    await page.getByRole("main").getByRole("link", { name: "Ideas" }).click();
    await expect.poll(() => page.title()).toBe("Ideas · Vicinal");
  });

  test("a server that goes is missed, and found again by the button", async () => {
    const [server, address] = await startServing([]);
    const { page } = await app.openPage("#/explore?set=emoji-twemoji&i=Flat", { address });
    const list = page.getByRole("list", { name: "Exact neighbours" });
    await list.waitFor();
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
    await list.getByRole("link").first().click();
    const banner = page.locator(".lost-banner");
    await banner.waitFor();
    const [again] = await startServing(["--port", new URL(address).port]);
    try {
      await banner.getByRole("button", { name: "Try again" }).click();
      await banner.waitFor({ state: "detached" });
    } finally {
      again.kill("SIGTERM");
    }
  });

  test("the key of a server is asked for once: a wrong one is told, the right one opens everything", async () => {
    const [server, address] = await startServing(["--api-key", "four-and-twenty"]);
    try {
      const { page } = await app.openPage("#/explore?set=emoji-twemoji&i=Flat", { address });
      const dialog = page.getByRole("dialog", { name: "This server wants a key" });
      await dialog.getByLabel("Key").fill("blackbirds");
      await page.keyboard.press("Enter");
      await dialog.getByText("That was not it.").waitFor();
      expect(await accessibilityFindings(page)).toEqual([]);
      await dialog.getByLabel("Key").fill("four-and-twenty");
      await page.keyboard.press("Enter");
      await page.getByRole("list", { name: "Exact neighbours" }).waitFor();
      expect(await dialog.count()).toBe(0);
      const pictures = await page.request.get(`${address}/api/sets/emoji-twemoji/sheets/0.png`);
      expect(pictures.status()).toBe(200);
      expect(
        await page.evaluate("document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })"),
      ).toBe("{}");
    } finally {
      server.kill("SIGTERM");
    }
  });
});
