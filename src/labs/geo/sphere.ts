import { type Matrix, matrix } from "../../core/index.ts";
import { EARTH_RADIUS_M } from "../../metrics/index.ts";

/** Places [latitude, longitude] in degrees as points on the unit sphere. */
export function onSphere(at: Matrix<Float32Array>): Matrix<Float32Array> {
  const data = new Float32Array(at.rows * 3);
  for (let i = 0; i < at.rows; i++) {
    const latitude = (at.data[i * at.stride]! * Math.PI) / 180;
    const longitude = (at.data[i * at.stride + 1]! * Math.PI) / 180;
    data[3 * i] = Math.cos(latitude) * Math.cos(longitude);
    data[3 * i + 1] = Math.cos(latitude) * Math.sin(longitude);
    data[3 * i + 2] = Math.sin(latitude);
  }
  return matrix(data, 3, at.rows);
}

/** Metres along the globe for the straight distance of two points of the unit sphere. */
export function arcOf(chord: number): number {
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, chord / 2));
}

/** The centres of cells of a grid over the globe, row by row from the north-west. */
export interface Grid {
  readonly rows: number;
  readonly cols: number;
  readonly latitudes: readonly [south: number, north: number];
  readonly longitudes: readonly [west: number, east: number];
  readonly at: Matrix<Float32Array>;
}

export function gridOver(
  latitudes: readonly [south: number, north: number],
  longitudes: readonly [west: number, east: number],
  step: number,
): Grid {
  const rows = Math.round((latitudes[1] - latitudes[0]) / step);
  const cols = Math.round((longitudes[1] - longitudes[0]) / step);
  const data = new Float32Array(rows * cols * 2);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      data[2 * (r * cols + c)] = latitudes[1] - (r + 0.5) * step;
      data[2 * (r * cols + c) + 1] = longitudes[0] + (c + 0.5) * step;
    }
  }
  return { rows, cols, latitudes, longitudes, at: matrix(data, 2, rows * cols) };
}
