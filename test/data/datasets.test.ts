import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { fetchSource } from "../../src/data/datasets/get.ts";
import {
  datasetInfo,
  downloadFile,
  findDataset,
  getDataset,
  listDatasets,
  loadDataset,
  syntheticClusters,
} from "../../src/data/index.ts";
import { bytes, failure, u32be, zip } from "./bytes.ts";

let folder = "";
let server: Server;
let url = "";
let requests: { range: string | undefined }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-get-"));
  vi.stubEnv("VICINAL_DATA", "");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("LOCALAPPDATA", join(folder, "cache"));
  vi.stubEnv("HOME", folder);
  server = createServer((request, response) => {
    requests.push({ range: request.headers.range });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  requests = [];
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const content = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) % 251);
const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

/** Serves the content with ranges. */
function serve(data: Uint8Array): typeof answer {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from >= data.length)
      return void response.writeHead(416, { "content-range": `bytes */${data.length}` }).end();
    const headers = { "content-length": data.length - from };
    if (from === 0) return void response.writeHead(200, headers).end(data);
    const range = `bytes ${from}-${data.length - 1}/${data.length}`;
    response.writeHead(206, { ...headers, "content-range": range }).end(data.subarray(from));
  };
}

/** The same, but the first `cuts` answers stop half way. */
function serveCut(data: Uint8Array, cuts: number): typeof answer {
  const good = serve(data);
  return (request, response) => {
    if (requests.length > cuts) return good(request, response);
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const range = `bytes ${from}-${data.length - 1}/${data.length}`;
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": data.length - from,
      "content-range": range,
    });
    response.write(data.subarray(from, from + Math.ceil((data.length - from) / 2)), () => {
      setTimeout(() => response.destroy(), 30);
    });
  };
}

