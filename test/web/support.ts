import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { buildPackage } from "../runtimes/support.ts";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** Where there is no browser, tests of pages skip: `describe.skipIf(browserProgram === undefined)`. */
export const browserProgram: string | undefined = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => existsSync(path),
);
if (browserProgram === undefined) console.warn("tests of the web app skipped: no chromium in /usr/bin");

export interface View {
  /** Default 1440. */
  readonly width?: number;
  /** Default 1000. */
  readonly height?: number;
  readonly dark?: boolean;
  /** Another server's address. */
  readonly address?: string;
  /** What the browser kept from before, by name. */
  readonly kept?: Readonly<Record<string, string>>;
  /** Bytes or JSON answered in the server's place, by path; a number is the status of an empty answer. */
  readonly answers?: Readonly<Record<string, unknown>>;
}

export interface Opened {
  readonly page: Page;
  /**
   * Errors and warnings of the console, exceptions, breaches of the content security policy, and requests to anywhere
   * but the server. Empty is right.
   */
  readonly complaints: string[];
}

export interface WebApp {
  /** Known once tests run. */
  readonly address: string;
  /** Opens `#/page?…` in a page of its own, closed when the file's tests are done. */
  openPage(path: string, view?: View): Promise<Opened>;
}

/** The app as users start it, from an up-to-date dist, for the tests of one file. */
export function useWebApp(args: readonly string[] = []): WebApp {
  let server: ChildProcess | undefined;
  let browser: Browser | undefined;
  let address = "";
  beforeAll(async () => {
    await buildPackage();
    [server, address] = await startServing(args);
    browser = await chromium.launch({
      executablePath: browserProgram!,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    server?.kill("SIGTERM");
  });
  return {
    get address() {
      return address;
    },
    openPage: (path, view = {}) => openPage(browser!, view.address ?? address, path, view),
  };
}

/** `vicinal serve` on a free port, and the address that it prints. */
export async function startServing(args: readonly string[]): Promise<[ChildProcess, string]> {
  const main = join(root, "dist", "cli", "main.js");
  const server = spawn(process.execPath, [main, "serve", "--port", "0", ...args], { cwd: root });
  let said = "";
  const address = await new Promise<string>((resolve, reject) => {
    const listen = (part: Buffer): void => {
      said += part.toString();
      const found = /http:\/\/[\d.]+:\d+/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    server.once("exit", (code) => reject(new Error(`vicinal serve ended with ${code}: ${said}`)));
  });
  return [server, address];
}

async function openPage(browser: Browser, address: string, path: string, view: View): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width: view.width ?? 1440, height: view.height ?? 1000 },
    colorScheme: view.dark === true ? "dark" : "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // What a browser without a graphics card says of itself, whatever a page draws.
    if (message.text().includes("GPU stall due to ReadPixels")) return;
    if (["error", "warning"].includes(message.type()))
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("request", (request) => {
    const own = [`${address}/`, "data:", "blob:"].some((start) => request.url().startsWith(start));
    if (!own) complaints.push(`request to ${request.url()}`);
  });
  for (const entry of Object.entries(view.kept ?? {})) {
    await page.addInitScript(`localStorage.setItem(${entry.map((text) => JSON.stringify(text)).join()})`);
  }
  for (const [answered, body] of Object.entries(view.answers ?? {})) {
    await page.route(`${address}${answered}`, (route) => {
      if (typeof body === "number") return route.fulfill({ status: body });
      return route.fulfill(body instanceof Uint8Array ? { body: Buffer.from(body) } : { json: body });
    });
  }
  await page.goto(`${address}/${path}`, { waitUntil: "load" });
  return { page, complaints };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResults {
  violations: { id: string; impact: string; help: string; nodes: { target: string[] }[] }[];
}

/** Serious and critical findings of axe-core, one line each. Empty is right. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  // Evaluated, since the content security policy lets no script in.
  await page.evaluate(axeSource);
  const results = await page.evaluate(
    () => (globalThis as unknown as { axe: { run(): Promise<unknown> } }).axe.run() as Promise<AxeResults>,
  );
  return results.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target.join(" ")).join("; ")})`,
    );
}

/** Fails when something stands out to the right of the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  // As text, because this code is not type-checked as a page's.
  const wide = await page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth <= clientWidth ? "" : scrollWidth + " > " + clientWidth;
  })()`);
  expect(wide).toBe("");
}
