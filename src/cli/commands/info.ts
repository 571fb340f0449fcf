import { stat } from "node:fs/promises";
import { Command } from "commander";
import type { Index } from "../../indexes/contract.ts";
import { open } from "../../indexes/index.ts";
import { fileProblem } from "../inputs.ts";
import { formatBytes, formatCount, writeJson, writeLine } from "../output.ts";

export function infoCommand(): Command {
  return new Command("info")
    .description("say what an index file holds")
    .argument("<file>", "an index made by vicinal build")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  vicinal info books.vic --json")
    .action(runInfo);
}

async function runInfo(path: string, flags: { json?: boolean }): Promise<void> {
  const index = await open(path);
  try {
    const facts = describe(path, index, await fileBytes(path));
    if (flags.json) writeJson(facts);
    else print(facts);
  } finally {
    index.close();
  }
}

async function fileBytes(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw fileProblem(path, error);
  }
}

function describe(path: string, index: Index, bytes: number) {
  const { memory, details, removed } = index.stats();
  const { spec, kind, metric, dtype, dimension, size, exact, seed, searchParams, defaults } = index;
  const { total, vectors, codes, links, keys, metadata, overhead } = memory;
  return {
    path,
    fileBytes: bytes,
    index: spec,
    kind,
    metric,
    dtype,
    dimension,
    size,
    removed,
    exact,
    seed,
    searchParams: [...searchParams],
    defaults: { ...defaults },
    memory: { total, vectors, codes, links, keys, metadata, overhead },
    details: { ...details },
  };
}

function print(facts: ReturnType<typeof describe>): void {
  const { memory, details, defaults } = facts;
  const lines: [string, string][] = [
    ["file", `${facts.path} (${formatBytes(facts.fileBytes)})`],
    ["index", facts.index],
    ["answers", facts.exact ? "exact" : "approximate"],
    ["rows", formatCount(facts.size) + (facts.removed > 0 ? `, ${formatCount(facts.removed)} removed` : "")],
    ["dimension", `${formatCount(facts.dimension)} (${facts.dtype})`],
    ["metric", facts.metric],
    ["seed", String(facts.seed)],
    ...Object.entries({ ...details, ...defaults }).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
    ["memory", formatBytes(memory.total)],
    ...(["vectors", "codes", "links", "keys", "metadata", "overhead"] as const).map(
      (part): [string, string] => [`  ${part}`, formatBytes(memory[part])],
    ),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, value] of lines) writeLine(`${name.padEnd(width)}  ${value}`);
}
