import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { build as bundle, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const scratch = join(root, ".cache", `package-test-${process.pid}`);
const run = promisify(execFile);

/** What one gzipped bundle of the main entry may weigh, glue and both WebAssembly modules together. */
const BUDGET_BYTES = 150 * 1000;

beforeAll(async () => {
  await run(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root });
  mkdirSync(join(scratch, "node_modules"), { recursive: true });
  symlinkSync(root, join(scratch, "node_modules", "vicinal"), "junction");
}, 300_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Doors of the package that lead to one module each. */
const doors: [string, { types: string; default: string }][] = Object.entries(
  manifest.exports as Record<string, string | { types: string; default: string }>,
).filter((door): door is [string, { types: string; default: string }] => typeof door[1] === "object");

const nameOf = (door: string): string => manifest.name + door.slice(1);
const toRoot = (path: string): string => relative(root, path).split(sep).join("/");

/** Bare and relative specifiers in a compiled module; dynamic ones apart. */
function specifiers(path: string): { fixed: string[]; dynamic: string[] } {
  const code = readFileSync(path, "utf8");
  const fixed = code.matchAll(/^(?:import|export)\s(?:[^;"'`]*?\sfrom\s*)?["']([^"']+)["']/gm);
  const dynamic = code.matchAll(/\bimport\(\s*["'`]([^"'`]+)["'`]\s*\)/g);
  return { fixed: [...fixed].map((m) => m[1]!), dynamic: [...dynamic].map((m) => m[1]!) };
}

/** All modules that a door can reach, with the bare specifiers they name. */
function reachable(entry: string, platform: string): Map<string, { fixed: string[]; dynamic: string[] }> {
  const seen = new Map<string, { fixed: string[]; dynamic: string[] }>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    const { fixed, dynamic } = specifiers(path);
    const follow = (names: string[]): string[] =>
      names.filter((name) => {
        if (name === "#platform") queue.push(join(root, platform));
        else if (name.startsWith(".")) queue.push(resolve(dirname(path), name));
        else return true;
        return false;
      });
    seen.set(path, { fixed: follow(fixed), dynamic: follow(dynamic) });
  }
  return seen;
}

describe("the manifest", () => {
  test("passes publint without a remark", async () => {
    const { messages, pkg } = await publint({ pkgDir: root, pack: "npm", strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  }, 120_000);

  test("has no install scripts, no side effects but the worker's, pinned tools, and only optional peers", () => {
    for (const name of ["preinstall", "install", "postinstall", "prepare", "prepublish", "prepack"]) {
      expect(manifest.scripts).not.toHaveProperty(name);
    }
    expect(manifest.sideEffects).toEqual([manifest.exports["./worker"].default]);
    expect(manifest.type).toBe("module");
    for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
    for (const name of Object.keys(manifest.peerDependencies ?? {})) {
      expect(manifest.peerDependenciesMeta?.[name]?.optional, name).toBe(true);
    }
  });

  test("locks versions without install scripts and without download addresses", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const entries: [string, { hasInstallScript?: boolean; resolved?: string; link?: boolean }][] =
      Object.entries(lock.packages);
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter(([, entry]) => entry.hasInstallScript).map(([name]) => name)).toEqual([]);
    const addressed = entries.filter(([, entry]) => entry.resolved !== undefined && !entry.link);
    expect(addressed.map(([name]) => name)).toEqual([]);
    expect(JSON.stringify(lock)).not.toMatch(
      /https?:\/\/(?!.*(?:opencollective|github|funding|tidelift|patreon|feross))/,
    );
  });

  test("states every dependency that the lock holds at the top, at the same version", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    for (const group of ["dependencies", "devDependencies", "peerDependencies"]) {
      expect(lock.packages[""][group] ?? {}).toEqual(manifest[group] ?? {});
    }
  });
});

describe("the tarball", () => {
  test("holds what the doors lead to, and neither sources nor tests", async () => {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const { stdout } = await run(npm, ["pack", "--dry-run", "--json"], {
      cwd: root,
      shell: npm.endsWith(".cmd"),
    });
    const report = JSON.parse(stdout);
    const [pack] = Array.isArray(report)
      ? report
      : (Object.values(report) as [{ files: { path: string }[] }]);
    const files = new Set((pack.files as { path: string }[]).map(({ path }) => path));
    for (const name of ["package.json", "README.md", "LICENSE"]) expect(files).toContain(name);
    for (const [, target] of doors) {
      for (const path of [target.types, target.default]) expect(files).toContain(path.slice(2));
    }
    for (const name of ["vicinal", "vicinal-relaxed", "vicinal-learn", "vicinal-learn-relaxed"]) {
      expect(files).toContain(`dist/wasm/${name}.wasm`);
    }
    expect(files).toContain(manifest.bin.vicinal.slice(2));
    const stray = [...files].filter(
      (path) =>
        !/^(dist\/|schema\/|package\.json$|README\.md$|LICENSE$)/.test(path) ||
        /\.(test|spec)\.|\.tsbuildinfo$/.test(path) ||
        (path.endsWith(".ts") && !path.endsWith(".d.ts")),
    );
    expect(stray).toEqual([]);
  }, 120_000);

  test("every door's files exist, and the command is executable with a shebang", () => {
    for (const [door, target] of doors) {
      for (const path of [target.types, target.default])
        expect(existsSync(join(root, path)), door).toBe(true);
    }
    expect(readFileSync(join(root, manifest.bin.vicinal), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe("the doors", () => {
  test("can each be imported in Node by name, and offer something", async () => {
    const names = doors.map(([door]) => nameOf(door)).filter((name) => !name.endsWith("/worker"));
    const script = `const names = ${JSON.stringify(names)}; const out = {};
      for (const name of names) out[name] = Object.keys(await import(name)).length;
      process.stdout.write(JSON.stringify(out));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: scratch });
    const counts: Record<string, number> = JSON.parse(stdout);
    for (const name of names) expect(counts[name], name).toBeGreaterThan(0);
  }, 60_000);

  test("reach no package at run time but optional peers, those only when asked for", () => {
    const peers = Object.keys(manifest.peerDependencies ?? {});
    for (const platform of ["dist/platform/node.js", "dist/platform/web.js"]) {
      for (const [door, target] of doors) {
        const modules = reachable(join(root, target.default), platform);
        expect(modules.size, door).toBeGreaterThan(0);
        for (const [path, { fixed, dynamic }] of modules) {
          const nodeOnly = /^dist\/platform\/(node|[\w-]+\.node)\.js$/.test(toRoot(path));
          const foreign = fixed.filter((name) => !(nodeOnly && name.startsWith("node:")));
          expect(foreign, toRoot(path)).toEqual([]);
          const asked = dynamic.filter((name) => !name.startsWith("node:") || !nodeOnly);
          for (const name of asked) {
            expect(peers, `${toRoot(path)} imports ${name}`).toContain(name.split("/")[0]);
          }
        }
      }
    }
  });

  test("never reach Node's half of the platform in a browser", () => {
    for (const [door, target] of doors) {
      const modules = [...reachable(join(root, target.default), "dist/platform/web.js").keys()].map(toRoot);
      expect(
        modules.filter((path) => /platform\/(node|[\w-]+\.node)\.js$/.test(path)),
        door,
      ).toEqual([]);
    }
  });

  test("type-check for a user of either resolution, under strict and without skipLibCheck", async () => {
    const lines = doors.map(
      ([door], i) => `import * as m${i} from "${nameOf(door)}";\nexport const n${i}: object = m${i};`,
    );
    writeFileSync(join(scratch, "user.ts"), `${lines.join("\n")}\n`);
    writeFileSync(join(scratch, "package.json"), '{"type":"module"}');
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    for (const [module, resolution] of [
      ["NodeNext", "NodeNext"],
      ["ESNext", "Bundler"],
    ] as const) {
      const config = {
        compilerOptions: {
          module,
          moduleResolution: resolution,
          target: "ES2023",
          lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable", "ESNext.Disposable"],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
        },
        files: ["user.ts"],
      };
      writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify(config));
      const failure = await run(process.execPath, [tsc, "-p", scratch]).then(
        () => "",
        (error: { stdout: string }) => error.stdout,
      );
      // Node users have Disposable from @types/node.
      expect(failure, resolution).toBe("");
    }
  }, 120_000);
});

describe("size", () => {
  test(`the main entry bundled for a browser stays below ${BUDGET_BYTES / 1000} kB gzipped`, async () => {
    const output = (await bundle({
      root: scratch,
      logLevel: "silent",
      configFile: false,
      build: {
        write: false,
        minify: true,
        // As part of a page: a bundle made as a library would keep its white space.
        rolldownOptions: {
          input: join(root, manifest.exports["."].default.slice(2)),
          preserveEntrySignatures: "strict",
        },
      },
    })) as Rolldown.RolldownOutput | Rolldown.RolldownOutput[];
    const chunks = [output].flat()[0]!.output.filter((part) => part.type === "chunk");
    const code = chunks.map((chunk) => chunk.code).join("\n");
    expect(code.length).toBeGreaterThan(10_000);
    expect(code).not.toMatch(/["']node:/);
    const bytes = chunks.reduce((sum, chunk) => sum + gzipSync(chunk.code, { level: 9 }).length, 0);
    expect(bytes).toBeLessThan(BUDGET_BYTES);
  }, 120_000);
});