describe("downloading", () => {
  test("puts the checked file in place, reports progress, leaves no part", async () => {
    answer = serve(content);
    const path = join(folder, "a", "plain.bin");
    let last = 0;
    const got = await downloadFile(`${url}/f`, path, {
      sha256: sha256(content),
      onProgress: ({ done, total }) => {
        expect(total).toBe(content.length);
        expect(done).toBeGreaterThan(last);
        last = done;
      },
    });
    expect(got).toBe(content.length);
    expect(last).toBe(content.length);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
    await expect(readFile(`${path}.part`)).rejects.toThrow();
  });
  test("goes on where a cut connection stopped, with a range request", async () => {
    answer = serveCut(content, 1);
    const path = join(folder, "cut.bin");
    const got = await downloadFile(`${url}/f`, path, { sha256: sha256(content) });
    expect(requests[0]!.range).toBeUndefined();
    expect(requests[1]!.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(requests.length).toBe(2);
    expect(got).toBeLessThanOrEqual(content.length);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });
  test("after three cuts it gives up, and a later call finishes from the part", async () => {
    answer = serveCut(content, 3);
    const path = join(folder, "later.bin");
    expect(await failure(downloadFile(`${url}/f`, path, { sha256: sha256(content) }))).toBe("DOWNLOAD");
    const part = (await readFile(`${path}.part`)).length;
    expect(part).toBeGreaterThan(content.length / 2);
    const got = await downloadFile(`${url}/f`, path, { sha256: sha256(content) });
    expect(got).toBe(content.length - part);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });
  test("a server without ranges starts over and still ends right", async () => {
    const path = join(folder, "norange.bin");
    await writeFile(`${path}.part`, content.subarray(0, 1000));
    answer = (_request, response) =>
      void response.writeHead(200, { "content-length": content.length }).end(content);
    await downloadFile(`${url}/f`, path, { sha256: sha256(content) });
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });
  test("a complete part is not fetched again", async () => {
    const path = join(folder, "complete.bin");
    await writeFile(`${path}.part`, content);
    answer = serve(content);
    expect(await downloadFile(`${url}/f`, path, { sha256: sha256(content) })).toBe(0);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });
  test("a wrong checksum is CHECKSUM, and neither file nor part stays", async () => {
    answer = serve(content);
    const path = join(folder, "wrong.bin");
    expect(await failure(downloadFile(`${url}/f`, path, { sha256: "0".repeat(64) }))).toBe("CHECKSUM");
    expect(await failure(downloadFile(`${url}/f`, path, { unpackedSha256: "0".repeat(64) }))).toBe(
      "CHECKSUM",
    );
    await expect(readFile(path)).rejects.toThrow();
    await expect(readFile(`${path}.part`)).rejects.toThrow();
  });
  test("the checksum of unpacked content holds for any packing", async () => {
    for (const level of [1, 9]) {
      answer = serve(new Uint8Array(gzipSync(content, { level })));
      await downloadFile(`${url}/f.gz`, join(folder, `packed${level}.gz`), {
        unpackedSha256: sha256(content),
      });
    }
  });
  test("404 is DOWNLOAD at once; a closed port says that the host cannot be reached", async () => {
    answer = (_request, response) => void response.writeHead(404).end("no");
    expect(await failure(downloadFile(`${url}/f`, join(folder, "x.bin")))).toBe("DOWNLOAD");
    expect(requests.length).toBe(1);
    const error = await downloadFile("http://127.0.0.1:9/f", join(folder, "x.bin"), { attempts: 1 }).catch(
      (e) => e,
    );
    expect(error).toMatchObject({ code: "DOWNLOAD" });
    expect(error.params.why).toMatch(/127\.0\.0\.1:9 cannot be reached/);
  });
  test("a file over the byte limit is refused before it is fetched", async () => {
    answer = serve(content);
    expect(await failure(downloadFile(`${url}/f`, join(folder, "big.bin"), { maxBytes: 1000 }))).toBe(
      "LIMIT",
    );
  });
  test("aborting rejects with the reason and keeps the part", async () => {
    const path = join(folder, "abort.bin");
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 5000));
    };
    const abort = new AbortController();
    const reason = new Error("stop");
    const job = downloadFile(`${url}/f`, path, {
      sha256: sha256(content),
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(job).rejects.toBe(reason);
    expect((await readFile(`${path}.part`)).length).toBe(5000);
  });
  test("one member is taken out of a zip archive, which is not kept", async () => {
    const archive = zip([
      { name: "other", data: bytes("x") },
      { name: "m.txt", data: bytes("the 1 2\n"), deflate: true },
    ]);
    answer = serve(archive);
    const path = join(folder, "zip", "m.txt");
    const source = { file: "m.txt", url: `${url}/all.zip`, sha256: sha256(archive), member: "m.txt" };
    expect(await fetchSource(source, path, {})).toBe(archive.length);
    expect(await readFile(path, "utf8")).toBe("the 1 2\n");
    await expect(readFile(join(folder, "zip", "all.zip"))).rejects.toThrow();
    expect(await fetchSource(source, path, {})).toBe(0);
    expect(requests.length).toBe(1);
  });
  test("a tampered mirror cannot put a data set in place", async () => {
    answer = serve(new Uint8Array(gzipSync("not the pictures")));
    expect(await failure(getDataset("mnist", { dataDir: folder, mirror: url }))).toBe("CHECKSUM");
  });
  test("sets that cannot be fetched say what to do by hand", async () => {
    const error = await getDataset("siftsmall", { dataDir: folder }).catch((e) => e);
    expect(error).toMatchObject({ code: "DATASET_MISSING" });
    expect(error.params.fix).toContain("ftp://");
    expect(await failure(getDataset("nope"))).toBe("DATASET_UNKNOWN");
  });
});

