import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { bruteForce, type Point } from "../../web/src/pages/ideas/points.ts";
import {
  accessibilityFindings,
  browserProgram,
  expectNoSidewaysScroll,
  type Opened,
  useWebApp,
} from "./support.ts";

const IDEAS = ["regions", "voronoi", "metrics", "search", "tradeoff", "codes", "curse", "soft"];
const SIDE = 600;

describe.skipIf(browserProgram === undefined)("the page Ideas", () => {
  const app = useWebApp();
  let opened: Opened;
  let page: Page;
  beforeAll(async () => {
    opened = await app.openPage("#/ideas");
    page = opened.page;
  });

  /** Opens an idea anew, by its address. */
  async function show(name: string, on: Page = page): Promise<void> {
    await on.evaluate(`location.hash = "#/ideas"`);
    await on.evaluate(`location.hash = "#/ideas?idea=${name}"`);
    await on
      .locator(".ideas-list [aria-current]")
      .and(on.locator(`[href*="=${name}"]`))
      .waitFor();
    await on.locator(".idea").waitFor();
    if (["regions", "curse"].includes(name)) await on.locator(".line-chart").waitFor();
  }

  const readout = async (): Promise<string> =>
    (await page.locator(".idea-readout").innerText()).replace(/\s+/g, " ");
  const numberIn = async (pattern: RegExp): Promise<number> => Number(pattern.exec(await readout())![1]);

  /** Where movable points are, and what they are called. */
  async function handles(label: string): Promise<(Point & { name: string })[]> {
    const found = page.locator(`.board-handle[aria-label^="${label}"]`);
    const all = await found.evaluateAll((handles) =>
      handles.map(
        (handle) => [handle.getAttribute("transform")!, handle.getAttribute("aria-label")!] as const,
      ),
    );
    return all.map(([transform, name]) => {
      const [x, y] = /\((\S+) (\S+)\)/
        .exec(transform)!
        .slice(1)
        .map((value) => Number(value) / SIDE);
      return { x: x!, y: y!, name };
    });
  }

  async function drag(label: string, to: Point): Promise<void> {
    const [handle, board] = await Promise.all([
      page.locator(`.board-handle[aria-label^="${label}"] .board-reach`).first().boundingBox(),
      page.locator(".board").first().boundingBox(),
    ]);
    await page.mouse.move(handle!.x + handle!.width / 2, handle!.y + handle!.height / 2);
    await page.mouse.down();
    await page.mouse.move(board!.x + to.x * board!.width, board!.y + to.y * board!.height, { steps: 4 });
    await page.mouse.up();
  }

  /** Dots of a drawing, as they lie. */
  async function dots(selector: string): Promise<(Point & { style: string })[]> {
    const all = await page
      .locator(selector)
      .evaluateAll((circles) =>
        circles.map((each) => ["cx", "cy", "class"].map((name) => each.getAttribute(name)!)),
      );
    return all.map(([x, y, style]) => ({ x: Number(x) / SIDE, y: Number(y) / SIDE, style: style! }));
  }

  test("every idea opens at 390 px, dark: no complaint, accessible, no sideways scroll, with documentation that is there", async () => {
    const small = await app.openPage("#/ideas", { width: 390, height: 844, dark: true });
    for (const name of IDEAS) {
      await show(name, small.page);
      await expectNoSidewaysScroll(small.page);
      expect(await accessibilityFindings(small.page), name).toEqual([]);
      const file = await small.page.locator(".ideas-docs a").getAttribute("href");
      const answer = await fetch(new URL(file!, `${app.address}/`));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    }
    expect(small.complaints).toEqual([]);
    await small.page.close();
  }, 180_000);

  test("the list of ideas leads from one to the next by keyboard", async () => {
    await show("regions");
    await page.locator(".ideas-list a").nth(1).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "Who is nearest where" }).waitFor();
    expect(await page.evaluate("location.hash")).toBe("#/ideas?idea=voronoi");
  });

  test("regions: the ground is what votes of the k nearest say, and errors are those of leaving one out", async () => {
    await show("regions");
    await page.getByRole("slider").fill("7");
    await expect.poll(readout).toMatch(/With k = 7,/);
    const points = await handles("Point");
    const shapes = ["circle", "square", "triangle"];
    const groups = points.map(({ name }) => shapes.findIndex((shape) => name.includes(shape)));
    const vote = (near: readonly number[]): number => {
      const counts = shapes.map((_, group) => near.filter((id) => groups[id] === group).length);
      return counts.indexOf(Math.max(...counts));
    };
    const wrong = points.filter(
      (point, i) => vote(bruteForce(points, point, 8).filter((id) => id !== i)) !== groups[i],
    );
    expect(await numberIn(/judged by the others: (\d+) % wrong/)).toBe(
      Math.round((100 * wrong.length) / points.length),
    );

    const cells = 100;
    const pixels = (await page.locator(".board canvas").evaluate((canvas) => {
      const { width, height } = canvas as unknown as { width: number; height: number };
      const context = (
        canvas as unknown as { getContext(kind: "2d"): { getImageData: CallableFunction } }
      ).getContext("2d");
      return Array.from(context.getImageData(0, 0, width, height).data as Uint8ClampedArray);
    })) as number[];
    const inks = [0x0069a8, 0xc25400, 0x8b3f86].map((ink) => [ink >> 16, (ink >> 8) & 255, ink & 255]);
    let differ = 0;
    for (let i = 0; i < cells * cells; i++) {
      const [red, green, blue] = pixels.slice(4 * i, 4 * i + 3);
      const gaps = inks.map(
        ([r, g, b]) => Math.abs(red! - r!) + Math.abs(green! - g!) + Math.abs(blue! - b!),
      );
      const place = { x: ((i % cells) + 0.5) / cells, y: (Math.floor(i / cells) + 0.5) / cells };
      if (gaps.indexOf(Math.min(...gaps)) !== vote(bruteForce(points, place, 7))) differ++;
    }
    // Places almost equally far from two points may be told apart otherwise in float32.
    expect(differ).toBeLessThanOrEqual(3);

    await page.getByRole("slider").fill("1");
    await expect.poll(readout).toMatch(/With k = 1,/);
  });

  test("regions: points are added, moved and removed by keyboard", async () => {
    await show("regions");
    const before = await handles("Point");
    await page.getByRole("button", { name: "Add a point in the middle" }).press("Enter");
    expect((await handles("Point")).length).toBe(before.length + 1);
    await page.locator(".board-handle[tabindex='0']").focus();
    await page.keyboard.press("PageUp");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Shift+ArrowDown");
    const last = (await handles("Point")).at(-1)!;
    expect([last.x, last.y].map((value) => value.toFixed(3))).toEqual(["0.480", "0.505"]);
    await page.keyboard.press("Delete");
    expect(await handles("Point")).toEqual(before);
  });

  test("voronoi: wherever the query is dragged, the nearest point is named and its cell holds the query", async () => {
    await show("voronoi");
    for (const to of [
      { x: 0.2, y: 0.3 },
      { x: 0.8, y: 0.75 },
      { x: 0.5, y: 0.1 },
    ]) {
      await drag("Query", to);
      const [query] = await handles("Query");
      expect(Math.hypot(query!.x - to.x, query!.y - to.y)).toBeLessThan(0.01);
      const nearest = bruteForce(await handles("Point"), query!, 1)[0]!;
      expect(await numberIn(/point (\d+)/)).toBe(nearest + 1);
      const holds = await page.locator(".voronoi-own").evaluate(
        (path, { x, y }) => {
          const cell = path as unknown as { isPointInFill(at: unknown): boolean };
          return cell.isPointInFill({ x, y });
        },
        { x: query!.x * SIDE, y: query!.y * SIDE },
      );
      expect(holds).toBe(true);
    }
    await page.getByRole("checkbox").check();
    expect(await readout()).toMatch(/the walk from point \d+ takes \d+ step/);
  });

  test("metrics: each picture marks the nearest by its metric's definition", async () => {
    await show("metrics");
    await page.getByRole("slider").fill("8");
    await page.locator(".board-handle[aria-label^='Query, by l1']").press("ArrowUp");
    await page.locator(".board-handle[aria-label^='End of the ellipse']").press("ArrowLeft");
    const [query] = await handles("Query, by l1");
    const [tip] = await handles("End of the ellipse");
    const centred = ({ x, y }: Point): [number, number] => [2 * x - 1, 1 - 2 * y];
    const [q, e] = [centred(query!), centred(tip!)];
    const axis = [e[0] - q[0], e[1] - q[1]];
    const long = Math.hypot(...axis);
    const definitions: Record<string, (a: [number, number]) => number> = {
      l2: (a) => Math.hypot(a[0] - q[0], a[1] - q[1]),
      l1: (a) => Math.abs(a[0] - q[0]) + Math.abs(a[1] - q[1]),
      linf: (a) => Math.max(Math.abs(a[0] - q[0]), Math.abs(a[1] - q[1])),
      cosine: (a) => 1 - (a[0] * q[0] + a[1] * q[1]) / (Math.hypot(...a) * Math.hypot(...q)),
      mahalanobis: (a) => {
        const [x, y] = [a[0] - q[0], a[1] - q[1]];
        const along = (x * axis[0]! + y * axis[1]!) / long;
        const across = (y * axis[0]! - x * axis[1]!) / long;
        return Math.hypot(along / long, across / 0.15);
      },
    };
    for (const [metric, distance] of Object.entries(definitions)) {
      const points = await dots(`[data-metric=${metric}] .metrics-drawn > circle:not(.metrics-ball)`);
      expect(points.length).toBe(70);
      const order = points
        .map((_, i) => i)
        .sort((i, j) => distance(centred(points[i]!)) - distance(centred(points[j]!)));
      const marked = points.flatMap(({ style }, i) => (style === "metrics-near" ? [i] : []));
      expect(marked, metric).toEqual(order.slice(0, 8).sort((i, j) => i - j));
    }
  });

  test("search: the counter counts measured points; trees find all three, a wide beam finds what a narrow one missed", async () => {
    await show("search");
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await page.getByRole("slider", { name: "Step" }).fill("12");
    const measured = (await dots(".scene > circle")).filter(({ style }) => /fresh|measured|best/.test(style));
    expect(await numberIn(/computed: (\d+) of/)).toBe(measured.length);
    expect(measured.length).toBeGreaterThan(2);
    await page.getByRole("button", { name: "End" }).click();
    expect(await readout()).toContain("Found 3 of the true 3");
    const points = await dots(".scene > circle:not(.scene-at)");
    const [query] = await handles("Query");
    const best = points.flatMap(({ style }, id) => (style.endsWith("best") ? [id] : []));
    expect(best).toEqual(bruteForce(points, query!, 3).sort((i, j) => i - j));

    await page.getByText("Graph (HNSW)").click();
    await page.getByRole("button", { name: "End" }).click();
    expect(await readout()).toMatch(/Found [012] of the true 3/);
    const cheap = await numberIn(/computed: (\d+) of/);
    await page.getByRole("slider", { name: /efSearch/ }).fill("40");
    expect(await readout()).toContain("Found 3 of the true 3");
    expect(await numberIn(/computed: (\d+) of/)).toBeGreaterThan(cheap);
  });

  test("search: nothing moves until Play, which runs to the end and can be stopped", async () => {
    await show("search");
    const step = async (): Promise<number> =>
      Number(await page.getByRole("slider", { name: "Step" }).inputValue());
    await page.waitForTimeout(600);
    expect(await step()).toBe(0);
    await page.getByLabel("Speed").selectOption("fast");
    await page.getByRole("button", { name: "Play" }).click();
    await expect.poll(step).toBeGreaterThan(2);
    await page.getByRole("button", { name: "Pause" }).click();
    const stopped = await step();
    await page.waitForTimeout(400);
    expect(await step()).toBe(stopped);
    await page.getByRole("slider", { name: "Step" }).fill("36");
    await page.getByRole("button", { name: "Play" }).click();
    await page.getByText("Found 3 of the true 3").waitFor();
  });

  test("tradeoff: exact search finds all, each dial raises recall, and what is chosen has the recall wanted", async () => {
    await show("tradeoff");
    await page.getByRole("button", { name: "Measure" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByLabel("1,000", { exact: true }).check();
    await page.getByRole("button", { name: "Measure" }).click();
    await page.getByText("Quickest with recall 0.95 or more").waitFor();
    await page.getByText("All settings").click();
    const rows = await page.locator(".idea table tbody tr").allInnerTexts();
    const table = rows.map((row) => {
      const [setting, recall, qps] = row.split("\t");
      return {
        kind: setting!.split(",")[0]!,
        setting: setting!,
        recall: Number(recall),
        qps: Number(qps!.replaceAll(",", "")),
      };
    });
    expect(table.length).toBe(19);
    expect(table[0]!.recall).toBe(1);
    for (let i = 2; i < table.length; i++) {
      if (table[i]!.kind === table[i - 1]!.kind)
        expect(table[i]!.recall).toBeGreaterThanOrEqual(table[i - 1]!.recall);
    }
    for (const wanted of [0.6, 0.9, 0.99]) {
      await page.getByRole("slider").fill(`${wanted}`);
      const chosen = table.filter(({ recall }) => recall >= wanted).sort((a, b) => b.qps - a.qps)[0]!;
      expect(await readout()).toContain(`${chosen.setting}, ${chosen.qps.toLocaleString("en")} searches`);
    }
  });

  test("a finger drags a point and leaves the page where it is; beside points it scrolls the page", async () => {
    const { page: touched } = await app.openPage("#/ideas", { width: 390, height: 600 });
    await show("voronoi", touched);
    const session = await touched.context().newCDPSession(touched);
    const swipe = async (from: { x: number; y: number }, by: number): Promise<number> => {
      const before = (await touched.evaluate("scrollY")) as number;
      const point = (moved: number) => ({ touchPoints: [{ x: from.x, y: from.y + moved }] });
      await session.send("Input.dispatchTouchEvent", { type: "touchStart", ...point(0) });
      for (let moved = 0.25; moved <= 1; moved += 0.25) {
        await session.send("Input.dispatchTouchEvent", { type: "touchMove", ...point(moved * by) });
      }
      await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
      await touched.waitForTimeout(200);
      return ((await touched.evaluate("scrollY")) as number) - before;
    };
    const query = touched.locator(".board-handle[aria-label^='Query'] .board-reach");
    await query.scrollIntoViewIfNeeded();
    const box = (await query.boundingBox())!;
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const label = await touched.locator(".board-handle[aria-label^='Query']").getAttribute("aria-label");
    expect(await swipe(middle, -60)).toBe(0);
    expect(await touched.locator(".board-handle[aria-label^='Query']").getAttribute("aria-label")).not.toBe(
      label,
    );
    expect(await swipe({ x: 200, y: 500 }, -120)).toBeGreaterThan(50);
    await touched.close();
  });

  test("codes: marks agree with brute force, and recall rises with bits and with reranking", async () => {
    await show("codes");
    const recall = (): Promise<number> => numberIn(/recall@5 = (\d+) %/);
    const [bits, rerank] = [
      page.getByRole("slider", { name: /Bits/ }),
      page.getByRole("slider", { name: /Measured/ }),
    ];
    await bits.fill("2");
    const coarse = await recall();
    await bits.fill("5");
    const fine = await recall();
    expect(fine).toBeGreaterThan(coarse + 20);
    await rerank.fill("25");
    expect(await recall()).toBeGreaterThan(fine);
    const points = await dots("circle:is(.codes-point, .codes-right, .codes-wrong, .codes-missed):not(li *)");
    const [query] = await handles("Query");
    const truth = points.flatMap(({ style }, id) => (/right|missed/.test(style) ? [id] : []));
    expect(truth).toEqual(bruteForce(points, query!, 5).sort((i, j) => i - j));
  });

  test("curse: distances of normal points draw together as theory says, those on a sheet do not", async () => {
    await show("curse");
    const share = (): Promise<number> => numberIn(/its nearest is (\d+) % as far/);
    // Distances have mean √(2d) and deviation near 1; 400 draws reach about 2.8 deviations to each side.
    for (const [at, d] of [
      [9, 200],
      [12, 1000],
    ] as const) {
      await page.getByRole("slider").fill(`${at}`);
      const reach = 2.8 / Math.sqrt(2 * d);
      expect(Math.abs((await share()) - 100 * ((1 - reach) / (1 + reach)))).toBeLessThan(5);
    }
    const hub = await numberIn(/named by (\d+) others/);
    await page.getByText("on a flat sheet").click();
    expect(await share()).toBeLessThan(10);
    expect(await numberIn(/named by (\d+) others/)).toBeLessThan(hub / 2);
  });

  test("soft: weights are the softmax of −distance / t, draws agree, and cold weights are the nearest point's alone", async () => {
    await show("soft");
    const column = async (n: number): Promise<number[]> => {
      const cells = await page.locator(`.soft-table tbody tr > :nth-child(${n})`).allInnerTexts();
      return cells.map(Number.parseFloat);
    };
    const points = await handles("Point");
    const [query] = await handles("Query");
    const heat = points.map(({ x, y }) => Math.exp(-Math.hypot(x - query!.x, y - query!.y) / 0.1));
    const total = heat.reduce((sum, each) => sum + each, 0);
    const ids = await column(1);
    const [soft, drawn] = [await column(4), await column(5)];
    ids.forEach((id, row) => {
      const weight = (100 * heat[id - 1]!) / total;
      expect(Math.abs(soft[row]! - weight)).toBeLessThanOrEqual(0.51);
      // Five standard deviations of 1000 draws, in percent.
      expect(Math.abs(drawn[row]! - weight)).toBeLessThan(
        5 * Math.sqrt((weight * (100 - weight)) / 1000) + 0.6,
      );
    });
    await page.getByRole("slider").fill("-250");
    for (const neighbour of ["first", "second", "third"]) {
      await page.getByLabel(neighbour, { exact: true }).check();
      const [hard, cold] = [await column(3), await column(4)];
      for (const [row, taken] of hard.entries()) {
        expect(Math.abs(cold[row]! - 100 * taken)).toBeLessThan(1);
      }
    }
  });

  test("nothing of all this made the page complain, and light colours are accessible too", async () => {
    await show("search");
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });
});
