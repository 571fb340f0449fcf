import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transformWithOxc } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ERROR_CODES } from "../src/core/errors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = join(root, ".cache", `docs-test-${process.pid}`);
const run = promisify(execFile);

const pages: string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** Code blocks of one language, by page and position. */
function blocks(page: string, language: string): string[] {
  return [...textOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    (m) => m[1]!,
  );
}
const examples = pages.flatMap((page) =>
  blocks(page, "ts").map((code, i) => ({ page, name: `${page.replace(/\W/g, "-")}-${i}`, code })),
);

beforeAll(async () => {
  await run(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root });
  mkdirSync(join(scratch, "node_modules"), { recursive: true });
  symlinkSync(root, join(scratch, "node_modules", "vicinal"), "junction");
  writeFileSync(join(scratch, "package.json"), '{"type":"module"}');
}, 300_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("the documentation", () => {
  test("explains every error code once, and no other", () => {
    const rows = [...textOf("docs/errors.md").matchAll(/^\| `([A-Z_]+)` \|[^|\n]+\|[^|\n]+\|$/gm)].map(
      (m) => m[1]!,
    );
    expect(rows.toSorted()).toEqual([...ERROR_CODES].toSorted());
  });

  test("links only to files that exist", () => {
    const dead: string[] = [];
    for (const page of pages) {
      for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target!)) continue;
        const path = join(root, dirname(page), target!.split("#")[0]!);
        if (!existsSync(path)) dead.push(`${page} → ${relative(root, path)}`);
      }
    }
    expect(dead).toEqual([]);
  });

  test("names in the README every page of docs through the table of contents", () => {
    expect(textOf("README.md")).toContain("docs/index.md");
    for (const page of pages.filter((name) => name.startsWith("docs/") && name !== "docs/index.md")) {
      expect(textOf("docs/index.md"), page).toContain(`(${page.slice(5)})`);
    }
  });

  test("tells the two commands in the README, as package.json has them", () => {
    const { scripts } = JSON.parse(textOf("package.json"));
    expect(blocks("README.md", "sh").slice(0, 2)).toEqual(["npm ci && npm start\n", "npm test\n"]);
    expect(Object.keys(scripts)).toEqual(
      expect.arrayContaining(["start", "test", "vicinal", "bench", "format"]),
    );
  });

  test("has examples that type-check under strict", async () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const { name, code } of examples) writeFileSync(join(scratch, `${name}.ts`), code);
    const config = {
      compilerOptions: {
        module: "NodeNext",
        target: "ES2023",
        lib: ["ES2023", "DOM", "ESNext.Disposable"],
        types: [],
        strict: true,
        noEmit: true,
      },
      files: examples.map(({ name }) => `${name}.ts`),
    };
    writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const failure = await run(process.execPath, [tsc, "-p", scratch]).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    expect(failure).toBe("");
  }, 60_000);

  for (const { page, name, code } of examples) {
    test(`has an example in ${page} (${name}) that runs and prints what it says`, async () => {
      const script = join(scratch, `${name}.mjs`);
      writeFileSync(script, (await transformWithOxc(code, `${name}.ts`)).code);
      const { stdout } = await run(process.execPath, [script], { cwd: scratch });
      const printed = [...stdout.matchAll(/key: '([^']+)'/g)].map((m) => m[1]);
      const said = code.match(/console\.log\(.*items\(\)\); \/\/ (\w+), then (\w+)/);
      if (said) expect(printed).toEqual([said[1], said[2]]);
    }, 60_000);
  }
});