describe("finding", () => {
  const images = bytes(0, 0, 8, 3, u32be(2, 1, 2), 1, 2, 3, 4);
  const labels = bytes(0, 0, 8, 1, u32be(2), 7, 9);
  const put = async (root: string, test: string, zipped: boolean) => {
    await mkdir(join(root, "fashion-mnist"), { recursive: true });
    for (const [name, data] of Object.entries({ images, labels })) {
      for (const part of ["train", test]) {
        const file = `${part}-${name}-idx${name === "images" ? 3 : 1}-ubyte${zipped ? ".gz" : ""}`;
        await writeFile(join(root, "fashion-mnist", file), zipped ? gzipSync(data) : data);
      }
    }
  };
  test("the folder given comes before $VICINAL_DATA, which comes before the cache", async () => {
    const roots = ["given", "env", join("cache", "vicinal", "data")].map((name) => join(folder, name));
    for (const root of roots) await put(root, "t10k", true);
    vi.stubEnv("VICINAL_DATA", roots[1]!);
    expect((await findDataset("fashion-mnist", roots[0]!)).base).toContain(roots[0]);
    expect((await findDataset("fashion-mnist")).base).toContain(roots[1]);
    vi.stubEnv("VICINAL_DATA", "");
    if (process.platform === "linux") expect((await findDataset("fashion-mnist")).base).toContain(roots[2]);
  });
  test("t10k is taken before test9k; unzipped files and the smaller test set do as well", async () => {
    const root = join(folder, "both");
    await put(root, "test9k", false);
    const small = await loadDataset("fashion-mnist", { dataDir: root });
    expect(small.files.queries).toContain("test9k");
    expect(small.base).toEqual({ data: Uint8Array.of(1, 2, 3, 4), rows: 2, cols: 2, stride: 2 });
    expect(small.labels).toEqual(Int32Array.of(7, 9));
    expect(small.rowShape).toEqual([1, 2]);
    await put(root, "t10k", true);
    expect((await findDataset("fashion-mnist", root)).queries).toContain("t10k");
  });
  test("a missing set says where it was looked for and how to get it", async () => {
    const error = await loadDataset("word2vec", { dataDir: join(folder, "empty") }).catch((e) => e);
    expect(error).toMatchObject({ code: "DATASET_MISSING", params: { name: "word2vec" } });
    expect(error.params.looked).toContain(join(folder, "empty", "words"));
    expect(error.params.fix).toContain("GoogleNews");
    expect(await failure(loadDataset("nope"))).toBe("DATASET_UNKNOWN");
    expect(await failure(loadDataset("synthetic", { datadir: "x" } as never))).toBe("OPTION_UNKNOWN");
  });
  test("word vectors are split by a seed into base and held-out queries", async () => {
    const root = join(folder, "words-root");
    await mkdir(join(root, "words"), { recursive: true });
    const text = Array.from({ length: 20 }, (_, i) => `w${i} ${i} ${-i}`).join("\n");
    await writeFile(join(root, "words", "glove-twitter-25d.txt"), text);
    const set = await loadDataset("glove", { dataDir: root, holdOut: 5, seed: 3 });
    expect([set.base.rows, set.queries.rows]).toEqual([15, 5]);
    expect([...set.keys!, ...set.queryKeys!].sort()).toEqual(
      Array.from({ length: 20 }, (_, i) => `w${i}`).sort(),
    );
    const again = await loadDataset("glove", { dataDir: root, holdOut: 5, seed: 3 });
    expect(again.queryKeys).toEqual(set.queryKeys);
    for (const [i, key] of set.queryKeys!.entries()) expect(`w${set.queries.data[2 * i]}`).toBe(key);
    const first = await loadDataset("glove", { dataDir: root, holdOut: 0, limit: 4 });
    expect(first.keys).toEqual(["w0", "w1", "w2", "w3"]);
  });
  test("every set states licence and credit", () => {
    for (const info of listDatasets()) {
      expect(info.licence && info.credit && info.description).toBeTruthy();
      expect(datasetInfo(info.name)).toBe(info);
    }
  });
});

