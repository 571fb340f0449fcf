import { Command } from "commander";
import type { Key, SearchOptions } from "../../indexes/contract.ts";
import { open } from "../../indexes/index.ts";
import { parseFilterExpression } from "../../indexes/parts/filterExpression.ts";
import {
  checkNames,
  collect,
  readK,
  readNumber,
  readParams,
  readThreads,
  requireOptions,
} from "../arguments.ts";
import { readVectors } from "../inputs.ts";
import { printable, shortFloat32, writeJson } from "../output.ts";
import { withReporter } from "../progress.ts";
import { writeTable } from "../table.ts";

interface SearchFlags {
  index: string;
  queries: string;
  k?: number;
  range?: number;
  filter?: string;
  param?: string[];
  exact?: boolean;
  threads?: number;
  json?: boolean;
}

/** One query's neighbours, nearest first. */
type Row = { id: Key; distance: number }[];

export function searchCommand(): Command {
  return new Command("search")
    .description("find the nearest rows of an index file")
    .option("--index <file>", "an index made by vicinal build")
    .option("--queries <file>", "vectors to look for")
    .option("--k <n>", "neighbours a query (default 10; with --range, all)", readK)
    .option("--range <r>", "only neighbours at this distance or closer", readNumber("--range"))
    .option("--filter <expr>", "only rows whose metadata match, such as 'year >= 1990 and lang == \"en\"'")
    .option("--param <name=value>", "search parameter, such as efSearch=100; repeatable", collect)
    .option("--exact", "compare with every row")
    .option("--threads <n>", "worker threads", readThreads)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Filters: == != < <= > >=, in [a, b], not in [a, b], exists(field); and, or, not, parentheses; or JSON.

Examples:
  vicinal search --index books.vic --queries q.npy --k 5
  vicinal search --index books.vic --queries q.npy --range 0.3 --filter 'genre in ["poetry", "plays"]' --json`,
    )
    .action(runSearch);
}

async function runSearch(flags: SearchFlags): Promise<void> {
  requireOptions(flags, ["index", "queries"]);
  const filter = flags.filter === undefined ? undefined : parseFilterExpression(flags.filter);
  const params = readParams(flags.param, "--param");
  const rows = await withReporter(flags, async ({ signal, onProgress }): Promise<Row[]> => {
    const index = await open(flags.index);
    try {
      checkNames(Object.keys(params), index.searchParams);
      const queries = (await readVectors(flags.queries, "queries", { signal, onProgress })).data;
      const options: SearchOptions = { ...params, filter, exact: flags.exact };
      if (flags.range !== undefined && flags.k === undefined) {
        const found = index.range(queries, flags.range, options);
        return Array.from({ length: queries.rows }, (_, q) => found.items(q).map(row));
      }
      const found = await index.searchAsync(queries, {
        ...options,
        k: flags.k ?? 10,
        maxDistance: flags.range,
        threads: flags.threads ?? 1,
        signal,
        onProgress,
      });
      return Array.from({ length: queries.rows }, (_, q) => found.items(q).map(row));
    } finally {
      index.close();
    }
  });
  if (flags.json) writeJson({ neighbors: rows });
  else print(rows);
}

function row({ key, distance }: { key: Key; distance: number }): Row[number] {
  return { id: key, distance: shortFloat32(distance) };
}

function print(rows: readonly Row[]): void {
  const right = "right" as const;
  const columns = [
    { title: "query", align: right },
    { title: "rank", align: right },
    { title: "id" },
    { title: "distance", align: right },
  ];
  const cells = rows.flatMap((found, q) =>
    found.map((item, i) => [
      String(q),
      String(i + 1),
      printable(String(item.id)),
      String(Number(item.distance.toPrecision(6))),
    ]),
  );
  writeTable(columns, cells);
}
