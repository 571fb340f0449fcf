import { describe, expect, test } from "vitest";
import type { ShelfDetails, SimilarItem } from "../../src/server/protocol.ts";
import { accessibilityFindings, browserProgram, expectNoSidewaysScroll, useWebApp } from "./support.ts";

const titles = Array.from({ length: 40 }, (_, i) =>
  i === 7 ? "The Émigrés" : `Book ${String(i).padStart(2, "0")}`,
);
const shelf: ShelfDetails = {
  name: "shelf",
  title: "A shelf",
  thing: "book",
  note: "Made up for this test.",
  titles,
  properties: [{ name: "author", values: ["Ann", "Bob"], of: titles.map((_, i) => i % 2) }],
  spaces: [
    { name: "layer", title: "With neighbours", note: "One way.", map: true },
    { name: "plain", title: "Without neighbours", note: "The other way.", map: false },
  ],
  credits: ["Nobody."],
};
const near = (items: number[]): { items: SimilarItem[] } => ({
  items: items.map((item, i) => ({ item, score: 0.9 - i / 10, why: [`link ${item}`] })),
});

/** Version 1 of the format, float32: items in a line from left to right. */
function mapFile(): Uint8Array {
  const header =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${titles.length}, 2), }`.padEnd(117) + "\n";
  const data = new Float32Array(titles.flatMap((_, i) => [i, 0]));
  const start = [0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0];
  return new Uint8Array([...start, ...Buffer.from(header), ...new Uint8Array(data.buffer)]);
}

const similar = (item: number, space: string): string =>
  `/api/recommend/shelf/similar.json?item=${item}&space=${space}&k=10`;
const answers = {
  "/api/recommend/index.json": {
    shelves: [
      { name: "shelf", title: "A shelf", thing: "book" },
      { name: "other", title: "Artists", thing: "artist", missing: "Not found; get it." },
    ],
  },
  "/api/recommend/shelf/shelf.json": shelf,
  "/api/recommend/shelf/maps/layer.npy": mapFile(),
  [similar(7, "layer")]: near([3, 5, 9]),
  [similar(7, "plain")]: near([5, 11]),
  [similar(5, "layer")]: near([7]),
  [similar(5, "plain")]: near([8]),
  [similar(20, "layer")]: near([21]),
  [similar(20, "plain")]: near([19]),
};

describe.skipIf(browserProgram === undefined)("the page Recommend", () => {
  const app = useWebApp();

  test("a title typed without its accents, taken by keys, shows what is near by each space, and why", async () => {
    const { page, complaints } = await app.openPage("#/recommend", { answers });
    await page.getByText("Not found; get it.").waitFor();
    await page.getByRole("combobox", { name: "Which book do you like?" }).focus();
    await page.keyboard.type("emig");
    await page.getByRole("option", { name: "The Émigrés" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "The Émigrés" }).waitFor();
    const listed = (space: string): Promise<string[]> =>
      page.getByRole("region", { name: space, exact: true }).locator(".recommend-title").allTextContents();
    await page.getByRole("button", { name: "Book 03" }).waitFor();
    expect(await listed("With neighbours")).toEqual(["Book 03", "Book 05", "Book 09"]);
    expect(await listed("Without neighbours")).toEqual(["Book 05", "Book 11"]);
    expect(
      await page.locator("li", { hasText: "in both lists" }).locator(".recommend-title").allTextContents(),
    ).toEqual(["Book 05", "Book 05"]);
    expect(await page.locator("li", { hasText: "Book 11" }).locator(".recommend-why").textContent()).toBe(
      "link 11",
    );
    expect(complaints).toEqual([]);
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
  });

  test("a title of a list is walked to, and the way back leads back", async () => {
    const { page } = await app.openPage("#/recommend?shelf=shelf&item=7", { answers });
    await page.getByRole("button", { name: "Book 05" }).first().click();
    await page.getByRole("heading", { name: "Book 05" }).waitFor();
    await page.getByRole("button", { name: "Book 08" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "The Émigrés" }).waitFor();
  });

  test("a point of the map is the title that lies there", async () => {
    const { page } = await app.openPage("#/recommend?shelf=shelf&item=7", { answers });
    const canvas = page.getByRole("img", { name: /^The Émigrés, and near it: Book 03, Book 05, Book 09/ });
    await canvas.waitFor();
    const box = (await canvas.boundingBox())!;
    // Items lie evenly from margin to margin.
    const x = 24 + ((box.width - 48) * 20) / 39;
    await canvas.click({ position: { x, y: box.height / 2 } });
    await page.getByRole("heading", { name: "Book 20" }).waitFor();
  });
});
