import { expect, test } from "vitest";
import { displayWidth, formatTable } from "./table.ts";

const columns = [{ title: "index" }, { title: "QPS", align: "right" as const }];

test("columns line up, numbers to the right", () => {
  expect(
    formatTable(columns, [
      ["Flat", "12"],
      ["HNSW16", "9,000"],
    ]),
  ).toBe(["index     QPS", "──────  ─────", "Flat       12", "HNSW16  9,000"].join("\n"));
});

test("a table wider than the terminal becomes one block a row", () => {
  expect(
    formatTable(
      columns,
      [
        ["Flat", "12"],
        ["HNSW16", "9,000"],
      ],
      { width: 12 },
    ),
  ).toBe(["index  Flat", "QPS    12", "", "index  HNSW16", "QPS    9,000"].join("\n"));
  expect(formatTable(columns, [["Flat", "12"]], { width: 11 })).toMatch(/──/);
});

test("wide characters and combining marks keep the columns in line", () => {
  expect([displayWidth("猫"), displayWidth("😀"), displayWidth("e\u0301"), displayWidth("né")]).toEqual([
    2, 2, 1, 2,
  ]);
  const lines = formatTable(columns, [
    ["猫", "1"],
    ["ab", "2"],
  ]).split("\n");
  expect(lines[2]).toBe(`猫${" ".repeat(3 + 2 + 2)}1`);
  expect(lines[3]).toBe(`ab${" ".repeat(3 + 2 + 2)}2`);
});

test("half a million rows are no problem", () => {
  const rows = Array.from({ length: 500_000 }, (_, i) => [`row ${i}`, "1"]);
  expect(formatTable(columns, rows).split("\n")).toHaveLength(500_002);
});
