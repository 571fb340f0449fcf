import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import type { SetDetails } from "../../src/server/protocol.ts";
import {
  accessibilityFindings,
  browserProgram,
  expectNoSidewaysScroll,
  type Opened,
  useWebApp,
  type View,
} from "./support.ts";

const SET = "emoji-twemoji";

interface Spot {
  x: number;
  y: number;
}

describe.skipIf(browserProgram === undefined)("Map", () => {
  const app = useWebApp();
  let details: SetDetails;
  let pixels: Uint8Array;
  /** The map as the server has it. */
  let places: Spot[];

  beforeAll(async () => {
    const at = (path: string): string => `${app.address}/api/sets/${SET}/${path}`;
    details = (await (await fetch(at("set.json"))).json()) as SetDetails;
    const body = async (path: string): Promise<Uint8Array> => {
      for (;;) {
        const answer = await fetch(at(path));
        const bytes = new Uint8Array(await answer.arrayBuffer());
        if (answer.status === 200) return bytes.slice(10 + bytes[8]! + 256 * bytes[9]!);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    pixels = await body("features/pixels.npy");
    const plane = new Float32Array((await body("maps/pixels.pca.npy")).buffer);
    places = Array.from({ length: details.count }, (_, i) => ({ x: plane[2 * i]!, y: plane[2 * i + 1]! }));
  }, 120_000);

  const open = (params = "", view: View = {}): Promise<Opened> =>
    app.openPage(`#/map?set=${SET}&map=pca&by=group${params}`, view);
  const drawn = (page: Page, count: number): Promise<unknown> =>
    page.locator(`.map-stage canvas[data-drawn="${count}"]`).waitFor({ timeout: 30_000 });
  const address = (page: Page): URLSearchParams => new URLSearchParams(page.url().split("?")[1]);

  /** How many pixels of the stage are about of a colour. */
  async function pixelsLike(page: Page, colour: readonly number[]): Promise<number> {
    const shot = await page.locator(".map-stage").screenshot();
    const { data, info } = await sharp(shot).raw().toBuffer({ resolveWithObject: true });
    let count = 0;
    for (let i = 0; i < data.length; i += info.channels) {
      if (colour.every((value, c) => Math.abs(value - data[i + c]!) < 40)) count++;
    }
    return count;
  }

  test("every row is drawn in the colour of its group, and a group that is left out is gone", async () => {
    const { page, complaints } = await open("&x=0&y=0&zoom=1");
    await drawn(page, details.count);
    const group = details.properties.find(({ name }) => name === "group")!;
    const flags = group.values.indexOf("Flags");
    const count = group.of.filter((value) => value === flags).length;
    const entry = page.getByRole("region", { name: "Legend" }).getByRole("button", { name: /^Flags/ });
    expect(await entry.locator(".number").textContent()).toBe(`${count}`);
    const style = await entry.locator(".map-swatch").getAttribute("style");
    const colour = style!.match(/\d+/g)!.map(Number);
    const before = await pixelsLike(page, colour);
    expect(before).toBeGreaterThan(count);
    await entry.click();
    await drawn(page, details.count - count);
    await page.waitForTimeout(100);
    expect(await pixelsLike(page, colour)).toBeLessThan(before / 4);
    expect(complaints).toEqual([]);
    await page.close();
  });

  /** Where rows are on the stage, by what the address means: the middle of the map, −1 … 1 in its longer direction. */
  function onStage(width: number, height: number): Spot[] {
    const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = (0.94 * Math.min(width, height)) / Math.max(right - left, high - low);
    return places.map(({ x, y }) => ({
      x: width / 2 + (x - (left + right) / 2) * scale,
      y: height / 2 - (y - (low + high) / 2) * scale,
    }));
  }

  /** By the angles under which its sides are seen: a whole turn from inside, none from outside. */
  function isInside(outline: readonly Spot[], { x, y }: Spot): boolean {
    let turn = 0;
    outline.forEach((a, i) => {
      const b = outline[(i + 1) % outline.length]!;
      const angle = Math.atan2(b.y - y, b.x - x) - Math.atan2(a.y - y, a.x - x);
      turn += Math.atan2(Math.sin(angle), Math.cos(angle));
    });
    return Math.abs(turn) > Math.PI;
  }

  /** Pixels to the nearest side. */
  function edgeDistance(outline: readonly Spot[], { x, y }: Spot): number {
    return Math.min(
      ...outline.map((a, i) => {
        const b = outline[(i + 1) % outline.length]!;
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const t = Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy)));
        return Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
      }),
    );
  }

  async function savedBy(page: Page, button: string): Promise<string> {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: button, exact: true }).click(),
    ]);
    return readFileSync(await download.path(), "utf8");
  }

  test("a lasso lists exactly the rows inside it, and files hold what is listed", async () => {
    const { page } = await open("&x=0&y=0&zoom=1");
    await drawn(page, details.count);
    const stage = page.locator(".map-stage");
    const box = (await stage.boundingBox())!;
    // The border is one pixel wide, within the box and outside of the stage's own coordinates.
    const rows = onStage(box.width - 2, box.height - 2);
    const { x: cx, y: cy } = { x: box.width / 2, y: box.height / 2 };
    // A star, which is not convex.
    const outline = Array.from({ length: 10 }, (_, i) => ({
      x: Math.round(cx + (i % 2 === 0 ? 210 : 80) * Math.sin((i * Math.PI) / 5)),
      y: Math.round(cy - (i % 2 === 0 ? 210 : 80) * Math.cos((i * Math.PI) / 5)),
    }));
    await page.keyboard.down("Shift");
    const to = ({ x, y }: Spot): Promise<void> => page.mouse.move(box.x + 1 + x, box.y + 1 + y);
    await to(outline[0]!);
    await page.mouse.down();
    for (const corner of outline.slice(1)) await to(corner);
    await page.mouse.up();
    await page.keyboard.up("Shift");
    const listed = page.getByRole("region", { name: "Gathered rows" });
    await listed.waitFor();

    const saved = JSON.parse(await savedBy(page, "JSON")) as { set: string; rows: { row: number }[] };
    const found = new Set(saved.rows.map(({ row }) => row));
    // Coordinates in the page are rounded to float32.
    const plain = rows.flatMap((spot, row) => (edgeDistance(outline, spot) > 0.05 ? [row] : []));
    expect(plain.filter((row) => found.has(row))).toEqual(
      plain.filter((row) => isInside(outline, rows[row]!)),
    );
    expect(found.size).toBeGreaterThan(100);
    expect(found.size).toBeLessThan(details.count - 100);

    expect(await listed.getByRole("status").textContent()).toBe(`${found.size.toLocaleString("en")} rows`);
    const group = details.properties.find(({ name }) => name === "group")!;
    const counts = new Map<string, number>();
    for (const row of found) {
      const value = group.values[group.of[row]!]!;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const shown = await listed
      .getByRole("list", { name: "Counts by group" })
      .getByRole("listitem")
      .allTextContents();
    expect(shown.sort()).toEqual([...counts].map(([value, count]) => `${value}${count}`).sort());
    const lines = (await savedBy(page, "CSV")).trimEnd().split("\r\n");
    expect(lines[0]).toBe(
      "row,name,group,emoji,x,y".replace("group,emoji", details.properties.map((p) => p.name).join()),
    );
    expect(lines.slice(1).map((line) => Number(line.split(",")[0]))).toEqual(
      saved.rows.map(({ row }) => row),
    );
    await stage.focus();
    await page.keyboard.press("Escape");
    expect(await listed.count()).toBe(0);
    await page.close();
  });

  function distance(a: number, b: number): number {
    const dimension = pixels.length / details.count;
    let sum = 0;
    for (let i = 0; i < dimension; i++) sum += (pixels[a * dimension + i]! - pixels[b * dimension + i]!) ** 2;
    return Math.sqrt(sum);
  }

  test("by keys alone: a row is found by name, its links lead to its nearest rows, the map moves, the address keeps it", async () => {
    const { page, complaints } = await open();
    await drawn(page, details.count);
    const row = 300;
    await page.getByRole("combobox", { name: "Find a row" }).focus();
    await page.keyboard.type(details.titles![row]!);
    await page.keyboard.press("Enter");
    const links = page.locator(".map-link");
    await links.nth(9).waitFor();
    const linked = await links.evaluateAll((all) => all.map((link) => Number(link.getAttribute("data-row"))));
    const far = Array.from({ length: details.count }, (_, other) => other)
      .filter((other) => other !== row)
      .map((other) => distance(row, other))
      .sort((a, b) => a - b);
    expect(linked.map((other) => distance(row, other))).toEqual(far.slice(0, 10));
    expect(new Set(linked).size).toBe(10);

    await page.locator(".map-stage").focus();
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => address(page).has("zoom")).toBe(true);
    const { x, zoom } = Object.fromEntries(address(page));
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("-");
    await expect.poll(() => address(page).get("zoom")).not.toBe(zoom);
    const after = Object.fromEntries(address(page));
    expect(Number(after["x"])).toBeGreaterThan(Number(x));
    expect(Number(after["zoom"])).toBeLessThan(Number(zoom));
    expect(after["row"]).toBe(`${row}`);

    await page.reload();
    await page.getByRole("region", { name: "Selected row" }).waitFor();
    await page.getByRole("heading", { name: details.titles![row]! }).waitFor();
    await page.waitForTimeout(500);
    expect(Object.fromEntries(address(page))).toEqual(after);
    await page.locator(".map-stage").focus();
    await page.keyboard.press("Escape");
    await expect.poll(() => address(page).has("row")).toBe(false);
    expect(await links.count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a click takes the point under the pointer, whose picture and name were shown there", async () => {
    const { page } = await open("&x=0&y=0&zoom=1");
    await drawn(page, details.count);
    const box = (await page.locator(".map-stage").boundingBox())!;
    const rows = onStage(box.width - 2, box.height - 2);
    // The row that is farthest from any other is surely alone under the pointer.
    const apart = rows.map((a, i) =>
      rows.reduce(
        (least, b, j) => (i === j ? least : Math.min(least, Math.hypot(a.x - b.x, a.y - b.y))),
        Infinity,
      ),
    );
    const row = apart.indexOf(Math.max(...apart));
    await page.mouse.move(box.x + 1 + rows[row]!.x + 3, box.y + 1 + rows[row]!.y - 3);
    await page.locator(".map-card", { hasText: details.titles![row]! }).locator(".picture").waitFor();
    await page.mouse.down();
    await page.mouse.up();
    await page.getByRole("region", { name: "Selected row" }).getByRole("heading").waitFor();
    await expect.poll(() => address(page).get("row")).toBe(`${row}`);
    await page.close();
  });

  test("100,000 points are moved by one call a frame, which uploads nothing", async () => {
    const { page, complaints } = await app.openPage("#/map?generated=100000");
    await drawn(page, 100_000);
    await page.evaluate(`(() => {
      const told = (globalThis.told = { uploaded: 0, drawn: [] });
      const gl = WebGL2RenderingContext.prototype;
      for (const name of ["bufferData", "bufferSubData", "texImage2D"]) {
        const plain = gl[name];
        gl[name] = function (...given) { told.uploaded++; return plain.apply(this, given); };
      }
      const plain = gl.drawElements;
      gl.drawElements = function (...given) { told.drawn.push(given[1]); return plain.apply(this, given); };
    })()`);
    const box = (await page.locator(".map-stage").boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 300);
    await page.mouse.down();
    for (let i = 1; i <= 20; i++) await page.mouse.move(box.x + 300 + 5 * i, box.y + 300 + 3 * i);
    await page.mouse.up();
    await page.waitForTimeout(200);
    const told = (await page.evaluate("told")) as { uploaded: number; drawn: number[] };
    expect(told.uploaded).toBe(0);
    expect(told.drawn.length).toBeGreaterThan(0);
    expect(told.drawn.length).toBeLessThanOrEqual(22);
    expect(new Set(told.drawn)).toEqual(new Set([100_000]));
    const frames = (await page.evaluate("performance.getEntriesByName('map frame').length")) as number;
    expect(frames).toBeGreaterThanOrEqual(told.drawn.length);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a map that is being made can be given up, and asked for again", async () => {
    const { page } = await open();
    await page.route("**/maps/*.npy", () => undefined);
    await page.reload();
    const failed = page.waitForEvent("requestfailed", (request) => request.url().endsWith(".npy"));
    await page.getByRole("button", { name: "Cancel" }).click();
    await failed;
    await page.unroute("**/maps/*.npy");
    await page.getByRole("button", { name: "Make it" }).click();
    await drawn(page, details.count);
    await page.close();
  });

  test("without WebGL2 the page says so, and lists still work", async () => {
    const { page } = await open();
    await page.addInitScript(`{
      const plain = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return kind === "webgl2" ? null : plain.call(this, kind, ...more);
      };
    }`);
    await page.reload();
    await page.getByText("This browser draws no WebGL2.").waitFor();
    await page.getByRole("button", { name: "List what is in view" }).click();
    await page.getByRole("region", { name: "Gathered rows" }).waitFor();
    await page.close();
  });

  test("at 390 px with a selection and a list nothing stands out, and axe finds nothing serious", async () => {
    const { page } = await open("&row=5", { width: 390, height: 844, dark: true });
    await drawn(page, details.count);
    await page.locator(".map-link").nth(9).waitFor();
    await page.getByRole("button", { name: "List what is in view" }).click();
    await page.getByRole("region", { name: "Gathered rows" }).waitFor();
    await expectNoSidewaysScroll(page);
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.close();
  });
});
