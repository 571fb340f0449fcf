import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, createApp } from "../../src/server/index.ts";
import type { JobEvent } from "../../src/server/jobs.ts";
import type {
  JobStarted,
  Problem,
  SweepProgress,
  SweepReport,
  SweepRequest,
} from "../../src/server/protocol.ts";

let app: App;
beforeAll(async () => {
  app = await createApp({ webFiles: new Map(), dataDir: "/nowhere" });
});
afterAll(() => app.close());

const post = (body: object): Promise<Response> =>
  Promise.resolve(
    app.request("/api/sweeps", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );

const SWEEP: SweepRequest = {
  ...{ set: "emoji-twemoji", feature: "pixels", metric: "l2", k: 5, queries: 40 },
  indexes: [
    { index: "Flat", params: {} },
    { index: "HNSW8", params: { efSearch: [5, 80] } },
  ],
};

test("a sweep tells what it knows so far, and answers in the form of vicinal eval --json", async () => {
  const answer = await post(SWEEP);
  expect(answer.status).toBe(202);
  const { job } = (await answer.json()) as JobStarted;
  const seen: SweepProgress[] = [];
  app.jobs.follow(job, (event: JobEvent) => {
    if (event.event === "progress") seen.push(event.data as SweepProgress);
  });
  const outcome = await app.jobs.outcome(job);
  expect(outcome.event, JSON.stringify(outcome.data)).toBe("result");
  const report = outcome.data as SweepReport;
  const schema = JSON.parse(readFileSync("schema/cli.schema.json", "utf8")) as { $defs: object };
  const check = new Ajv2020({ strict: false }).compile({ $defs: schema.$defs, $ref: "#/$defs/eval" });
  expect(check(report), JSON.stringify(check.errors)).toBe(true);
  expect(report.dataset).toEqual({ n: 1943 - 40, d: 768, queries: 40, metric: "l2", k: 5 });
  const [flat, graph] = report.results;
  expect(flat!.points.map(({ recall }) => recall)).toEqual([1]);
  expect(graph!.points.map(({ params }) => params)).toEqual([{ efSearch: 5 }, { efSearch: 80 }]);
  expect(graph!.points[1]!.recall).toBeGreaterThan(0.9);
  const partial = seen.filter(({ report: known }) => known !== undefined);
  expect(partial.length).toBeGreaterThan(0);
  for (const { report: known, done, total } of partial) {
    expect(known!.results[0]).toMatchObject({ index: "Flat" });
    expect(done).toBeLessThanOrEqual(total);
  }
}, 60_000);

test("a sweep that is cancelled ends as aborted", async () => {
  const { job } = (await (await post({ ...SWEEP, queries: 1000 })).json()) as JobStarted;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await app.request(`/api/jobs/${job}`, { method: "DELETE" })).status).toBe(204);
  expect((await app.jobs.outcome(job)).event).toBe("aborted");
}, 60_000);

test("a sweep that cannot be is refused before anything is built", async () => {
  const code = async (changed: object): Promise<string> =>
    ((await (await post({ ...SWEEP, ...changed })).json()) as Problem).code;
  expect(await code({ set: "../emoji" })).toBe("NOT_FOUND");
  expect(await code({ feature: "none" })).toBe("OPTION_RANGE");
  expect(await code({ indexes: [] })).toBe("BAD_INPUT");
  expect(await code({ indexes: [{ index: "HNSW", params: { nprobe: [1] } }] })).toBe("OPTION_UNKNOWN");
  expect(await code({ indexes: [{ index: "H!", params: {} }] })).toBe("SPEC_SYNTAX");
  expect(await code({ metric: "l1", indexes: [{ index: "ScaNN", params: {} }] })).toBe("UNSUPPORTED");
  expect(app.jobs.list().filter(({ state }) => state === "running")).toEqual([]);
});
