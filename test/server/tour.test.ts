import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { SERVER_LIMITS } from "../../src/server/limits.ts";
import { REFUSALS } from "../../src/server/refusal.ts";
import { serve } from "./support.ts";

const page = readFileSync(new URL("../../docs/server.md", import.meta.url), "utf8");
const run = promisify(execFile);
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

describe("docs/server.md", () => {
  test.skipIf(!hasCurl)(
    "has commands that run one after another and answer what it says (skipped where there is no curl)",
    async () => {
      const { address } = await serve();
      const folder = mkdtempSync(join(tmpdir(), "vicinal-tour-"));
      afterAll(() => rmSync(folder, { recursive: true, force: true }));
      const lines = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
        block!.trimEnd().split("\n"),
      );
      expect(lines.filter((line) => line.startsWith("# →")).length).toBeGreaterThan(10);
      let answer = "";
      for (const line of lines) {
        if (line.startsWith("# → ")) expect(answer).toContain(line.slice(4));
        else {
          const command = line.replaceAll("localhost:7700", new URL(address).host);
          answer = (await run("sh", ["-c", command], { cwd: folder })).stdout;
        }
      }
    },
    60_000,
  );

  test("lists every refusal with its status, and no other", () => {
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(rows.sort()).toEqual(
      Object.entries(REFUSALS)
        .map(([code, { status }]) => [code, status])
        .sort(),
    );
  });

  test("tells the limits as they are", () => {
    const { jsonBytes, bodyBytes, rows, k, answers, collections, connections, inFlight, headerBytes } =
      SERVER_LIMITS;
    expect([jsonBytes, bodyBytes, headerBytes]).toEqual([32 * 2 ** 20, 2 ** 30, 16 * 2 ** 10]);
    for (const limit of [rows, k, connections, collections, inFlight])
      expect(page).toMatch(new RegExp(`\\b${limit.toLocaleString("en")}\\b`));
    expect([answers, SERVER_LIMITS.headersMs, SERVER_LIMITS.stallMs, SERVER_LIMITS.closeMs]).toEqual([
      1e6, 10_000, 10_000, 8_000,
    ]);
  });
});
