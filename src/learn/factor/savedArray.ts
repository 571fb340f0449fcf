import { type Matrix, matrix, VicinalError } from "../../core/index.ts";

/** A block of float32 numbers in JSON: little-endian bytes in base64. */
export interface SavedMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly base64: string;
}

/** A copy of the matrix as JSON. */
export function saveMatrix(m: Matrix): SavedMatrix {
  const bytes = new Uint8Array(m.rows * m.cols * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < m.rows; i++) {
    for (let j = 0; j < m.cols; j++) view.setFloat32((i * m.cols + j) * 4, m.data[i * m.stride + j]!, true);
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return { rows: m.rows, cols: m.cols, base64: btoa(text) };
}

/** The matrix of {@link saveMatrix}. @throws VicinalError FORMAT */
export function restoreMatrix(what: string, saved: unknown): Matrix {
  const { rows = -1, cols = 0, base64 } = (saved ?? {}) as Partial<SavedMatrix>;
  let text: string | undefined;
  try {
    text = typeof base64 === "string" ? atob(base64) : undefined;
  } catch {
    // Not base64: refused below.
  }
  const whole = Number.isInteger(rows) && rows >= 0 && Number.isInteger(cols) && cols >= 1;
  if (text === undefined || !whole || text.length !== rows * cols * 4) {
    throw new VicinalError("FORMAT", { what, rule: "base64 of rows × cols float32 numbers" });
  }
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(i * 4, true);
  const bad = data.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new VicinalError("FORMAT", { what, rule: "finite numbers", got: String(data[bad]) });
  return matrix(data, cols, rows);
}
