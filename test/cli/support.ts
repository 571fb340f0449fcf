import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { afterAll, expect } from "vitest";
import type { Matrix } from "../../src/core/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const MAIN: string = join(ROOT, "dist", "cli", "main.js");

/** Brings dist/ up to date; several test files may ask at once. */
export function ensureBuilt(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts", "build.mjs")], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

/** A folder for one test file's inputs and outputs, removed at the end. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vicinal-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line without a terminal, in `folder`, with its cache there too. */
export function runner(
  folder: string,
): (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Outcome> {
  return (args, env = {}) =>
    new Promise((resolve, reject) => {
      const { NO_COLOR: _n, FORCE_COLOR: _f, VICINAL_DEBUG: _d, ...inherited } = process.env;
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env: { ...inherited, XDG_CACHE_HOME: join(folder, "cache"), ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
}

/** Starts a command in `folder`, raises Ctrl-C once the file is there, and answers the exit code. */
export function interrupted(folder: string, args: readonly string[], file: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: "ignore" });
    const watch = setInterval(() => {
      if (!existsSync(file)) return;
      clearInterval(watch);
      child.kill("SIGINT");
    }, 5);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
}

const schema = JSON.parse(readFileSync(join(ROOT, "schema", "cli.schema.json"), "utf8"));
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
ajv.addSchema(schema);

/** The one document on stdout, checked against its definition in the schema. */
export function document<T = Record<string, unknown>>(outcome: Outcome, definition: string): T {
  expect(outcome.stderr).not.toMatch(/^error\[/m);
  expect(outcome.code).toBe(0);
  const value = JSON.parse(outcome.stdout) as T;
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${definition}`) as ValidateFunction;
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
  return value;
}

/** Checks a refusal: exit code, an empty stdout, and one error line of that code without a stack. */
export function refused(outcome: Outcome, code: string, exit = 2): void {
  expect(outcome.stdout).toBe("");
  const lines = outcome.stderr.split("\n").filter((line) => line.startsWith("error"));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^error\\[${code}\\]: `));
  expect(lines[0]).toMatch(new RegExp(schema.$defs.errorLine.pattern));
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
  expect(outcome.code).toBe(exit);
}

export function writeFvecs(path: string, m: Matrix): string {
  const bytes = new DataView(new ArrayBuffer(m.rows * (4 + 4 * m.cols)));
  for (let i = 0; i < m.rows; i++) {
    const at = i * (4 + 4 * m.cols);
    bytes.setInt32(at, m.cols, true);
    for (let j = 0; j < m.cols; j++) bytes.setFloat32(at + 4 + 4 * j, m.data[i * m.stride + j]!, true);
  }
  writeFileSync(path, new Uint8Array(bytes.buffer));
  return path;
}

export function writeIvecs(path: string, rows: readonly (readonly number[])[]): string {
  writeFileSync(path, new Uint8Array(Int32Array.from(rows.flatMap((row) => [row.length, ...row])).buffer));
  return path;
}

/** A .npy file of version 1 holding the array's bytes. */
export function writeNpy(
  path: string,
  descr: string,
  shape: readonly number[],
  data: ArrayBufferView,
): string {
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = dict.padEnd(Math.ceil((10 + dict.length + 1) / 64) * 64 - 11) + "\n";
  const length = Uint8Array.of(header.length & 255, header.length >> 8);
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(
    path,
    Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(header), body]),
  );
  return path;
}
