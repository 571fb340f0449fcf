import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = join(root, "src");
const layers: Record<string, string[]> = JSON.parse(readFileSync(join(root, "layers.json"), "utf8"));

interface Source {
  /** Path below src, with forward slashes. */
  readonly path: string;
  readonly code: string;
  readonly imports: readonly string[];
}

/** Source text with comments blanked out, so that prose is not taken for code; strings stay. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (match, literal) => (literal === undefined ? match.replace(/[^\n]/g, " ") : match),
  );
}

/** Every specifier a module names, in static, side-effect and dynamic imports and re-exports. */
function importsOf(code: string): string[] {
  const found = code.matchAll(
    /(?:^|[;\s}])(?:import|export)\s[^;"'`]*?\sfrom\s*["']([^"']+)["']|(?:^|[;\s])import\s*["']([^"']+)["']|\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g,
  );
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

const sources: Source[] = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
  .map((entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const code = withoutComments(readFileSync(path, "utf8"));
    return { path: relative(src, path).split(sep).join("/"), code, imports: importsOf(code) };
  });
const shipped = sources.filter(({ path }) => !path.endsWith(".test.ts"));
const layerOf = (path: string): string | undefined => (path.includes("/") ? path.split("/")[0] : undefined);

/** What a relative or #platform import of that file points at, below src. */
function targetOf(path: string, specifier: string): string | undefined {
  if (specifier === "#platform") return "platform/node.ts";
  if (!specifier.startsWith(".")) return undefined;
  return relative(src, resolve(dirname(join(src, path)), specifier))
    .split(sep)
    .join("/");
}

describe("the house's walls", () => {
  test("layers.json lists every folder of src, and each names only folders listed before it", () => {
    const names = Object.keys(layers);
    const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const folder of folders) expect(names).toContain(folder.name);
    for (const [name, allowed] of Object.entries(layers)) {
      for (const lower of allowed)
        expect(names.indexOf(lower), `${name} → ${lower}`).toBeLessThan(names.indexOf(name));
      for (const lower of allowed) expect(names, `${name} → ${lower}`).toContain(lower);
    }
  });

  test("the scan sees imports: each form is found, and comments are not", () => {
    const code = withoutComments(
      'import a from "./a.ts"; // import b from "./b.ts"\nexport * from "./c.ts";\nimport "./d.ts";\n' +
        'const e = await import("./e.ts"); /* import("./f.ts") */ export {\n  g,\n} from "./g.ts";',
    );
    expect(importsOf(code)).toEqual(["./a.ts", "./c.ts", "./d.ts", "./e.ts", "./g.ts"]);
    expect(shipped.length).toBeGreaterThan(50);
    expect(shipped.flatMap((source) => source.imports).length).toBeGreaterThan(200);
  });

  test("imports go only to layers that layers.json allows", () => {
    const wrong: string[] = [];
    for (const { path, imports } of shipped) {
      const layer = layerOf(path);
      for (const specifier of imports) {
        const target = targetOf(path, specifier);
        if (target === undefined) continue;
        if (target.startsWith("..")) wrong.push(`${path} leaves src for ${specifier}`);
        const to = layerOf(target);
        if (layer === undefined || to === layer) continue;
        if (to === undefined || !(layers[layer] ?? []).includes(to)) wrong.push(`${path} → ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("relative imports end in .ts and name files that exist, generated ones aside", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith("."))
        .filter((specifier) => {
          const file = resolve(dirname(join(src, path)), specifier);
          return !specifier.endsWith(".ts") || (!existsSync(file) && !specifier.endsWith(".generated.ts"));
        })
        .map((specifier) => `${path} → ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("no TypeScript imports from wasm/, and only the kernels see the generated modules", () => {
    const wrong = shipped.flatMap(({ path, imports }) =>
      imports
        .filter(
          (name) =>
            resolve(dirname(join(src, path)), name).startsWith(join(root, "wasm") + sep) ||
            (name.endsWith(".generated.ts") && !/^(kernels|autodiff\/wasm)\//.test(path)),
        )
        .map((name) => `${path} → ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test("Node's own modules are imported only by the Node half of platform, the command line, the server and the labs", () => {
    const allowed = (path: string): boolean =>
      ["cli", "server", "labs"].includes(layerOf(path) ?? "") ||
      /^platform\/(node|[\w-]+\.node)\.ts$/.test(path);
    const wrong = shipped
      .filter(({ path }) => !allowed(path))
      .flatMap(({ path, imports }) =>
        imports.filter((name) => name.startsWith("node:")).map((name) => `${path} → ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  test("outside of types, other layers reach platform only through #platform", () => {
    const direct = /(?:import|export)\s(?!type\b)[^;"']*?\sfrom\s*["'](?:\.\.\/)+platform\/[^"']+["']/;
    const wrong = shipped.filter(
      ({ path, code }) =>
        !["platform", "cli", "server", "labs"].includes(layerOf(path) ?? "") && direct.test(code),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("both halves of platform export the same names", async () => {
    const node = Object.keys(await import("../src/platform/node.ts")).sort();
    const web = Object.keys(await import("../src/platform/web.ts")).sort();
    expect(web).toEqual(node);
  });

  test("nothing in src draws unseeded random numbers or reads the wall clock", () => {
    const wrong = shipped
      .filter(({ code }) => /\bMath\s*\.\s*random\b|\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/.test(code))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test("nothing in src evaluates text as code", () => {
    const wrong = shipped
      .filter(({ code }) => /\beval\s*\(|\bnew\s+Function\s*\(/.test(code))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test("files stay under 400 lines", () => {
    const long = sources
      .map(({ path }) => ({ path, lines: readFileSync(join(src, path), "utf8").split("\n").length }))
      .filter(
        ({ path, lines }) => lines > 400 && !path.endsWith(".generated.ts") && !path.endsWith(".test.ts"),
      );
    expect(long).toEqual([]);
  });

  test("the doors in package.json are folders of src, and private layers have none", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const doors = Object.keys(exports).filter(
      (door) => !["./package.json", "./wasm/*", ".", "./worker"].includes(door),
    );
    for (const door of doors) {
      const name = door.slice(2);
      expect(layers).toHaveProperty(name);
      expect(["core", "kernels", "platform", "cli", "server", "labs"]).not.toContain(name);
      expect(existsSync(join(src, name, "index.ts")), door).toBe(true);
    }
  });
});
