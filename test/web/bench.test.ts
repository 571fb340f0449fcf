import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { matrix } from "../../src/core/index.ts";
import { sweepHeldOut } from "../../src/evaluate/index.ts";
import type { SetDetails, SweepReport } from "../../src/server/protocol.ts";
import { accessibilityFindings, browserProgram, expectNoSidewaysScroll, useWebApp } from "./support.ts";

const SET = "emoji-twemoji";
/** For a machine on which everything else runs as well. */
const LONG = { timeout: 120_000 };

const point = (params: Record<string, number>, recall: number, qps: number) => ({
  ...{ params, recall, qps },
  p50Ms: 0.5,
  p99Ms: 1.25,
});
const earlier: SweepReport = {
  dataset: { n: 60_000, d: 784, queries: 100, metric: "l2", k: 10 },
  results: [
    { index: "Flat", buildSeconds: 0.25, bytes: 188_160_000, points: [point({}, 1, 250)] },
    {
      index: "HNSW16",
      buildSeconds: 12.5,
      bytes: 200_000_000,
      points: [
        point({ efSearch: 10 }, 0.8, 9000),
        point({ efSearch: 40 }, 0.96, 4000),
        point({ efSearch: 20 }, 0.7, 5000),
      ],
    },
  ],
};
const asFile = (name: string, contents: unknown) => ({
  name,
  mimeType: "application/json",
  buffer: Buffer.from(typeof contents === "string" ? contents : JSON.stringify(contents)),
});

