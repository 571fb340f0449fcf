import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { build as bundle } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  buildPackage,
  type Facts,
  project,
  type RunFacts,
  root,
  runScenario,
  type Site,
  serve,
} from "./support.ts";

const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
if (program === undefined) console.warn("browser tests skipped: no chromium in /usr/bin");

const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const STRICT =
  "default-src 'none'; connect-src 'self'; worker-src 'self'; base-uri 'none'; script-src 'self'";

/** What page.mjs leaves behind. */
interface Outcome {
  error?: string;
  facts: Facts;
  sent: { size: number; graph: string };
  packed: { size: number; graph: string };
  byUrl?: { code: string; message: string };
  byPath: string;
  started: number;
  isolated: boolean;
}

interface Visit<T> {
  outcome: T;
  complaints: string[];
  workers: number;
}

const bundled = '<!doctype html><meta charset="utf-8"><script type="module" src="/bundle/page.js"></script>';
const imports = {
  vicinal: "/dist/index.js",
  "vicinal/autodiff": "/dist/autodiff/index.js",
  "#platform": "/dist/platform/web.js",
};
const unbundled = `<!doctype html><meta charset="utf-8"><script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="/project/page.mjs"></script>`;

describe.skipIf(program === undefined)("chromium", () => {
  const sites: Record<string, Site> = {};
  let folder: string;
  let profile: string;
  let node: RunFacts;
  let browser: BrowserContext;

  beforeAll(async () => {
    folder = project("browser-test");
    profile = mkdtempSync(join(tmpdir(), "vicinal-browser-"));
    await buildPackage();
    node = await runScenario(folder, [process.execPath]);
    await bundle({
      root: folder,
      logLevel: "silent",
      configFile: false,
      worker: { format: "es" },
      build: {
        outDir: join(folder, "bundle"),
        assetsDir: ".",
        modulePreload: false,
        rolldownOptions: {
          input: join(folder, "page.mjs"),
          output: { entryFileNames: "page.js" },
        },
      },
      base: "/bundle/",
    });
    const pages = { "/bundled": bundled, "/unbundled": unbundled };
    const folders = { bundle: join(folder, "bundle"), project: folder, dist: join(root, "dist") };
    const index = readFileSync(join(folder, "graph.vic"));
    const open = (headers: Record<string, string>): Promise<Site> => serve(pages, folders, index, headers);
    const policy = (more: string): Record<string, string> => ({
      ...ISOLATED,
      "content-security-policy": `${STRICT}${more}`,
    });
    sites["plain"] = await open({});
    sites["isolated"] = await open(ISOLATED);
    sites["strict"] = await open(policy(" 'wasm-unsafe-eval'"));
    sites["noWasm"] = await open(policy(""));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: program!,
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-quic",
      ],
    });
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    for (const site of Object.values(sites)) await site.close();
    for (const path of [profile, folder]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Loads a page and waits for its outcome; also what it complained about and how many workers it had. */
  async function visit<T = Outcome>(site: string, path: string): Promise<Visit<T>> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    let workers = 0;
    page.on("worker", () => workers++);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    try {
      await page.goto(`${sites[site]!.address}${path}`, { waitUntil: "load" });
      const outcome = await page.evaluate(() => (globalThis as unknown as { outcome: unknown }).outcome);
      return { outcome: outcome as T, complaints, workers };
    } finally {
      await page.close();
    }
  }

  /** Everything that must hold on every page. */
  function expectAsInNode({ outcome, complaints }: Visit<Outcome>): void {
    expect(outcome?.error).toBeUndefined();
    expect(complaints).toEqual([]);
    const { saved, missing, started, ...facts } = node;
    expect(outcome.facts).toEqual(facts);
    expect(facts).toMatchObject({
      flatRecall: 1,
      flatThreadsRecall: 1,
      sameWithThreads: true,
      learnsAlike: true,
    });
    expect(facts.graphRecall).toBeGreaterThan(0.9);
    expect(outcome.sent).toEqual({ size: 3000, graph: saved });
    expect(outcome.packed).toEqual({ size: 3000, graph: saved });
    expect(outcome.byUrl).toBeUndefined();
    expect(outcome.byPath).toBe("UNSUPPORTED");
  }

  for (const kind of ["bundled", "unbundled"]) {
    test(`${kind}: builds, searches, writes and opens as Node does, without threads`, async () => {
      const visited = await visit("plain", `/${kind}`);
      expectAsInNode(visited);
      expect(visited.outcome.isolated).toBe(false);
      expect(visited.workers).toBe(0);
    });

    test(`${kind}: two threads in an isolated page give the same bytes and answers`, async () => {
      const visited = await visit("isolated", `/${kind}`);
      expectAsInNode(visited);
      expect(visited.outcome.isolated).toBe(true);
      expect(visited.workers).toBeGreaterThanOrEqual(2);
    });
  }

  test("threads are reported only where the page is isolated, and relaxed SIMD runs", async () => {
    for (const site of ["plain", "isolated"]) {
      const page = await browser.newPage();
      await page.goto(`${sites[site]!.address}/unbundled`);
      // As text, because the test's own transformation of import() means nothing in a page.
      const answers = await page.evaluate(
        `import("/dist/kernels/index.js").then((m) => [m.threadsAvailable(), m.relaxedSupported()])`,
      );
      expect(answers).toEqual([site === "isolated", true]);
      await page.close();
    }
  });

  test("init({ url }) takes either served module, and both builds give the same bytes", async () => {
    for (const name of ["vicinal.wasm", "vicinal-relaxed.wasm"]) {
      expectAsInNode(await visit("isolated", `/bundled?initUrl=/dist/wasm/${name}`));
    }
  });

  for (const file of ["vicinal/worker", "a file that imports it"]) {
    test(`a strict policy with wasm-unsafe-eval works, its threads from ${file}`, async () => {
      const way = file === "vicinal/worker" ? "door" : "own";
      const visited = await visit("strict", `/bundled?workerFile=${way}`);
      expectAsInNode(visited);
      expect(visited.outcome.started).toBeGreaterThanOrEqual(2);
    });
  }

  test("a policy against workers from blobs ends threads with an error that names workerFactory", async () => {
    const { outcome } = await visit("strict", "/bundled");
    expect(outcome.error).toMatch(/worker thread.*init\(\{ workerFactory \}\)/s);
  });

  test("a policy without wasm-unsafe-eval ends in WASM_UNAVAILABLE that names the policy, from build and from init", async () => {
    const { outcome } = await visit<Record<"failure" | "init", { code: string; message: string }>>(
      "noWasm",
      "/bundled?compileOnly",
    );
    for (const error of [outcome.failure, outcome.init]) {
      expect(error?.code).toBe("WASM_UNAVAILABLE");
      expect(error.message).toMatch(/Content Security Policy/);
    }
  });
});