describe("generated clusters", () => {
  test("are the same floats for a seed, on any machine", () => {
    const { base, queries, labels } = syntheticClusters({
      n: 500,
      d: 24,
      queries: 20,
      seed: 42,
      intrinsic: 5,
      clusters: 7,
    });
    const digest = createHash("sha256").update(base.data).update(queries.data).update(labels).digest("hex");
    expect(digest).toBe("6231806bf20bbe7bbcfe41e69b6bcc635b0d70942367fc123a412ef47b203bfb");
  });
  test("row i does not depend on n, nor the base on the queries", () => {
    const few = syntheticClusters({ n: 50, d: 16, queries: 1, intrinsic: 4 });
    const many = syntheticClusters({ n: 3000, d: 16, queries: 9, intrinsic: 4 });
    expect(many.base.data.subarray(0, 50 * 16)).toEqual(few.base.data);
    expect(many.queries.data.subarray(0, 16)).toEqual(few.queries.data);
    expect(many.queries.data.subarray(0, 16)).not.toEqual(many.base.data.subarray(0, 16));
  });
  test("a cluster extends in `intrinsic` dimensions: the rest of its variance is noise", () => {
    const d = 12;
    const { base } = syntheticClusters({
      n: 400,
      d,
      queries: 0,
      clusters: 1,
      intrinsic: 3,
      noise: 0.01,
      seed: 5,
    });
    // Gram–Schmidt on differences from row 0: after 3 directions only noise is left.
    const at = (i: number) => Array.from({ length: d }, (_, j) => base.data[i * d + j]! - base.data[j]!);
    const directions: number[][] = [];
    const residual = (v: number[]) => {
      for (const u of directions) {
        const dot = v.reduce((sum, x, j) => sum + x * u[j]!, 0);
        v = v.map((x, j) => x - dot * u[j]!);
      }
      return v;
    };
    const length = (v: number[]) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    for (let k = 0; k < 3; k++) {
      const far = Array.from({ length: 399 }, (_, i) => residual(at(i + 1))).sort(
        (a, b) => length(b) - length(a),
      )[0]!;
      expect(length(far)).toBeGreaterThan(0.5);
      directions.push(far.map((x) => x / length(far)));
    }
    for (let i = 1; i < 400; i++) expect(length(residual(at(i)))).toBeLessThan(0.3);
  });
  test("unit rows have length 1", () => {
    const { base } = syntheticClusters({ n: 20, d: 10, queries: 0, intrinsic: 2, unit: true });
    for (let i = 0; i < 20; i++) {
      const square = base.data.subarray(i * 10, i * 10 + 10).reduce((sum, x) => sum + x * x, 0);
      expect(Math.abs(square - 1)).toBeLessThan(1e-6);
    }
  });
  test("an intrinsic dimension above d, and unknown options, are refused", () => {
    expect(() => syntheticClusters({ d: 4, intrinsic: 5 })).toThrow(
      expect.objectContaining({ code: "OPTION_RANGE" }),
    );
    expect(() => syntheticClusters({ rows: 4 } as never)).toThrow(
      expect.objectContaining({ code: "OPTION_UNKNOWN" }),
    );
  });
});

const real = process.env["VICINAL_DATA"];
describe.skipIf(!real)("real data ($VICINAL_DATA)", () => {
  test("siftsmall's published neighbours are nearest by distance", async () => {
    const set = await loadDataset("siftsmall", { dataDir: real! });
    expect([set.base.rows, set.base.cols, set.queries.rows, set.truth?.k]).toEqual([10_000, 128, 100, 100]);
    const distance = (q: number, i: number) => {
      let sum = 0;
      for (let j = 0; j < 128; j++)
        sum += (set.queries.data[q * 128 + j]! - set.base.data[i * 128 + j]!) ** 2;
      return sum;
    };
    for (let q = 0; q < 10; q++) {
      const all = Array.from({ length: 10_000 }, (_, i) => distance(q, i)).sort((a, b) => a - b);
      const stated = Array.from(set.truth!.ids.subarray(q * 100, q * 100 + 100), (id) => distance(q, id));
      expect(stated).toEqual(all.slice(0, 100));
    }
  });
  test("a mirror of MNIST's files satisfies the official checksums", async () => {
    const here = await findDataset("mnist", real!);
    answer = async (request, response) => {
      const role = Object.values(here).find((path) => path?.endsWith(request.url!));
      serve(new Uint8Array(await readFile(role!)))(request, response);
    };
    const got = await getDataset("mnist", { dataDir: join(folder, "got"), mirror: url });
    expect(got.files.length).toBe(4);
    const again = await getDataset("mnist", { dataDir: join(folder, "got"), mirror: url });
    expect(again.downloadedBytes).toBe(0);
    const set = await loadDataset("mnist", { dataDir: join(folder, "got"), limit: 10 });
    expect(set.base.data).toEqual(
      new Uint8Array(gunzipSync(await readFile(here.base!))).subarray(16, 16 + 7840),
    );
  });
  test("the sets in the folder load", async () => {
    const shapes = {
      "fashion-mnist": [60_000, 784],
      "bsds-sift": [50_000, 128],
      glove: [9925, 25],
      word2vec: [6700, 300],
    };
    for (const [name, shape] of Object.entries(shapes)) {
      const set = await loadDataset(name, { dataDir: real! });
      expect([set.base.rows, set.base.cols]).toEqual(shape);
    }
  });
});
