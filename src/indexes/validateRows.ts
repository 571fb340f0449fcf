import type { Key } from "./contract.ts";
import type { VectorIndex } from "./vectorIndex.ts";

type Fail = (rule: string, got?: string) => never;

/** Checks what a file says of its rows: finite numbers, codes in range, removed rows as many as counted. */
export function checkRows<K extends Key>(index: VectorIndex<K>, fail: Fail): void {
  const { rows, space } = index;
  const n = rows.rows;
  const { engine } = space;
  if (rows.options.dtype === "f32" && rows.hasVectors && n > 0) {
    const bad = engine.exports.checkFiniteF32(space.ptr("vectors"), (n * rows.rowBytes) / 4);
    if (bad >= 0) fail("its vectors are finite numbers", `component ${bad}`);
    if (rows.options.metric === "haversine") {
      const points = space.f32("vectors");
      const off = Array.from({ length: n }, (_, i) => points[(i * rows.rowBytes) / 4]!).find(
        (latitude) => Math.abs(latitude) > 90,
      );
      if (off !== undefined) fail("latitudes are from -90 to 90", String(off));
    }
  }
  if (rows.hasVectors) checkPadding(space.u8("vectors"), n, rows.rowBytes, rows.usedBytes, fail);
  if (rows.codeBytes > 0 && n > 0) {
    checkPadding(space.u8("codes"), n, rows.codeBytes, rows.floats, fail);
    checkPadding(space.u8("offsets"), 1, rows.codeBytes * 4, rows.floats * 4, fail);
    if (!rows.quantizer!.offsets.every(Number.isFinite)) fail("the offsets of its codes are finite numbers");
    if (rows.options.codes === "sq7") {
      const { codeBytes } = rows;
      const bad = engine.exports.measureCodes(
        space.ptr("codes"),
        codeBytes,
        codeBytes,
        space.ptr("norms"),
        0,
        n,
      );
      if (bad >= 0) fail("its codes have seven bits", `row ${bad}`);
    }
  }
  let removed = 0;
  const dead = space.u8("dead");
  for (let at = 0; at < Math.ceil(n / 8); at++) {
    const rest = n - at * 8;
    if (rest < 8 && dead[at]! >> rest !== 0) fail("no row beyond the last is removed");
    for (let bits = dead[at]!; bits !== 0; bits &= bits - 1) removed++;
  }
  if (removed !== rows.removed) fail(`${rows.removed} rows are removed`, String(removed));
}

/** What lies between the end of a row and the next is compared with queries' padding: it must be zero. */
function checkPadding(bytes: Uint8Array, rows: number, stride: number, used: number, fail: Fail): void {
  if (used === stride) return;
  for (let row = 0; row < rows; row++) {
    for (let at = row * stride + used; at < (row + 1) * stride; at++) {
      if (bytes[at] !== 0) fail("rows are padded with zeros", `row ${row}`);
    }
  }
}
