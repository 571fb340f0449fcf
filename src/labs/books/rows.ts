import { type Matrix, matrix } from "../../core/index.ts";

/** Rows as text for JSON, bit by bit. */
export function packRows({ data }: Matrix<Float32Array>): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}

export function unpackRows(text: string, cols: number): Matrix<Float32Array> {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return matrix(new Float32Array(bytes.buffer), cols);
}
