import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { randomMatrix } from "../support/brute.ts";
import { document, ensureBuilt, MAIN, runner, workFolder, writeFvecs } from "./support.ts";

beforeAll(ensureBuilt, 300_000);

const folder = workFolder();
const run = runner(folder);
writeFvecs(join(folder, "v.fvecs"), randomMatrix(50, 4, 1));
const measure = ["eval", "--base", "v.fvecs", "--queries", "v.fvecs", "--index", "Flat", "--rounds", "1"];

test.each(["eval", "build", "search", "info", "data", "lab", "start"])(
  "%s --help explains itself on stdout",
  async (name) => {
    const { code, stdout, stderr } = await run([name, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: vicinal ${name}`);
    expect(stdout).toContain("--json");
  },
);

test("help and version go to stdout and succeed", async () => {
  expect((await run(["--help"])).stdout).toContain("eval");
  expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("a stack follows the error line only with VICINAL_DEBUG=1", async () => {
  const args = ["info", "none.vic"];
  expect((await run(args)).stderr).not.toMatch(/^\s+at /m);
  const { code, stderr } = await run(args, { VICINAL_DEBUG: "1" });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error\[[A-Z_]+\]: .*\n[\s\S]*^\s+at /m);
});

test("a path that could drive the terminal is spelled out in the error", async () => {
  const { stderr } = await run(["info", "\u001b]0;x\u0007\nerror[FAKE]: y"]);
  expect(stderr).not.toContain("\u001b");
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test("data sets are listed with where they are", async () => {
  const { datasets } = document<{ datasets: { name: string; path: string | null }[] }>(
    await run(["data", "list", "--json", "--data", folder]),
    "dataList",
  );
  const names = datasets.map((d) => d.name);
  expect(names).toContain("fashion-mnist");
  expect(new Set(names).size).toBe(names.length);
});

test("a reader that leaves early ends the command quietly", () => {
  const command = `"${process.execPath}" "${MAIN}" search --help | head -c 1; exit "\${PIPESTATUS[0]}"`;
  const { stderr } = spawnSync("bash", ["-c", command], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
});

/** Runs under a pseudo-terminal made by util-linux's script(1); stdout and stderr come together. */
function onTerminal(env: NodeJS.ProcessEnv): string {
  const command = `stty cols 120; "${process.execPath}" "${MAIN}" ${measure.join(" ")}`;
  const { NO_COLOR: _n, ...inherited } = process.env;
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    env: { ...inherited, TERM: "xterm", XDG_CACHE_HOME: join(folder, "cache"), ...env },
    encoding: "utf8",
  });
  return stdout;
}

const hasScript =
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

describe.skipIf(!hasScript)("on a terminal (needs script(1) of util-linux)", () => {
  const bold = "\u001b[1m";
  test("titles are set off in bold", () => {
    expect(onTerminal({})).toContain(bold);
  });
  test("NO_COLOR turns that off", () => {
    const text = onTerminal({ NO_COLOR: "1" });
    expect(text).toContain("recall@10");
    expect(text).not.toContain(bold);
  });
});
