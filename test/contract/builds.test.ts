import { afterAll, expect, test } from "vitest";
import { type Build, inlinedBytes } from "../../src/kernels/binary.ts";
import { useModule } from "../../src/kernels/modules.ts";
import { testableBuilds } from "../helpers/relaxed.ts";
import { CASES, type Case, make, makeRows, nearby } from "./support.ts";

const D = 20;
const builds = testableBuilds();

afterAll(() => useModule(undefined));

/** What an index of one build is and answers. */
function portrait(build: Build, c: Case): { bytes: Buffer; near: unknown; exact: unknown } {
  const bytes = inlinedBytes(build);
  useModule({ module: new WebAssembly.Module(bytes), bytes });
  const index = make(c, D, { efConstruction: 40 });
  index.add(makeRows(1300, D, c.dtype, { seed: 71 }));
  index.remove([...index.keys()].slice(0, 400));
  index.add(makeRows(100, D, c.dtype, { seed: 72 }));
  const queries = makeRows(50, D, c.dtype, { seed: 73 });
  const near = nearby(c, 12);
  const read = (options: object): unknown => {
    const found = index.search(queries, { k: 8, ...options });
    return [found.ids, found.distances, found.counts];
  };
  return { bytes: Buffer.from(index.toBytes()), near: read(near), exact: read({ exact: true }) };
}

test.skipIf(builds.length < 2).each(CASES)(
  "$name: plain and relaxed builds give the same answers (skipped where relaxed SIMD is missing)",
  (c) => {
    const [plain, relaxed] = builds.map((build) => portrait(build, c));
    expect(relaxed!.exact).toEqual(plain!.exact);
    // Graphs over float32 rows are linked by fused sums where there are such; codes, bytes and bits are whole numbers.
    const linkedByFloats = c.graph && c.dtype === "f32" && !c.codes;
    if (linkedByFloats) return;
    expect(Buffer.compare(relaxed!.bytes, plain!.bytes)).toBe(0);
    expect(relaxed!.near).toEqual(plain!.near);
  },
);
