import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng, matrix } from "../../src/core/index.ts";
import { runGeoLab } from "../../src/labs/geo/lab.ts";
import { arcOf, gridOver, onSphere } from "../../src/labs/geo/sphere.ts";
import { haversine, l2 } from "../../src/metrics/index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-geo-"));
  await mkdir(join(folder, "geo"));
  const rng = createRng(3, "geo");
  const place = (): [number, number] => [rng.next() * 120 - 50, rng.next() * 360 - 180];
  const cities = Array.from({ length: 1500 }, (_, i) => {
    const [latitude, longitude] = place();
    const elevation = i === 7 ? -9999 : Math.round(1000 + 10 * latitude);
    const zone = `Zone/${Math.floor((longitude + 180) / 60)}`;

    return [i, `O'Higgins ${i}`, latitude, longitude, "XX", "01", 20_000, elevation, zone].join("\t");
  });
  const header =
    "geonameid\tname\tlatitude\tlongitude\tcountry\tadmin1\tpopulation\televation_dem_m\ttimezone";
  await writeFile(join(folder, "geo", "geonames-cities15000.tsv"), `${[header, ...cities].join("\n")}\n`);
  for (const [part, n] of [
    ["train", 300],
    ["test", 60],
  ] as const) {
    const rows = Array.from({ length: n }, () => {
      const [longitude, latitude] = [-124 + 9 * rng.next(), 33 + 8 * rng.next()];
      return [longitude, latitude, 10, Math.round(1e5 + 2e4 * (longitude + 124))].join(",");
    });
    const table = `${["longitude,latitude,rooms,median_house_value", ...rows].join("\n")}\n`;
    await writeFile(join(folder, "geo", `california-housing-${part}.csv`), table);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("what varies slowly over the globe is told by neighbours, both metrics agree, and cities without elevation are left out", async () => {
  const out = join(folder, "out");
  const lines: string[] = [];
  const { results, report } = await runGeoLab({
    dataDir: folder,
    out,
    quick: true,
    log: (line) => lines.push(line),
  });
  const { agreement, elevation, zone, homes } = results;
  expect(elevation.train + elevation.test).toBe(1499);
  expect(agreement.sameSet).toBeGreaterThan(0.99);
  expect(agreement.metres).toBeLessThan(5);
  for (const study of [elevation, homes]) {
    expect(study.rows).toHaveLength(14);
    for (const { r2 } of study.chosen) expect(r2).toBeGreaterThan(0.9);
    expect(study.chosen[0]!.mae).toBeLessThan(study.mean.mae / 3);
  }
  expect(zone.classes).toBe(6);
  for (const { accuracy } of zone.chosen) expect(accuracy).toBeGreaterThan(0.9);
  const html = await readFile(report, "utf8");
  for (const id of ["metrics", "elevation", "zones", "homes"]) expect(html).toContain(`<section id="${id}">`);
  expect(/\bNaN\b/.test(html.replace(/base64,[^"]*/g, ""))).toBe(false);
  expect(lines.join("\n")).toContain("Time zone");
});

test.skipIf(process.env["VICINAL_DATA"] !== undefined)(
  "without the tables the lab says where it looked (skipped where $VICINAL_DATA may hold them)",
  async () => {
    const empty = join(folder, "empty");
    await mkdir(empty);
    const run = runGeoLab({ dataDir: empty, out: join(folder, "none"), quick: true });
    await expect(run).rejects.toMatchObject({ code: "DATASET_MISSING" });
  },
);

test("points of the unit sphere are as far apart as haversine says, and a grid runs from the north-west", () => {
  const rng = createRng(1, "sphere");
  const at = matrix(
    Float32Array.from({ length: 80 }, (_, i) =>
      i % 2 === 0 ? rng.next() * 180 - 90 : rng.next() * 360 - 180,
    ),
    2,
  );
  const points = onSphere(at).data;
  for (let i = 1; i < 40; i++) {
    const chord = l2(points.subarray(0, 3), points.subarray(3 * i, 3 * i + 3));
    const arc = haversine(at.data.subarray(0, 2), at.data.subarray(2 * i, 2 * i + 2));
    // Near the antipodes the arc is flat in the chord, and float32's rounding weighs more.
    expect(Math.abs(arcOf(chord) - arc)).toBeLessThan(arc > 19e6 ? 2e4 : 20);
  }
  const grid = gridOver([0, 20], [-30, 30], 10);
  expect([grid.rows, grid.cols]).toEqual([2, 6]);
  expect([...grid.at.data.slice(0, 4)]).toEqual([15, -25, 15, -15]);
  expect([...grid.at.data.slice(-2)]).toEqual([5, 25]);
});
