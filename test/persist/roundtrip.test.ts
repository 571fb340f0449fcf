import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Progress } from "../../src/core/progress.ts";
import {
  encodeSnapshot,
  isVicinalFile,
  loadSnapshot,
  openSnapshot,
  type Snapshot,
  type SnapshotInput,
  saveSnapshot,
  writeSnapshot,
} from "../../src/persist/index.ts";
import { sectionBytes } from "../../src/persist/snapshot.ts";
import { failureOf, sampleBytes, sampleSnapshot } from "./helpers.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-persist-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function expectSame(input: SnapshotInput, snapshot: Snapshot = sampleSnapshot()): Promise<void> {
  const loaded = await loadSnapshot(input);
  expect(loaded.kind).toBe(snapshot.kind);
  expect(loaded.facts).toEqual(snapshot.facts);
  expect([...loaded.sections.keys()]).toEqual(snapshot.sections.map((section) => section.name));
  for (const section of snapshot.sections) {
    expect(Buffer.compare(loaded.sections.get(section.name)!, sectionBytes(section))).toBe(0);
  }
}

/** The bytes as a stream in pieces of that many bytes. */
function streamOf(bytes: Uint8Array, piece = 100): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + piece));
      at += piece;
    },
  });
}

const sources: Record<string, (bytes: Uint8Array) => SnapshotInput | Promise<SnapshotInput>> = {
  bytes: (bytes) => bytes,
  "a Buffer inside a larger one": (bytes) => Buffer.concat([Buffer.from("xyz"), bytes]).subarray(3),
  "an ArrayBuffer": (bytes) => bytes.slice().buffer as ArrayBuffer,
  "a Blob": (bytes) => new Blob([bytes.slice() as Uint8Array<ArrayBuffer>]),
  "a stream of unknown length": (bytes) => streamOf(bytes),
  "a stream of single bytes": (bytes) => streamOf(bytes, 1),
  "a Response with its length": (bytes) =>
    new Response(streamOf(bytes), { headers: { "content-length": String(bytes.length) } }),
  "a Response without its length": (bytes) => new Response(streamOf(bytes)),
  "a path": async (bytes) => {
    await writeFile(join(folder, "in"), bytes);
    return join(folder, "in");
  },
  "a file URL": async (bytes) => {
    await writeFile(join(folder, "url"), bytes);
    return pathToFileURL(join(folder, "url"));
  },
};