describe.skipIf(browserProgram === undefined)("Bench", () => {
  const app = useWebApp();
  let rows: Uint8Array;
  let details: SetDetails;

  beforeAll(async () => {
    const at = (path: string): string => `${app.address}/api/sets/${SET}/${path}`;
    details = (await (await fetch(at("set.json"))).json()) as SetDetails;
    const file = new Uint8Array(await (await fetch(at("features/pixels.npy"))).arrayBuffer());
    rows = file.subarray(10 + file[8]! + 256 * file[9]!);
  }, 120_000);

  const lines = (page: Page): Locator => page.getByRole("textbox", { name: "Index", exact: true });
  const cells = async (page: Page): Promise<string[][]> => {
    const all = await page.locator(".bench-table tbody tr").all();
    return Promise.all(all.map((row) => row.locator("td").allTextContents()));
  };

  /** Opens the page with these indexes in the form. */
  async function planned(
    engine: "page" | "server",
    plan: readonly (readonly [string, string])[],
  ): Promise<Page> {
    const { page } = await app.openPage(`#/bench?set=${SET}&feature=pixels`, {
      kept: { "vicinal.engine": engine },
    });
    await lines(page).nth(3).waitFor();
    for (let i = 4; i > plan.length; i--)
      await page
        .getByRole("button", { name: /^Remove/ })
        .last()
        .click();
    for (const [i, [index, params]] of plan.entries()) {
      await lines(page).nth(i).fill(index);
      await page
        .getByRole("textbox", { name: /^Parameters of/ })
        .nth(i)
        .fill(params);
    }
    await page.getByRole("spinbutton", { name: "Queries held back" }).fill("50");
    return page;
  }

  async function saved(page: Page, button: string): Promise<string> {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: button, exact: true }).click(),
    ]);
    return readFileSync(await download.path(), "utf8");
  }

  for (const engine of ["server", "page"] as const) {
    test(`${engine}: a sweep of the emoji finds the recall that the library finds, and files hold what is shown`, async () => {
      const page = await planned(engine, [
        ["Flat", ""],
        ["KDTree", "maxLeaves=1,30"],
      ]);
      await page.getByRole("button", { name: "Measure" }).click();
      await page
        .getByText(engine === "server" ? /^measured by the server/ : /^measured in this page/)
        .waitFor(LONG);
      const found = await cells(page);
      const expected = await sweepHeldOut(
        matrix(Float32Array.from(rows), rows.length / details.count),
        [
          { index: "Flat", params: {} },
          { index: "KDTree", params: { maxLeaves: [1, 30] } },
        ],
        { metric: "l2", queries: 50, rounds: 1, budgetMs: 1 },
      );
      const points = expected.results.flatMap(({ index, points }) =>
        points.map(({ recall }) => [index, recall.toFixed(4)]),
      );
      expect(found.map(([index, , recall]) => [index, recall])).toEqual(points);
      expect(points[1]![1], "a setting that misses some").not.toBe("1.0000");
      expect(found.map(([, settings]) => settings)).toEqual(["–", "maxLeaves=1", "maxLeaves=30"]);

      const report = JSON.parse(await saved(page, "JSON")) as SweepReport;
      expect(report.dataset).toEqual({ n: details.count - 50, d: 768, queries: 50, metric: "l2", k: 10 });
      const told = report.results.flatMap(({ index, bytes, points }) =>
        points.map(({ recall, qps, p50Ms }) => [
          index,
          recall.toFixed(4),
          Math.round(qps).toLocaleString("en"),
          p50Ms.toFixed(3),
          `${(bytes / 1e6).toFixed(1)} MB`,
        ]),
      );
      expect(found.map((row) => [row[0], row[2], row[3], row[4], row[7]])).toEqual(told);
      const [head, ...csv] = (await saved(page, "CSV")).trimEnd().split("\r\n");
      const column = (name: string): (string | undefined)[] =>
        csv.map((line) =>
          line.match(/("[^"]*"|[^,]*)(,|$)/g)![head!.split(",").indexOf(name)]!.replace(/,$/, ""),
        );
      expect(column("recall").map(Number)).toEqual(
        report.results.flatMap((r) => r.points.map((p) => p.recall)),
      );
      expect(column("qps").map(Number)).toEqual(report.results.flatMap((r) => r.points.map((p) => p.qps)));
      const svg = await saved(page, "SVG");
      for (const name of ["Flat", "KDTree"]) expect(svg).toContain(`>${name}</text>`);
      await page.close();
    }, 150_000);

    test(`${engine}: points appear while it runs, and a cancelled sweep stops and keeps them`, async () => {
      const many = Array.from({ length: 60 }, (_, i) => 1 + i).join();
      const page = await planned(engine, [
        ["Flat", ""],
        ["KDTree", `maxLeaves=${many}`],
      ]);
      await page.getByRole("button", { name: "Measure" }).click();
      await page.locator(".bench-table tbody tr").nth(2).waitFor(LONG);
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("stopped early").waitFor();
      const kept = await cells(page);
      expect(kept.length).toBeGreaterThanOrEqual(3);
      expect(kept.length).toBeLessThan(61);
      await page.waitForTimeout(700);
      expect(await cells(page)).toEqual(kept);
      if (engine === "server") {
        const list = async (): Promise<string[]> => {
          const { jobs } = (await (await fetch(`${app.address}/api/jobs`)).json()) as {
            jobs: { what: string; state: string }[];
          };
          return jobs.filter(({ what }) => what.startsWith("sweep")).map(({ state }) => state);
        };
        await expect.poll(list).toContain("aborted");
        expect(await list()).not.toContain("running");
      }
      await page.close();
    }, 150_000);
  }

  test("mistakes are said at the field in the library's words, and nothing can be measured until they are gone", async () => {
    const page = await planned("server", [["IVF16,Flatt", "nprobe=1"]]);
    const trouble = page.locator(".bench-trouble");
    await trouble.filter({ hasText: /wrong at "Flatt"/ }).waitFor();
    expect(await lines(page).getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByRole("button", { name: "Measure" }).isDisabled()).toBe(true);
    await lines(page).fill("IVF16,Flat");
    await page.getByRole("textbox", { name: "Parameters of IVF16,Flat" }).fill("efSearch=1");
    await trouble.filter({ hasText: 'Unknown option "efSearch"' }).waitFor();
    await page.getByRole("textbox", { name: "Parameters of IVF16,Flat" }).fill("nprobe=lots");
    await trouble.filter({ hasText: 'A parameter is "nprobe=lots"' }).waitFor();
    await page.getByRole("textbox", { name: "Parameters of IVF16,Flat" }).fill("nprobe=1,2");
    await trouble.waitFor({ state: "detached" });
    await page.getByRole("spinbutton", { name: "Neighbours k" }).fill("0");
    await trouble.filter({ hasText: "from 1 to 100" }).waitFor();
    expect(await page.getByRole("button", { name: "Measure" }).isDisabled()).toBe(true);
    await page.close();
  });

  test("results of eval --json are drawn over one another, told in words and sorted; a wrong file adds nothing", async () => {
    const { page, complaints } = await app.openPage("#/bench");
    const files = page.getByLabel("Files of results");
    await files.setInputFiles(asFile("monday.json", earlier));
    const verdict = page.getByRole("region", { name: "Verdict" }).getByRole("status");
    await verdict.getByText("At recall ≥ 0.95").waitFor();
    expect(await verdict.locator("p").allTextContents()).toEqual([
      "At recall ≥ 0.95 the fastest is HNSW16 with efSearch=40: 4,000 queries a second, 96.0 % of the true neighbours found.",
      "That is 16.0 times as fast as looking at every row (Flat).",
      "The smallest that reaches it is Flat, with 94 % of its memory, at 250 queries a second.",
    ]);
    const slider = page.getByRole("slider", { name: /Recall wanted/ });
    await slider.focus();
    await page.keyboard.press("End");
    await verdict.getByText("At recall ≥ 1 the fastest is Flat: 250 queries a second").waitFor();

    await page.getByRole("button", { name: "Recall", exact: true }).click();
    await expect
      .poll(async () => (await cells(page)).map(([, , recall]) => recall))
      .toEqual(["1.0000", "0.9600", "0.8000", "0.7000"]);
    await page.getByRole("button", { name: "Recall", exact: true }).click();
    await expect
      .poll(async () => (await cells(page)).map(([, , recall]) => recall))
      .toEqual(["0.7000", "0.8000", "0.9600", "1.0000"]);
    expect(await page.locator("th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");

    const bad = structuredClone(earlier) as unknown as { results: { points: { recall: number }[] }[] };
    bad.results[1]!.points[2]!.recall = 1.5;
    await files.setInputFiles(asFile("bad.json", bad));
    await page
      .getByRole("alert")
      .filter({ hasText: "bad.json: results[1].points[2].recall is 1.5" })
      .waitFor();
    await files.setInputFiles(asFile("text.json", "{ results"));
    await page.getByRole("alert").filter({ hasText: "text.json is no JSON" }).waitFor();
    expect(await page.getByRole("list", { name: "Runs shown" }).getByRole("listitem").count()).toBe(1);

    await files.setInputFiles(asFile("tuesday.json", { ...earlier, dataset: { ...earlier.dataset, k: 20 } }));
    await page.getByText("their curves show different tasks").waitFor();
    await expect.poll(async () => (await cells(page)).map(([index]) => index)).toContain("HNSW16 (tuesday)");
    const both = JSON.parse(await saved(page, "JSON")) as SweepReport[];
    expect(both[0]).toEqual(earlier);
    await page.getByRole("button", { name: "Drop tuesday" }).click();
    await page.getByRole("button", { name: "Drop monday" }).click();
    await files.setInputFiles(asFile("both.json", both));
    const shown = page.getByRole("list", { name: "Runs shown" }).locator("strong");
    await expect.poll(() => shown.allTextContents()).toEqual(["both 1", "both 2"]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("at 390 px with results nothing stands out, and axe finds nothing serious in either theme", async () => {
    for (const view of [{ width: 390, height: 844 }, { dark: true }]) {
      const { page } = await app.openPage("#/bench", view);
      await page.getByLabel("Files of results").setInputFiles(asFile("a.json", [earlier, earlier]));
      await page.locator(".bench-curves svg").waitFor();
      await page.getByRole("button", { name: "Nines apart" }).click();
      await expectNoSidewaysScroll(page);
      expect(await accessibilityFindings(page)).toEqual([]);
      await page.close();
    }
  });
});
