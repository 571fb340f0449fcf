import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPackage, project, type RunFacts, runScenario } from "./support.ts";

const run = promisify(execFile);
const folder = project("runtimes-test");
let node: RunFacts;

beforeAll(async () => {
  await buildPackage();
  node = await runScenario(folder, [process.execPath]);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * A runtime's program: on the path, or in the folder VICINAL_RUNTIMES, into which `npm install --prefix` put it
 * (the program lies in a package for the platform).
 */
function find(name: string, scope: string, inPackage: string): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((place) => join(place, name));
  const given = process.env["VICINAL_RUNTIMES"];
  const packages = given === undefined ? "" : join(given, "node_modules", scope);
  const installed = existsSync(packages)
    ? readdirSync(packages).map((each) => join(packages, each, inPackage))
    : [];
  return [...installed, ...onPath].find((path) => existsSync(path));
}

const runtimes = [
  { name: "deno", program: find("deno", "@deno", "deno"), args: ["run", "--allow-read", "--allow-write"] },
  { name: "bun", program: find("bun", "@oven", join("bin", "bun")), args: ["run"] },
];

for (const { name, program, args } of runtimes) {
  if (program === undefined) {
    console.warn(`${name} tests skipped: it is neither on the path nor below $VICINAL_RUNTIMES`);
  }
  describe.skipIf(program === undefined)(name, () => {
    test("builds, searches, saves and opens as Node does, with one thread and with two", async () => {
      expect(await runScenario(folder, [program!, ...args])).toEqual(node);
    });

    test("starts threads from vicinal/worker, with the same outcome", async () => {
      const { started, ...facts } = await runScenario(folder, [program!, ...args], "workerFile");
      expect(started).toBeGreaterThanOrEqual(2);
      expect({ ...facts, started: 0 }).toEqual(node);
    });

    test("takes a compiled module, without threads, with the same outcome", async () => {
      expect(await runScenario(folder, [program!, ...args], "module")).toEqual(node);
    });
  });
}

describe("node", () => {
  test("answers as brute force does, keeps bytes through files, and threads change nothing", () => {
    expect(node).toMatchObject({ flatRecall: 1, flatThreadsRecall: 1, missing: "FILE", started: 0 });
    expect(node).toMatchObject({ sameWithThreads: true, sameReopened: true, learnsAlike: true });
    expect(node.graphRecall).toBeGreaterThan(0.9);
    expect([node.graphThreads, node.rewritten, node.saved]).toEqual([node.graph, node.graph, node.graph]);
  });

  test("starts threads from vicinal/worker, with the same outcome", async () => {
    const { started, ...facts } = await runScenario(folder, [process.execPath], "workerFile");
    expect(started).toBeGreaterThanOrEqual(2);
    expect({ ...facts, started: 0 }).toEqual(node);
  });

  test("takes a compiled module, without threads, with the same outcome", async () => {
    expect(await runScenario(folder, [process.execPath], "module")).toEqual(node);
  });

  test("requires the package from CommonJS, the same module as import() gives", async () => {
    const script = `const { create } = require("vicinal"); const index = create("Flat", { dimension: 2 });
      index.add([[0, 0], [1, 1], [5, 5]]);
      import("vicinal").then((m) => console.log(JSON.stringify([m.create === create, index.search([4, 4], { k: 2 }).keys()])));`;
    const { stdout } = await run(process.execPath, ["-e", script], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual([true, [2, 1]]);
  });
});