describe("what is saved comes back", () => {
  for (const [name, make] of Object.entries(sources)) {
    test(`from ${name}`, async () => expectSame(await make(sampleBytes())));
  }

  test("through a file, a stream and bytes, all three with the same bytes", async () => {
    const path = join(folder, "out.vic");
    await saveSnapshot(sampleSnapshot(), path);
    const parts: Uint8Array[] = [];
    await writeSnapshot(sampleSnapshot(), new WritableStream({ write: (part) => void parts.push(part) }));
    const bytes = sampleBytes();
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining(".tmp"));
    await expectSame(path);
  });

  test("from an HTTP server, and a missing page is DOWNLOAD", async () => {
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/index" ? 200 : 404;
      response.end(request.url === "/index" ? sampleBytes() : "no");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expectSame(new URL(`${origin}/index`));
      await expectSame(await fetch(`${origin}/index`));
      expect((await failureOf(() => loadSnapshot(new URL(`${origin}/none`)))).code).toBe("DOWNLOAD");
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test("for any facts and any section lengths", async () => {
    const value = fc.jsonValue({ noUnicodeString: false });
    const sections = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), value), sections, async (facts, datas) => {
        fc.pre(isPlain(facts));
        const list = datas.map((data, i) => ({ name: `s${i}`, dtype: "u8" as const, data }));
        const snapshot: Snapshot = { kind: "any", facts: facts as Snapshot["facts"], sections: list };
        const loaded = await loadSnapshot(encodeSnapshot(snapshot));
        expect(loaded.facts).toEqual(JSON.parse(JSON.stringify(facts)));
        for (const { name, data } of list) expect(loaded.sections.get(name)).toEqual(data);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test("with sections larger than one piece, into shared memory, with progress to the end", async () => {
    const data = new Uint8Array(9_000_001).map((_, i) => i * 7 + (i >> 8));
    const path = join(folder, "large.vic");
    const shared = new SharedArrayBuffer(data.length);
    new Uint8Array(shared).set(data);
    const written: Progress[] = [];
    await saveSnapshot(
      { kind: "large", facts: {}, sections: [{ name: "a", dtype: "u8", data: new Uint8Array(shared) }] },
      path,
      { onProgress: (step) => written.push(step) },
    );
    const into = new Uint8Array(new SharedArrayBuffer(data.length));
    const read: Progress[] = [];
    const reader = await openSnapshot(path, { onProgress: (step) => read.push(step) });
    await reader.read("a", into);
    await reader.finish();
    expect(Buffer.compare(into, data)).toBe(0);
    for (const steps of [written, read]) {
      const last = steps.at(-1)!;
      expect(last.done).toBe(last.total);
      expect(last.total).toBe((await stat(path)).size);
    }
  });
});

/** No "__proto__" keys and no lone surrogates, which are refused. */
function isPlain(value: unknown): boolean {
  if (typeof value === "string") return Buffer.from(value, "utf8").toString("utf8") === value;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.entries(value).every(([key, item]) => key !== "__proto__" && isPlain(key) && isPlain(item));
}

describe("reading", () => {
  test("recognises files by their first bytes only", () => {
    expect(isVicinalFile(sampleBytes())).toBe(true);
    expect(isVicinalFile(sampleBytes().subarray(0, 7))).toBe(false);
    expect(isVicinalFile(new TextEncoder().encode("\x89PNG\r\n\x1a\n"))).toBe(false);
  });

  test("gives lengths before it reads, and reads sections into the caller's memory while skipping others", async () => {
    const reader = await openSnapshot(streamOf(sampleBytes()));
    expect(reader.find("codes")).toMatchObject({ dtype: "i8", byteLength: 131 });
    expect(reader.header.sections.every((section) => section.offset % 64 === 0)).toBe(true);
    const memory = new WebAssembly.Memory({ initial: 1 });
    await reader.read("codes", () => new Uint8Array(memory.buffer, 8, 131));
    await reader.finish();
    const want = sectionBytes(sampleSnapshot().sections[3]!);
    expect(new Uint8Array(memory.buffer, 8, 131)).toEqual(want);
  });

  test("refuses wrong memory, unknown and passed sections, and any call after close", async () => {
    const reader = await openSnapshot(sampleBytes());
    expect((await failureOf(() => reader.read("vectors", new Uint8Array(3)))).code).toBe("BAD_INPUT");
    await reader.close();
    await reader.close();
    expect((await failureOf(() => reader.finish())).code).toBe("CLOSED");
    const other = await openSnapshot(sampleBytes());
    await other.read("codes", new Uint8Array(131));
    expect((await failureOf(() => other.read("vectors", new Uint8Array(148)))).code).toBe("BAD_INPUT");
    expect((await failureOf(() => other.read("nothing", new Uint8Array(1)))).code).toBe("BAD_INPUT");
    await other.close();
  });

  test("stops with the abort's reason, also while a stream gives nothing", async () => {
    const abort = new AbortController();
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const opening = openSnapshot(silent, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), 5);
    await expect(opening).rejects.toThrow("enough");
    await expect(openSnapshot(sampleBytes(), { signal: abort.signal })).rejects.toThrow("enough");
  });

  test("names a missing file, a folder, and things that are no source", async () => {
    const missing = await failureOf(() => openSnapshot(join(folder, "nowhere")));
    expect(missing.code).toBe("FILE");
    expect((missing.cause as NodeJS.ErrnoException).code).toBe("ENOENT");
    expect((await failureOf(() => openSnapshot(folder))).code).toBe("FILE");
    for (const input of [null, undefined, 7, {}, new Float32Array(3)]) {
      expect((await failureOf(() => openSnapshot(input as never))).code).toBe("BAD_INPUT");
    }
    const used = streamOf(sampleBytes());
    used.getReader();
    expect((await failureOf(() => openSnapshot(used))).code).toBe("BAD_INPUT");
    const bytes = sampleBytes();
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
    expect((await failureOf(() => openSnapshot(bytes))).code).toBe("DETACHED_BUFFER");
  });

  test("keeps to maxBytes, for files and for streams without a length", async () => {
    expect((await failureOf(() => openSnapshot(sampleBytes(), { maxBytes: 100 }))).code).toBe("LIMIT");
    expect((await failureOf(() => openSnapshot(streamOf(sampleBytes()), { maxBytes: 100 }))).code).toBe(
      "LIMIT",
    );
  });
});

describe("writing", () => {
  test("refuses what a file cannot hold, before anything is written", async () => {
    const bad: Record<string, Partial<Snapshot>> = {
      "a number that is not finite": { facts: { x: Number.NaN } },
      "a key __proto__": { facts: JSON.parse('{"__proto__":1}') },
      "a function": { facts: { f: (() => 1) as never } },
      "a lone surrogate": { facts: { s: "\ud800" } },
      "a kind with a slash": { kind: "a/b" },
      "a section named twice": {
        sections: [1, 2].map(() => ({ name: "a", dtype: "u8" as const, data: new Uint8Array(1) })),
      },
      "half an element": { sections: [{ name: "a", dtype: "f32", data: new Uint8Array(5) }] },
      "an unknown type": { sections: [{ name: "a", dtype: "f99" as never, data: new Uint8Array(4) }] },
      "1001 sections": {
        sections: Array.from({ length: 1001 }, (_, i) => ({
          name: `s${i}`,
          dtype: "u8" as const,
          data: new Uint8Array(1),
        })),
      },
    };
    let deep: Snapshot["facts"] = {};
    for (let i = 0; i < 40; i++) deep = { deep };
    bad["40 levels"] = { facts: deep };
    for (const [what, change] of Object.entries(bad)) {
      const error = await failureOf(() => encodeSnapshot({ ...sampleSnapshot(), ...change }));
      expect(error.code, what).toBe("BAD_INPUT");
    }
  });

  test("gives the same bytes whatever the order of the facts' keys", () => {
    const one = encodeSnapshot({ kind: "k", facts: { b: 1, a: { d: 1, c: 2 } }, sections: [] });
    const two = encodeSnapshot({ kind: "k", facts: { a: { c: 2, d: 1 }, b: 1 }, sections: [] });
    expect(one).toEqual(two);
  });

  test("replaces the file a symbolic link points at and keeps its permissions", async () => {
    const real = join(folder, "real.vic");
    const link = join(folder, "link.vic");
    await writeFile(real, "old", { mode: 0o600 });
    await symlink(real, link);
    await saveSnapshot(sampleSnapshot(), link);
    await expectSame(real);
    expect((await stat(real)).mode & 0o777).toBe(0o600);
  });

  test("aborts a stream that fails, and names the failure", async () => {
    let aborted = false;
    const stream = new WritableStream<Uint8Array>({
      write: () => Promise.reject(new Error("full")),
      abort: () => void (aborted = true),
    });
    const error = await failureOf(() => writeSnapshot(sampleSnapshot(), stream));
    expect(error.code).toBe("FILE");
    expect(aborted || stream.locked === false).toBe(true);
  });
});
