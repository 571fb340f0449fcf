// The whole check, in order: build, types, format and lint, tests. Each part runs even when an earlier one
// failed, the exit code says whether all passed, and the last line counts the tests.
// Further arguments go to vitest: `npm test -- src/core`.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, buildWasmOnly, ROOT } from "./build.mjs";

const failures = [];

/** Runs a development tool of this checkout with its output passed through; resolves to its exit code. */
function tool(path, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, "node_modules", path), ...args], {
      cwd: ROOT,
      env,
      stdio: "inherit",
    });
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

async function step(name, work) {
  process.stderr.write(`— ${name}\n`);
  let ok = false;
  try {
    ok = (await work()) === 0;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
  }
  if (!ok) failures.push(name);
}

function counts(path) {
  try {
    const report = JSON.parse(readFileSync(path, "utf8"));
    return {
      passed: report.numPassedTests,
      // A file that cannot be loaded, or whose preparation fails, counts as one failed test.
      failed:
        report.numFailedTests +
        report.testResults.filter(
          (file) =>
            file.status === "failed" && !file.assertionResults.some((each) => each.status === "failed"),
        ).length,
      skipped: report.numPendingTests + (report.numTodoTests ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const report = join(ROOT, ".cache", `tests-${process.pid}.json`);
mkdirSync(join(ROOT, ".cache"), { recursive: true });

await step("build", async () => {
  await buildWasmOnly();
  await build();
  return 0;
});
await step("types", () => tool("typescript/bin/tsc", ["--noEmit", "-p", "."]));
await step("types of the web app", () => tool("typescript/bin/tsc", ["--noEmit", "-p", "web"]));
await step("format and lint", () => tool("@biomejs/biome/bin/biome", ["check", "--error-on-warnings", "."]));
await step("tests", () =>
  tool("vitest/vitest.mjs", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ]),
);

const { passed, failed, skipped } = counts(report);
rmSync(report, { force: true });
if (failures.length > 0 || failed > 0) {
  process.stderr.write(`failed: ${failures.join(", ") || "tests"}\n`);
  process.exitCode = 1;
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
